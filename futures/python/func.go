package python

import (
	"context"

	"github.com/conexgo/conex/internal/wire"
)

// A Func is a function of Python by its name, "package.module:function". It is
// a [futures.Callable] that only a [Pool] of this package and an [Object] run.
//
//	var sqrt = python.Func[float64, float64]("math:sqrt")
//
//	y, err := futures.Submit(ctx, pool, sqrt, 2).Result(ctx)
//
// What is before the colon is imported, once in each worker, when it is needed
// first or by [Config].Preload. What is behind it may be anything that can be
// called: a function, a class ("decimal:Decimal"), a method of a class
// ("textwrap:TextWrapper.wrap"), a builtin ("builtins:len"). An async def is
// awaited.
//
// How an A becomes arguments, and a result an R, is said in the documentation of
// the package. A name that is not there, or not a name, fails the call, with
// an error matching [ErrNotFound].
//
// A Func is a string: it needs no registration, can be a constant, is compared
// with ==, and is safe for concurrent use. Make few: some bookkeeping for each
// is kept as long as the program runs, for the first ten thousand or so. What
// differs from call to call belongs into the argument, not into the name.
type Func[A, R any] string

// Name returns f as it is.
func (f Func[A, R]) Name() string { return string(f) }

// Call does not call anything: a function of Python does not run in this process.
// The error matches [ErrNotPython].
func (f Func[A, R]) Call(context.Context, A) (r R, err error) { return r, elsewhere(string(f)) }

// Wire returns the function's wire form. Only the engines of this module can use
// it.
func (f Func[A, R]) Wire() *wire.Func[A, R] {
	if w, ok := wires.Load(f); ok {
		return w.(*wire.Func[A, R])
	}
	return keepWire(f, newWire[A, R](kindFunc, string(f), string(f)))
}

// Bind fixes the argument of a call that something else will make: a worker when
// it starts, see [Config].Init. The argument is encoded when it is needed, so it
// must not change until then.
func (f Func[A, R]) Bind(arg A) Bound { return bind(f.Wire(), arg) }
