package python

import (
	"context"

	"github.com/conexgo/conex/internal/wire"
)

// A Method is a method of the object in an [Object], by its name. A dotted name
// goes through attributes: "encoder.forward".
//
//	var predict = python.Method[[]float64, float64]("predict")
//
//	y, err := futures.Submit(ctx, model, predict, x).Result(ctx)
//
// The arguments are those of a [Func], without self. A [Pool] refuses it: its
// workers have no object. Like a Func it is a string, and safe for concurrent
// use.
type Method[A, R any] string

// Name returns m as it is.
func (m Method[A, R]) Name() string { return string(m) }

// Call does not call anything: see [Func.Call].
func (m Method[A, R]) Call(context.Context, A) (r R, err error) { return r, elsewhere(string(m)) }

// Wire returns the method's wire form. Only the engines of this module can use
// it.
func (m Method[A, R]) Wire() *wire.Func[A, R] {
	if w, ok := wires.Load(m); ok {
		return w.(*wire.Func[A, R])
	}
	return keepWire(m, newWire[A, R](kindMethod, string(m), string(m)))
}
