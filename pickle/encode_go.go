package pickle

import (
	"encoding"
	"reflect"
	"sync"
	"sync/atomic"
)

// This file and its neighbours write Go values that are not of the model: each
// type has a function that writes its values straight to the buffer, made at
// its first use.

// An encodeFunc writes a value.
type encodeFunc func(e *encoder, v reflect.Value) error

var encodeFuncs sync.Map // of encodeFunc by reflect.Type

// The interfaces by which a type says how it is written.
var (
	typeMarshaler     = reflect.TypeFor[Marshaler]()
	typeTextMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	typeError         = reflect.TypeFor[error]()
)

// foreign writes a Go value.
func (e *encoder) foreign(v reflect.Value) error { return encoderOf(v.Type())(e, v) }

// encoderOf returns the function for a type; it is made once.
func encoderOf(t reflect.Type) encodeFunc {
	if f, ok := encodeFuncs.Load(t); ok {
		return f.(encodeFunc)
	}
	return makeFunc(&encodeFuncs, t, newTypeEncoder, func(get func() encodeFunc) encodeFunc {
		return func(e *encoder, v reflect.Value) error { return get()(e, v) }
	})
}

// newTypeEncoder makes the function for a type. Only types whose values may have
// a persistent id pay for the question.
func newTypeEncoder(t reflect.Type) encodeFunc {
	f := newValueEncoder(t)
	if isPersistable(t) {
		return asking(f)
	}
	return f
}

// newValueEncoder looks first at what a type says of itself, then at its kind.
// What a pointer to it says counts where there is one.
func newValueEncoder(t reflect.Type) encodeFunc {
	if f, ok := encodeSpecial[t]; ok {
		return f
	}
	pointer := t.Kind() == reflect.Pointer
	if t.Kind() != reflect.Interface {
		var f encodeFunc
		switch {
		case t.Implements(typeMarshaler):
			f = encodeMarshaler
		case t.Implements(typeError):
			f = encodeError
		case t.Implements(typeTextMarshaler):
			f = encodeText
		case !pointer && reflect.PointerTo(t).Implements(typeMarshaler):
			return addressed(t, encodeMarshaler)
		case !pointer && reflect.PointerTo(t).Implements(typeTextMarshaler):
			return addressed(t, encodeText)
		default:
			return newKindEncoder(t)
		}
		if pointer {
			return once(f)
		}
		return f
	}
	return newKindEncoder(t)
}

// newKindEncoder is for types that say nothing.
func newKindEncoder(t reflect.Type) encodeFunc {
	switch t.Kind() {
	case reflect.Bool:
		return func(e *encoder, v reflect.Value) error { e.bool(v.Bool()); return nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(e *encoder, v reflect.Value) error { e.int(v.Int()); return nil }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(e *encoder, v reflect.Value) error { return e.uint(v.Uint()) }
	case reflect.Float32, reflect.Float64:
		return func(e *encoder, v reflect.Value) error { e.float(v.Float()); return nil }
	case reflect.Complex64, reflect.Complex128:
		return func(e *encoder, v reflect.Value) error { return e.complex(v.Complex()) }
	case reflect.String:
		return func(e *encoder, v reflect.Value) error { return e.text(v.String()) }
	case reflect.Interface:
		return encodeInterface
	case reflect.Pointer:
		return newPointerEncoder(t)
	case reflect.Slice:
		return newSliceEncoder(t)
	case reflect.Array:
		return newArrayEncoder(t)
	case reflect.Map:
		return newMapEncoder(t)
	case reflect.Struct:
		return newStructEncoder(t)
	}
	return func(_ *encoder, v reflect.Value) error { return &UnsupportedTypeError{Type: t} }
}

// encodeInterface writes what is inside: save knows the types of the model.
func encodeInterface(e *encoder, v reflect.Value) error {
	if v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	return e.save(v.Elem().Interface())
}

// encodeModel writes a value of the model.
func encodeModel(e *encoder, v reflect.Value) error { return e.save(v.Interface()) }

// addressed calls f with a pointer to the value, or to a copy of it.
func addressed(t reflect.Type, f encodeFunc) encodeFunc {
	return func(e *encoder, v reflect.Value) error {
		if v.CanAddr() {
			return f(e, v.Addr())
		}
		p := reflect.New(t)
		p.Elem().Set(v)
		return f(e, p)
	}
}

// once writes None for a nil pointer, and what one pointer stands for once.
func once(f encodeFunc) encodeFunc {
	number := typeNumber()
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		id := ident{v.UnsafePointer(), -1, number}
		if e.again(id) {
			return nil
		}
		if err := f(e, v); err != nil {
			return err
		}
		e.made(id)
		return nil
	}
}

var typeNumbers atomic.Uint32

// typeNumber tells identities apart: a struct and its first field have the same
// address.
func typeNumber() uint32 { return typeNumbers.Add(1) }

// encodeMarshaler writes what MarshalPickle returns.
func encodeMarshaler(e *encoder, v reflect.Value) error {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	w, err := v.Interface().(Marshaler).MarshalPickle()
	if err != nil {
		return &MarshalerError{Type: v.Type(), Err: err}
	}
	// It may return itself, for ever.
	if err := e.enter(); err != nil {
		return err
	}
	err = e.save(w)
	e.depth--
	return err
}

// encodeText writes what MarshalText returns, as a str.
func encodeText(e *encoder, v reflect.Value) error {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		e.buf = append(e.buf, opNone)
		return nil
	}
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return &MarshalerError{Type: v.Type(), Err: err}
	}
	return e.text(string(text))
}

// newPointerEncoder writes what the pointer points to. A struct and an array
// get the identity of the pointer; what else has one has it of its own, and
// numbers have none in Python.
func newPointerEncoder(t reflect.Type) encodeFunc {
	elem := t.Elem()
	f := encoderOf(elem)
	number := typeNumber()
	kind := elem.Kind()
	if kind == reflect.Struct && !opaque(elem) {
		s := structEncoderOf(elem)
		return func(e *encoder, v reflect.Value) error {
			if v.IsNil() {
				e.buf = append(e.buf, opNone)
				return nil
			}
			id := ident{v.UnsafePointer(), -1, number}
			if e.again(id) {
				return nil
			}
			return s.encode(e, v.Elem(), &id)
		}
	}
	if kind == reflect.Array {
		return once(func(e *encoder, v reflect.Value) error { return f(e, v.Elem()) })
	}
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		if err := e.enter(); err != nil {
			return err
		}
		err := f(e, v.Elem())
		e.depth--
		return err
	}
}

// newSliceEncoder writes a list. Slices of the same memory and length are one.
// Bytes are bytes.
func newSliceEncoder(t reflect.Type) encodeFunc {
	if t.Elem().Kind() == reflect.Uint8 && !says(t.Elem()) {
		return func(e *encoder, v reflect.Value) error {
			if v.IsNil() {
				e.buf = append(e.buf, opNone)
				return nil
			}
			return e.bytes(v.Bytes())
		}
	}
	f := encoderOf(t.Elem())
	number := typeNumber()
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		n := v.Len()
		if n == 0 {
			e.emptyList()
			return nil
		}
		id := ident{v.UnsafePointer(), n, number}
		if e.again(id) {
			return nil
		}
		if err := e.enter(); err != nil {
			return err
		}
		e.emptyList()
		e.memoize(id)
		err := e.appendsOf(f, v, n)
		e.depth--
		return err
	}
}

// says reports whether a type, or a pointer to it, writes itself.
func says(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(typeMarshaler) || p.Implements(typeTextMarshaler)
}

// appendsOf is appends for the items of a slice.
func (e *encoder) appendsOf(f encodeFunc, v reflect.Value, n int) error {
	b := batches{left: n}
	for i := range n {
		b.before(e)
		if err := f(e, v.Index(i)); err != nil {
			return inItem(err, i)
		}
		b.after(e, opAppend, opAppends)
	}
	return nil
}

// newArrayEncoder writes a tuple, and an array of bytes as bytes.
func newArrayEncoder(t reflect.Type) encodeFunc {
	if t.Elem().Kind() == reflect.Uint8 && !says(t.Elem()) {
		return addressed(t, func(e *encoder, p reflect.Value) error {
			return e.bytes(p.Elem().Bytes())
		})
	}
	f := encoderOf(t.Elem())
	return func(e *encoder, v reflect.Value) error {
		if err := e.enter(); err != nil {
			return err
		}
		n := v.Len()
		mark := e.beginTuple(n)
		for i := range n {
			if err := f(e, v.Index(i)); err != nil {
				return inItem(err, i)
			}
		}
		e.endTuple(n, mark)
		e.depth--
		return nil
	}
}
