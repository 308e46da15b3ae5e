package conex

import (
	"context"

	"github.com/conexgo/conex/internal/wire"
)

// A Func is a function with a name: what every engine can run, because every
// process of the program has it under the same name. It is made by [Register]
// and is safe for concurrent use.
//
// It is the counterpart of what Python calls picklable by qualified name.
type Func[A, R any] struct {
	fn func(context.Context, A) (R, error)
	w  *wire.Func[A, R]
}

// Register gives fn a name under which workers find it. Call it while the
// package initialises:
//
//	var Square = conex.Register("square", square)
//
//	func square(ctx context.Context, x int) (int, error) { return x * x, nil }
//
// A function that submits itself would make this an initialization cycle;
// then declare the variable first and fill it in an init function:
//
//	var Walk *conex.Func[string, int]
//
//	func init() { Walk = conex.Register("walk", walk) }
//
// Arguments and results travel as copies. Any type made of numbers, strings,
// slices, maps, pointers and structs with exported fields can travel, as can
// types with MarshalBinary and UnmarshalBinary. A type that cannot is no error
// here, since goroutines need no copies: Submit to a process pool reports it,
// naming the type and the field.
//
// Register panics if name is empty or taken, or if fn is nil: those are
// mistakes in the program, not in its input.
func Register[A, R any](name string, fn func(context.Context, A) (R, error), opts ...FuncOption) *Func[A, R] {
	if fn == nil {
		panic("conex: Register(" + name + ") with a nil function")
	}
	var cfg funcConfig
	for _, o := range opts {
		o(&cfg)
	}
	w := wire.New(name, fn, cfg.codec)
	wire.Add(&w.Entry)
	return &Func[A, R]{fn, w}
}

// A FuncOption changes how a function is registered.
type FuncOption func(*funcConfig)

type funcConfig struct{ codec wire.Custom }

// WithCodec makes the function's arguments and results travel in c's format
// instead of the default one.
func WithCodec(c Codec) FuncOption {
	return func(cfg *funcConfig) { cfg.codec = c }
}

// Name returns the name given to Register.
func (f *Func[A, R]) Name() string { return f.w.Name }

// Call runs the function here, on the caller's goroutine. It recovers nothing.
func (f *Func[A, R]) Call(ctx context.Context, arg A) (R, error) { return f.fn(ctx, arg) }

// Wire returns the function's wire form. Only the engines of this module can
// use it.
func (f *Func[A, R]) Wire() *wire.Func[A, R] { return f.w }

// Bind fixes the argument of a call that something else will make, for
// example a worker when it starts. The argument is encoded when it is needed,
// so it must not change until then.
func (f *Func[A, R]) Bind(arg A) Bound {
	return Bound{w: &boundFunc[A, R]{f, arg}}
}
