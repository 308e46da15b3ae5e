package codec

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"
	"unsafe"
)

// ErrorFuncs are how values of the interface type error travel.
type ErrorFuncs struct {
	Append func(e *Encoder, err error) error          // err is not nil
	Read   func(d *Decoder) (err error, failed error) // the error that was sent, and why it could not be read
}

// Errors is set once, by package conex, before anything is encoded. Until then an error that is not nil cannot be
// encoded.
var Errors ErrorFuncs

var (
	errorType    = reflect.TypeFor[error]()
	errNoErrors  = errors.New("errors cannot be sent: package conex, which knows how, is not part of this program")
	errInterface = fmt.Errorf("%w: bad interface value", ErrCorrupt)
)

// Tags before a value in an interface. The built-in types follow, in the order of the table: the same in every
// process that runs this binary, whatever it registered.
const (
	tagNil   = iota
	tagNamed // then the registered name
	tagFirst
)

// concrete is a type that may be in an interface.
type concrete struct {
	typ  reflect.Type
	name string
	tag  uint64
	plan func() (*Plan, error) // compiled when it is first needed: handles may be registered later than the type
}

func newConcrete(name string, t reflect.Type, tag uint64) *concrete {
	return &concrete{t, name, tag, sync.OnceValues(func() (*Plan, error) { return For(t) })}
}

// The types with a tag of their own; the first few also have a short cut in Any.
const (
	tagString = tagFirst + iota
	tagInt
	tagFloat64
	tagBool
	tagInt64
)

var builtins []*concrete // filled by init, since the table and the functions that use it need each other

func builtinTypes() []*concrete {
	types := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[int64](),
		reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](),
		reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](),
		reflect.TypeFor[float32](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](),
		reflect.TypeFor[[]byte](), reflect.TypeFor[[]string](), reflect.TypeFor[[]int](), reflect.TypeFor[[]int64](),
		reflect.TypeFor[[]float64](), reflect.TypeFor[[]bool](), reflect.TypeFor[[]any](),
		reflect.TypeFor[map[string]any](), reflect.TypeFor[map[string]string](), reflect.TypeFor[map[string]int](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](),
	}
	all := make([]*concrete, len(types))
	for i, t := range types {
		all[i] = newConcrete(t.String(), t, uint64(tagFirst+i))
	}
	return all
}

// registry finds concrete types both ways. Lookups are many, registrations few and early.
var registry = struct {
	mu     sync.RWMutex
	byType map[reflect.Type]*concrete
	byName map[string]*concrete
}{byType: map[reflect.Type]*concrete{}, byName: map[string]*concrete{}}

func init() {
	builtins = builtinTypes()
	for _, c := range builtins {
		registry.byType[c.typ], registry.byName[c.name] = c, c
	}
}

// RegisterType allows values of a concrete type inside interface values; name stands for it in the bytes. All basic
// types, their common slices and maps, time.Time and time.Duration are built in. Registering the same pair again does
// nothing; a name for a second type, or a second name for a type, panics, as do an empty name and an interface type.
func RegisterType(name string, t reflect.Type) {
	switch {
	case name == "":
		panic("conex: RegisterType without a name")
	case t == nil || t.Kind() == reflect.Interface:
		panic(fmt.Sprintf("conex: RegisterType %q: only concrete types can be registered, not %v", name, t))
	}
	registry.mu.Lock()
	defer registry.mu.Unlock()
	byName, byType := registry.byName[name], registry.byType[t]
	switch {
	case byName != nil && byName == byType:
		return
	case byName != nil:
		panic(fmt.Sprintf("conex: RegisterType %q: the name stands for %v already and cannot stand for %v", name, byName.typ, t))
	case byType != nil:
		panic(fmt.Sprintf("conex: RegisterType %q: %v is registered as %q already", name, t, byType.name))
	}
	c := newConcrete(name, t, tagNamed)
	registry.byName[name], registry.byType[t] = c, c
}

// Registered reports whether values of type t may be inside interface values.
func Registered(t reflect.Type) bool { return concreteOf(t) != nil }

func concreteOf(t reflect.Type) *concrete {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	return registry.byType[t]
}

// Any appends an interface value: which type it holds, and the value.
func (e *Encoder) Any(x any) error {
	switch x := x.(type) {
	case nil:
		e.Buf = append(e.Buf, tagNil)
		return nil
	case string:
		e.Buf = append(e.Buf, tagString)
		e.AppendString(x)
		return nil
	case int:
		e.Buf = append(e.Buf, tagInt)
		return intForm.put(e, x)
	case float64:
		e.Buf = append(e.Buf, tagFloat64)
		return floatForm.put(e, x)
	case bool:
		e.Buf = append(e.Buf, tagBool)
		return putBool(e, x)
	case int64:
		e.Buf = append(e.Buf, tagInt64)
		return int64Form.put(e, x)
	}
	t := reflect.TypeOf(x)
	c := concreteOf(t)
	if c == nil {
		return fmt.Errorf("type %v is inside an interface and not registered: call conex.RegisterType[%v](name)", t, t)
	}
	p, err := c.plan()
	if err != nil {
		return err
	}
	// An interface can hold itself by way of a slice or map, whatever the static types are.
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	e.Uvarint(c.tag)
	if c.tag == tagNamed {
		e.AppendString(c.name)
	}
	// The value needs an address.
	v := reflect.New(t)
	v.Elem().Set(reflect.ValueOf(x))
	return p.node.enc(e, v.UnsafePointer())
}

// Any reads what Encoder.Any wrote.
func (d *Decoder) Any() (any, error) {
	tag, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	var c *concrete
	switch {
	case tag == tagNil:
		return nil, nil
	case tag == tagString:
		return box(d.ReadString())
	case tag == tagInt:
		return box(intForm.get(d))
	case tag == tagFloat64:
		return box(floatForm.get(d))
	case tag == tagBool:
		return box(d.present())
	case tag == tagInt64:
		return box(int64Form.get(d))
	case tag == tagNamed:
		name, err := d.Bytes()
		if err != nil {
			return nil, err
		}
		registry.mu.RLock()
		c = registry.byName[string(name)]
		registry.mu.RUnlock()
		if c == nil {
			return nil, fmt.Errorf("no type is registered as %q in this process", name)
		}
	case tag-tagFirst < uint64(len(builtins)):
		c = builtins[tag-tagFirst]
	default:
		return nil, errInterface
	}
	p, err := c.plan()
	if err != nil {
		return nil, err
	}
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	v := reflect.New(c.typ)
	if err := p.node.dec(d, v.UnsafePointer()); err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}

// box keeps a failed read from becoming a zero value in an interface.
func box[T any](x T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (n *node) buildInterface() {
	t := n.typ
	n.min = 1
	switch {
	case t == errorType:
		n.enc, n.dec = encError, decError
	case t.NumMethod() == 0:
		n.enc = func(e *Encoder, p unsafe.Pointer) error { return e.Any(*(*any)(p)) }
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			x, err := d.Any()
			*(*any)(p) = x
			return err
		}
	default:
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			v := reflect.NewAt(t, p).Elem()
			if v.IsNil() {
				return e.Any(nil)
			}
			return e.Any(v.Elem().Interface())
		}
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			x, err := d.Any()
			if err != nil {
				return err
			}
			v := reflect.NewAt(t, p).Elem()
			if x == nil {
				v.SetZero()
				return nil
			}
			xv := reflect.ValueOf(x)
			if !xv.Type().Implements(t) {
				return fmt.Errorf("%w: %v does not implement %v", ErrCorrupt, xv.Type(), t)
			}
			v.Set(xv)
			return nil
		}
	}
}

func encError(e *Encoder, p unsafe.Pointer) error {
	err := *(*error)(p)
	if err == nil {
		e.Buf = append(e.Buf, 0)
		return nil
	}
	if Errors.Append == nil {
		return errNoErrors
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	e.Buf = append(e.Buf, 1)
	return Errors.Append(e, err)
}

func decError(d *Decoder, p unsafe.Pointer) error {
	ok, err := d.present()
	if err != nil {
		return err
	}
	if !ok {
		*(*error)(p) = nil
		return nil
	}
	if Errors.Read == nil {
		return errNoErrors
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	x, err := Errors.Read(d)
	*(*error)(p) = x
	return err
}
