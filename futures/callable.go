package futures

import (
	"context"
	"errors"

	"github.com/conexgo/conex/internal/wire"
)

// A Callable is a function that an engine can run. *conex.Func is one: every
// engine runs it. [Local] makes one of a closure, which only the engines
// within this process run.
type Callable[A, R any] interface {
	// Name is shown in errors, statistics and profiles.
	Name() string
	// Call runs the function on the caller's goroutine. A Callable that
	// only another engine can run returns an error that says so.
	Call(ctx context.Context, arg A) (R, error)
}

// wired is a Callable that can leave the process.
type wired[A, R any] interface {
	Wire() *wire.Func[A, R]
}

// Local makes a Callable of any function, closures included. Only thread
// pools can run it: to reach another process a function must be registered
// with conex.Register, which gives it a name that the other process knows.
func Local[A, R any](fn func(context.Context, A) (R, error)) Callable[A, R] {
	return local[A, R](fn)
}

type local[A, R any] func(context.Context, A) (R, error)

func (local[A, R]) Name() string { return "closure" }

func (f local[A, R]) Call(ctx context.Context, arg A) (R, error) {
	if f == nil {
		var zero R
		return zero, errors.New("futures: Local with a nil function")
	}
	return f(ctx, arg)
}
