package python

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/pickle"
)

// A structArgs is an argument list that is written as a struct: what its tags say.
type structArgs struct {
	mode       byte
	pointer    bool // it is for pointers to the struct
	positional []argField
	keywords   []argField
	simple     bool // every field has a put
}

// An argField is a field that is sent.
type argField struct {
	name      string // of the keyword
	goName    string
	index     int
	offset    uintptr
	omitEmpty bool
	key       []byte // opcodes of the name
	put       putFunc
	empty     func(p unsafe.Pointer) bool // with put
}

// argTag is the tag that makes a struct an argument list.
const argTag = "python"

// isArgs reports whether t is a struct with tags, or a pointer to one.
func isArgs(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if _, ok := t.Field(i).Tag.Lookup(argTag); ok {
			return true
		}
	}
	return false
}

// structArgsOf reads the tags. A field that says nothing is a mistake: it would be
// an argument that silently is none.
func structArgsOf(t reflect.Type) (*structArgs, error) {
	p := &structArgs{simple: true}
	if t.Kind() == reflect.Pointer {
		t, p.pointer = t.Elem(), true
	}
	seen, lists := make(map[string]string), 0
	for i := range t.NumField() {
		sf := t.Field(i)
		f, positional, sent, err := argFieldOf(t, sf)
		if err != nil {
			return nil, err
		}
		if !sent {
			continue
		}
		f.index = i
		if f.put == nil {
			p.simple = false
		} else if sf.Type.Kind() == reflect.Slice {
			lists++
		}
		if positional {
			p.positional = append(p.positional, f)
			continue
		}
		if other, twice := seen[f.name]; twice {
			return nil, fmt.Errorf("%v.%s and %s are both for the keyword %q", t, other, f.goName, f.name)
		}
		seen[f.name] = f.goName
		p.keywords = append(p.keywords, f)
	}
	if lists > 1 {
		p.simple = false // two fields may share a list, which is one list in Python, too
	}
	p.mode = modeArgsDict
	if len(p.keywords) == 0 {
		p.mode = modeArgs
	}
	return p, nil
}

// argFieldOf reads one tag.
func argFieldOf(t reflect.Type, sf reflect.StructField) (f argField, positional, sent bool, err error) {
	fail := func(format string, args ...any) (argField, bool, bool, error) {
		return f, false, false, fmt.Errorf("%v.%s "+format, append([]any{t, sf.Name}, args...)...)
	}
	tag, tagged := sf.Tag.Lookup(argTag)
	switch {
	case tag == "-":
		return f, false, false, nil
	case !tagged && !sf.IsExported() && !sf.Anonymous:
		return f, false, false, nil
	case !tagged:
		return fail("has no tag `python:\"name\"`, but other fields of the struct have: give it one, or \"-\" if it is not sent")
	case !sf.IsExported():
		return fail("has a tag but is not exported")
	}
	name, options, _ := strings.Cut(tag, ",")
	f = argField{name: name, goName: sf.Name, offset: sf.Offset}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "omitempty":
			f.omitEmpty = true
		case "positional":
			positional = true
		default:
			return fail("has the tag %q: there is no option %q, only omitempty and positional", tag, option)
		}
	}
	switch {
	case positional && name != "":
		return fail("has the tag %q: a positional argument has no name", tag)
	case positional && f.omitEmpty:
		return fail("has the tag %q: a positional argument cannot be left out", tag)
	case !positional && name == "":
		return fail("has the tag %q: it says no name", tag)
	}
	f.key, _ = putString(nil, name)
	if f.key == nil {
		return fail("has the tag %q: a name must be UTF-8", tag)
	}
	f.put, f.empty = puts[sf.Type], empties[sf.Type.Kind()]
	return f, positional, true, nil
}

// at returns where the struct is; nil for a nil pointer.
func (p *structArgs) at(a unsafe.Pointer) unsafe.Pointer {
	if p.pointer {
		return *(*unsafe.Pointer)(a)
	}
	return a
}

// put writes a struct of simple fields without a detour. It returns false if it
// is none.
func (p *structArgs) put(b []byte, s unsafe.Pointer) ([]byte, bool) {
	if !p.simple || s == nil {
		return b, false
	}
	ok := true
	if len(p.positional) == 0 {
		b = append(b, opEmptyTuple)
	} else {
		b = append(b, opMark)
		for i := range p.positional {
			f := &p.positional[i]
			if b, ok = f.put(b, unsafe.Add(s, f.offset)); !ok {
				return b, false
			}
		}
		b = append(b, opTuple)
	}
	if p.mode == modeArgs {
		return append(b, opStop), true
	}
	b = append(b, opEmptyDict, opMark)
	for i := range p.keywords {
		f := &p.keywords[i]
		at := unsafe.Add(s, f.offset)
		if f.omitEmpty && f.empty(at) {
			continue
		}
		b = append(b, f.key...)
		if b, ok = f.put(b, at); !ok {
			return b, false
		}
	}
	return append(b, opSetItems, opTuple2, opStop), true
}

// marshal writes any struct. What two fields point to is one thing in Python, too.
func (p *structArgs) marshal(e *codec.Encoder, v reflect.Value) error {
	if p.pointer {
		if v.IsNil() {
			return fmt.Errorf("a nil %v: it should point to the arguments", v.Type())
		}
		v = v.Elem()
	}
	positional := make(pickle.Tuple, len(p.positional))
	for i, f := range p.positional {
		positional[i] = v.Field(f.index).Interface()
	}
	if p.mode == modeArgs {
		return p.name(marshal(e, positional), v)
	}
	kwargs := new(pickle.Dict)
	for _, f := range p.keywords {
		if fv := v.Field(f.index); !f.omitEmpty || !isEmpty(fv) {
			if err := kwargs.Set(f.name, fv.Interface()); err != nil {
				return err
			}
		}
	}
	return p.name(inCall(marshal(e, pickle.Tuple{positional, kwargs})), v)
}

// name says in which struct a value was that cannot be sent; the path of the
// error has the place in the argument list.
func (p *structArgs) name(err error, v reflect.Value) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%v: %w", v.Type(), err)
}

// isEmpty is what encoding/json means by omitempty, and a zero time.Time too.
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
