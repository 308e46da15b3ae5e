package codec

import (
	"encoding"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// gobEncoder and gobDecoder are encoding/gob's interfaces, without its weight in every worker.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

var (
	binaryAppender    = reflect.TypeFor[encoding.BinaryAppender]()
	binaryMarshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	gobEncoderType    = reflect.TypeFor[gobEncoder]()
	gobDecoderType    = reflect.TypeFor[gobDecoder]()
	textAppender      = reflect.TypeFor[encoding.TextAppender]()
	textMarshaler     = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler   = reflect.TypeFor[encoding.TextUnmarshaler]()
)

var errShrunk = errors.New("AppendBinary or AppendText returned less than it was given")

// method is one method a type may bring along. The name is a constant where it is looked up: the linker then keeps the
// methods of that name only, not all there are.
type method struct {
	iface  reflect.Type
	lookUp func(reflect.Type) (reflect.Method, bool)
}

var (
	appendBinary    = method{binaryAppender, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("AppendBinary") }}
	marshalBinary   = method{binaryMarshaler, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("MarshalBinary") }}
	unmarshalBinary = method{binaryUnmarshaler, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("UnmarshalBinary") }}
	gobEncode       = method{gobEncoderType, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("GobEncode") }}
	gobDecode       = method{gobDecoderType, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("GobDecode") }}
	appendText      = method{textAppender, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("AppendText") }}
	marshalText     = method{textMarshaler, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("MarshalText") }}
	unmarshalText   = method{textUnmarshaler, func(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("UnmarshalText") }}
)

// of reports whether values of t have the method as their own. Values are addressable here, so methods of the pointer
// count; methods of an embedded field do not, unless that field is all there is.
func (m method) of(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(m.iface) && !m.promoted(t)
}

// buildMethods uses the type's own methods, if it has a pair of them.
func (n *node) buildMethods() bool {
	t := n.typ
	switch {
	case unmarshalBinary.of(t) && appendBinary.of(t):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			return e.appended(reflect.NewAt(t, p).Interface().(encoding.BinaryAppender).AppendBinary)
		}
	case unmarshalBinary.of(t) && marshalBinary.of(t):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			return e.marshaled(reflect.NewAt(t, p).Interface().(encoding.BinaryMarshaler).MarshalBinary())
		}
	case gobDecode.of(t) && gobEncode.of(t):
		n.min = 1
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			return e.marshaled(reflect.NewAt(t, p).Interface().(gobEncoder).GobEncode())
		}
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			return d.unmarshal(reflect.NewAt(t, p).Interface().(gobDecoder).GobDecode)
		}
		return true
	default:
		return false
	}
	n.min = 1
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		return d.unmarshal(reflect.NewAt(t, p).Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary)
	}
	return true
}

// textNode is the last resort for a type that cannot be encoded by its parts; nil when it has no text form. Text comes
// last because it is often for people and leaves things out.
func textNode(t reflect.Type) *node {
	n := &node{typ: t, min: 1}
	switch {
	case unmarshalText.of(t) && appendText.of(t):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			return e.appended(reflect.NewAt(t, p).Interface().(encoding.TextAppender).AppendText)
		}
	case unmarshalText.of(t) && marshalText.of(t):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			return e.marshaled(reflect.NewAt(t, p).Interface().(encoding.TextMarshaler).MarshalText())
		}
	default:
		return nil
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		return d.unmarshal(reflect.NewAt(t, p).Interface().(encoding.TextUnmarshaler).UnmarshalText)
	}
	return n
}

// promoted reports whether a struct has a method only because it embeds a type that has it. Using it would lose all
// the other fields without a word, as it does in encoding/gob and encoding/json.
func (m method) promoted(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	embeds, others := false, false
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous && (sf.Type.Implements(m.iface) || reflect.PointerTo(sf.Type).Implements(m.iface)) {
			embeds = true
		} else if sf.Name != "_" && sf.Tag.Get(tagKey) != "-" {
			others = true
		}
	}
	return embeds && others && !m.declaredBy(t) && !m.declaredBy(reflect.PointerTo(t))
}

// declaredBy reports whether the method found on t was written for t. Promoted methods, and those a pointer has from its
// element, are wrappers made by the compiler: in no source file, or with the code of another type inlined.
func (m method) declaredBy(t reflect.Type) bool {
	found, ok := m.lookUp(t)
	if !ok {
		return false
	}
	f := runtime.FuncForPC(found.Func.Pointer())
	if f == nil {
		return false
	}
	file, _ := f.FileLine(f.Entry())
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return file != "<autogenerated>" && (strings.Contains(f.Name(), "."+name) || strings.Contains(f.Name(), "(*"+name))
}

// appended lets a method append to the buffer, and puts the length before it.
func (e *Encoder) appended(f func([]byte) ([]byte, error)) error {
	start := len(e.Buf)
	b, err := f(append(e.Buf, 0))
	if err != nil {
		return err
	}
	if len(b) <= start {
		return errShrunk
	}
	e.Buf = b
	e.prefix(start)
	return nil
}

func (e *Encoder) marshaled(b []byte, err error) error {
	if err != nil {
		return err
	}
	e.Uvarint(uint64(len(b)))
	e.Buf = append(e.Buf, b...)
	return nil
}

func (d *Decoder) unmarshal(f func([]byte) error) error {
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	return f(b)
}
