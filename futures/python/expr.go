package python

import (
	"context"

	"github.com/conexgo/conex/internal/wire"
)

// An Expr is an expression of Python, for what is too small to be a function in
// a file:
//
//	python.Expr[[]float64, float64]("sum(x) / len(x)")
//	python.Expr[float64, float64]("math.sqrt(x)")
//
// The argument is x. If A is [Args] the arguments are the tuple args; if it is a
// struct with tags, or a [Call], keyword arguments are names of their own, and
// the positional ones are in args. In an [Object], self is the object. Python's
// builtins are there, and a name that is nowhere else is imported as a module.
//
// An expression is compiled once in each worker. It is no statement: for those
// there is [Inline]. A syntax error fails the call with an [*Error].
//
// An Expr is a string, and as safe and as simple to use as a [Func]. It is a
// program: never make one of what a stranger has said, and never of values,
// which go into the argument.
type Expr[A, R any] string

// Name returns the expression.
func (x Expr[A, R]) Name() string { return string(x) }

// Call does not evaluate anything: see [Func.Call].
func (x Expr[A, R]) Call(context.Context, A) (r R, err error) { return r, elsewhere(string(x)) }

// Wire returns the wire form. Only the engines of this module can use it.
func (x Expr[A, R]) Wire() *wire.Func[A, R] {
	if w, ok := wires.Load(x); ok {
		return w.(*wire.Func[A, R])
	}
	return keepWire(x, newWire[A, R](kindExpr, string(x), string(x)))
}

// Bind fixes the argument: see [Func.Bind].
func (x Expr[A, R]) Bind(arg A) Bound { return bind(x.Wire(), arg) }
