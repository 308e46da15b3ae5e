package pickle

import (
	"encoding"
	"reflect"
	"sync"
	"unsafe"
)

// This file and its neighbours store values of the model in Go's variables, the
// second half of Unmarshal: as for writing, each type has a function that is made
// at its first use.

// assign stores a value of the model into a variable of another Go type. Only
// if all of it fits: otherwise the variable is as it was.
func assign(a assigner, value any, dst reflect.Value) error {
	f := assignerOf(dst.Type())
	if k := dst.Kind(); k != reflect.Struct && k != reflect.Array {
		return f(&a, value, dst)
	}
	if dst.IsZero() { // as it mostly is
		err := f(&a, value, dst)
		if err != nil {
			dst.SetZero()
		}
		return err
	}
	// Fields that Python does not mention keep their values.
	whole := reflect.New(dst.Type()).Elem()
	whole.Set(dst)
	if err := f(&a, value, whole); err != nil {
		return err
	}
	dst.Set(whole)
	return nil
}

// An assigner is what one assign keeps in mind.
type assigner struct {
	cfg        *Config
	shared     bool // parts may be referred to twice; else they are taken not to be
	persistent bool // parts may be what PersistentLoad returned
	depth      int
	done       map[donekey]reflect.Value // what containers became, if shared
}

// A donekey says that a container has become a value of a type.
type donekey struct {
	at place
	t  reflect.Type
}

// An assignFunc stores value into dst.
type assignFunc func(a *assigner, value any, dst reflect.Value) error

var assignFuncs sync.Map // of assignFunc by reflect.Type

// The interfaces by which a type says how it is read.
var (
	typeUnmarshaler     = reflect.TypeFor[Unmarshaler]()
	typeTextUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	typeAny             = reflect.TypeFor[any]()
)

// assignerOf returns the function for a type; it is made once.
func assignerOf(t reflect.Type) assignFunc {
	if f, ok := assignFuncs.Load(t); ok {
		return f.(assignFunc)
	}
	return makeFunc(&assignFuncs, t, newAssigner, func(get func() assignFunc) assignFunc {
		return func(a *assigner, v any, dst reflect.Value) error { return get()(a, v, dst) }
	})
}

// newAssigner looks first at what a type says of itself, then at its kind.
func newAssigner(t reflect.Type) assignFunc {
	if f, ok := assignSpecial[t]; ok {
		return f
	}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		p := reflect.PointerTo(t)
		if p.Implements(typeUnmarshaler) {
			return assignUnmarshaler
		}
		if p.Implements(typeTextUnmarshaler) && t.Kind() != reflect.String {
			return textAssigner(newKindAssigner(t))
		}
	}
	return newKindAssigner(t)
}

// newKindAssigner is for types that say nothing.
func newKindAssigner(t reflect.Type) assignFunc {
	switch t.Kind() {
	case reflect.Bool:
		return assignBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return assignInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return assignUint
	case reflect.Float32, reflect.Float64:
		return assignFloat
	case reflect.Complex64, reflect.Complex128:
		return assignComplex
	case reflect.String:
		return assignString
	case reflect.Interface:
		return assignInterface
	case reflect.Pointer:
		return newPointerAssigner(t)
	case reflect.Slice:
		return newSliceAssigner(t)
	case reflect.Array:
		return newArrayAssigner(t)
	case reflect.Map:
		return newMapAssigner(t)
	case reflect.Struct:
		return newStructAssigner(t)
	}
	return func(_ *assigner, v any, dst reflect.Value) error {
		return &UnmarshalTypeError{Value: TypeName(v), Type: dst.Type(), Msg: "no value of Python does"}
	}
}

// enter bounds the depth; leave must follow.
func (a *assigner) enter() error {
	if a.depth++; a.depth > a.cfg.maxDepth() {
		return &LimitError{Limit: "MaxDepth", Max: int64(a.cfg.maxDepth())}
	}
	return nil
}

// leave goes back up.
func (a *assigner) leave() { a.depth-- }

// again looks for what a container has become already, in this type.
func (a *assigner) again(v any, dst reflect.Value) bool {
	if !a.shared {
		return false
	}
	at, ok := placeOf(v)
	if !ok {
		return false
	}
	was, ok := a.done[donekey{at, dst.Type()}]
	if ok {
		dst.Set(was)
	}
	return ok
}

// becomes remembers what a container becomes, before it is filled.
func (a *assigner) becomes(v any, dst reflect.Value) {
	if !a.shared {
		return
	}
	at, ok := placeOf(v)
	if !ok {
		return
	}
	if a.done == nil {
		a.done = make(map[donekey]reflect.Value)
	}
	a.done[donekey{at, dst.Type()}] = dst
}

// placeOf returns the identity of a value that can be referred to twice.
func placeOf(v any) (place, bool) {
	switch v := v.(type) {
	case Tuple:
		return place{unsafe.Pointer(unsafe.SliceData(v)), len(v)}, len(v) > 0
	case *List:
		return place{unsafe.Pointer(v), -1}, true
	case *Dict:
		return place{unsafe.Pointer(v), -1}, true
	case *Set:
		return place{unsafe.Pointer(v), -1}, true
	case *FrozenSet:
		return place{unsafe.Pointer(v), -1}, true
	case *ByteArray:
		return place{unsafe.Pointer(v), -1}, true
	case *Object:
		return place{unsafe.Pointer(v), -1}, true
	}
	return place{}, false
}

// assignUnmarshaler asks the type itself.
func assignUnmarshaler(a *assigner, v any, dst reflect.Value) error {
	u := dst.Addr().Interface().(Unmarshaler)
	if err := u.UnmarshalPickle(v); err != nil {
		return &UnmarshalTypeError{Value: TypeName(v), Type: dst.Type(), Err: err}
	}
	return nil
}

// textAssigner gives strings to UnmarshalText, and all else to f.
func textAssigner(f assignFunc) assignFunc {
	return func(a *assigner, v any, dst reflect.Value) error {
		s, ok := v.(string)
		if !ok {
			return f(a, v, dst)
		}
		u := dst.Addr().Interface().(encoding.TextUnmarshaler)
		if err := u.UnmarshalText([]byte(s)); err != nil {
			return &UnmarshalTypeError{Value: "str " + ReprMax(s, 60), Type: dst.Type(), Err: err}
		}
		return nil
	}
}
