package python

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/pickle"
)

// Args are the positional arguments of a call, for functions that take several:
//
//	python.Func[python.Args, string]("textwrap:fill")  // called with python.Args{text, 40}
//
// nil is no argument at all.
type Args []any

// A Call is positional and keyword arguments, where which ones is only known at
// run time; otherwise a struct with tags says it better. The zero value is no
// argument at all.
type Call struct {
	Args   []any
	Kwargs map[string]any
}

// itemHead is the length before the pickle of an argument: each item tells its
// own end.
const itemHead = 4

// argsPlan is how values of a type become arguments: made once for each function.
type argsPlan[A any] struct {
	mode   byte
	append func(e *codec.Encoder, a *A) error
	hint   func(a *A) int
	err    error
}

// argsOf decides it, by the type alone.
func argsOf[A any](kind byte) argsPlan[A] {
	t := reflect.TypeFor[A]()
	p := argsPlan[A]{mode: modeOne}
	switch {
	case t == reflect.TypeFor[struct{}]():
		p.mode = modeNone
		p.append = item(func(b []byte, _ *A) ([]byte, bool) { return append(b, opNone, opStop), true }, nil)
	case t == reflect.TypeFor[Args]():
		p.mode = modeArgs
		p.append = item(
			func(b []byte, a *A) ([]byte, bool) { return putArgs(b, *any(a).(*Args)) },
			func(e *codec.Encoder, a *A) error { return marshal(e, pickle.Tuple(*any(a).(*Args))) })
	case t == reflect.TypeFor[Call]():
		p.mode = modeArgsDict
		p.append = item(nil, func(e *codec.Encoder, a *A) error {
			c := any(a).(*Call)
			kwargs := c.Kwargs
			if kwargs == nil {
				kwargs = map[string]any{}
			}
			return inCall(marshal(e, pickle.Tuple{pickle.Tuple(c.Args), kwargs}))
		})
	case isArgs(t):
		plan, err := structArgsOf(t)
		if err != nil {
			p.err = err
			return p
		}
		p.mode = plan.mode
		p.append = item(
			func(b []byte, a *A) ([]byte, bool) { return plan.put(b, plan.at(unsafe.Pointer(a))) },
			func(e *codec.Encoder, a *A) error { return plan.marshal(e, reflect.ValueOf(a).Elem()) })
	default:
		put := puts[t]
		var fast func(b []byte, a *A) ([]byte, bool)
		if put != nil {
			fast = func(b []byte, a *A) ([]byte, bool) {
				b, ok := put(b, unsafe.Pointer(a))
				return append(b, opStop), ok
			}
		}
		p.append = item(fast, marshalOne[A](t))
		p.hint = hintOf[A](t)
	}
	return p
}

// inCall makes of the place in a pair of arguments the place in a call.
func inCall(err error) error {
	var path *string
	switch err := err.(type) {
	case *pickle.UnsupportedTypeError:
		path = &err.Path
	case *pickle.UnsupportedValueError:
		path = &err.Path
	default:
		return err
	}
	if rest, ok := strings.CutPrefix(*path, "[0]"); ok {
		*path = "args" + rest
	} else {
		*path = strings.TrimPrefix(*path, "[1]")
	}
	return err
}

// marshalOne writes a value as it is. By its pointer, it need not be copied to
// the heap; what an interface holds has no pointer to it.
func marshalOne[A any](t reflect.Type) func(e *codec.Encoder, a *A) error {
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Chan, reflect.Func:
		return func(e *codec.Encoder, a *A) error { return marshal(e, *a) }
	}
	return func(e *codec.Encoder, a *A) error { return marshal(e, a) }
}

// item puts the length before what one of two functions writes: fast, which
// returns false for values that are not as simple as their type, and exact, which
// may be nil if there are none.
func item[A any](fast func(b []byte, a *A) ([]byte, bool), exact func(e *codec.Encoder, a *A) error) func(*codec.Encoder, *A) error {
	return func(e *codec.Encoder, a *A) error {
		start := len(e.Buf)
		e.Buf = append(e.Buf, 0, 0, 0, 0)
		if fast != nil {
			if b, ok := fast(e.Buf, a); ok {
				e.Buf = b
				return endItem(e, start)
			}
		}
		if err := exact(e, a); err != nil {
			e.Buf = e.Buf[:start]
			return err
		}
		return endItem(e, start)
	}
}

// endItem writes the length.
func endItem(e *codec.Encoder, start int) error {
	n := len(e.Buf) - start - itemHead
	if uint64(n) > math.MaxUint32 {
		e.Buf = e.Buf[:start]
		return fmt.Errorf("a pickle of %d bytes: at most 4 GiB can be sent: use an Array", n)
	}
	binary.LittleEndian.PutUint32(e.Buf[start:], uint32(n))
	return nil
}

// hintOf guesses the size of what can be large.
func hintOf[A any](t reflect.Type) func(a *A) int {
	switch t {
	case reflect.TypeFor[string]():
		return func(a *A) int { return len(*any(a).(*string)) + 16 }
	case reflect.TypeFor[[]byte]():
		return func(a *A) int { return len(*any(a).(*[]byte)) + 16 }
	case reflect.TypeFor[[]float64]():
		return func(a *A) int { return 9*len(*any(a).(*[]float64)) + 16 }
	}
	return nil
}
