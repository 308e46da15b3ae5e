package pickle

import (
	"errors"
	"reflect"
	"sync"
)

// newStructEncoder is for structs that are not behind a pointer: they have no
// identity, so the memo does not need to know them.
func newStructEncoder(t reflect.Type) encodeFunc {
	s := structEncoderOf(t)
	return func(e *encoder, v reflect.Value) error { return s.encode(e, v, nil) }
}

// A structEncoder writes structs of one type.
type structEncoder struct {
	t     reflect.Type
	info  *structInfo
	ready sync.Once
	fs    []encodeFunc
}

var structEncoders sync.Map // of *structEncoder by reflect.Type

// structEncoderOf returns the encoder of a type, which may be a part of itself:
// its fields are looked at when the first value comes.
func structEncoderOf(t reflect.Type) *structEncoder {
	if s, ok := structEncoders.Load(t); ok {
		return s.(*structEncoder)
	}
	s, _ := structEncoders.LoadOrStore(t, &structEncoder{t: t, info: infoOf(t)})
	return s.(*structEncoder)
}

// prepare looks up the functions of the fields.
func (s *structEncoder) prepare() {
	s.fs = make([]encodeFunc, len(s.info.fields))
	for i, f := range s.info.fields {
		s.fs[i] = encoderOf(f.typ)
	}
}

// encode writes a struct: a dict, or an instance if the type is registered. id
// is its identity, nil for one that is part of something else.
func (s *structEncoder) encode(e *encoder, v reflect.Value, id *ident) error {
	s.ready.Do(s.prepare)
	if err := e.enter(); err != nil {
		return err
	}
	g, registered := e.cfg.Classes.globalOf(s.t)
	if registered {
		if err := e.make(&Object{Make: NewObj, Class: g, Args: Tuple{}}); err != nil {
			return err
		}
		if id != nil {
			e.memoize(*id)
			id = nil
		}
	}
	e.emptyDict()
	if id != nil { // the dict is the value; an instance has its number already
		e.memoize(*id)
	}
	if err := s.fields(e, v); err != nil {
		return err
	}
	if registered {
		e.buf = append(e.buf, opBuild)
	}
	e.depth--
	return nil
}

// fields writes the pairs of the dict, names as bytes that were made beforehand.
func (s *structEncoder) fields(e *encoder, v reflect.Value) error {
	mark := len(e.buf)
	if e.proto > 0 {
		e.buf = append(e.buf, opMark)
	}
	// One batch, however many fields: there are hardly a thousand. How many are
	// not empty turns out on the way, so the mark is taken back if there are none.
	n := 0
	for i := range s.info.fields {
		f := &s.info.fields[i]
		fv, ok := fieldAt(v, f)
		if !ok || f.omitEmpty && isEmpty(fv) {
			continue
		}
		if f.opcodes != nil && e.proto >= 4 {
			e.buf = append(e.buf, f.opcodes...)
		} else if err := e.text(f.name); err != nil {
			return err
		}
		if err := s.fs[i](e, fv); err != nil {
			return in(err, "."+f.goName)
		}
		n++
		if e.proto == 0 {
			e.buf = append(e.buf, opSetItem)
		}
	}
	switch {
	case e.proto == 0:
	case n == 0:
		e.buf = e.buf[:mark]
	default:
		e.buf = append(e.buf, opSetItems)
	}
	return nil
}

// isEmpty is what encoding/json means by omitempty, and a zero time too.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		z, ok := v.Interface().(interface{ IsZero() bool })
		return ok && z.IsZero()
	}
	return v.IsZero()
}

// encodeError writes an exception. An Exception in the error's chain gives the
// class, and a class that is registered for one of its errors before that;
// otherwise it is RuntimeError. The text is that of the whole error.
func encodeError(e *encoder, v reflect.Value) error {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Map) && v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	err := v.Interface().(error)
	class, ok := e.cfg.Classes.errorClass(err)
	if !ok {
		class = Global{"builtins", "RuntimeError"}
		if x, is := errors.AsType[*Exception](err); is {
			class = x.Class
		}
	}
	return e.save(&Exception{Class: class, Args: Tuple{err.Error()}})
}

// A MarshalerError is an error of a MarshalPickle or a MarshalText.
type MarshalerError struct {
	Type reflect.Type
	Err  error
}

func (e *MarshalerError) Error() string {
	return "pickle: a " + typeString(e.Type) + " cannot be pickled: " + e.Err.Error()
}

func (e *MarshalerError) Unwrap() error { return e.Err }
