package futures

import (
	"context"
	"errors"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// Submit asks ex to call fn with arg and returns the call's future without
// waiting. It never fails by itself: when ex refuses the call, the future it
// returns has failed already, with an error that matches [ErrShutdown],
// [ErrBroken] or [ErrNotEncodable].
//
// ctx is the context of the call: when it ends before the call has started the
// future fails with the reason and the call is not made; when it ends later,
// the call's own context ends. It costs nothing to submit many calls under one
// ctx. The call has a copy of the context variables that ctx carries now; see
// package contextvars.
//
// A process pool fixes arg's bytes during Submit; a thread pool passes arg as
// it is, so what it points to is shared.
func Submit[A, R any](ctx context.Context, ex Executor, fn Callable[A, R], arg A, opts ...CallOption) *Future[R] {
	c := &call[A, R]{ctx: ctx, fn: fn, arg: arg}
	c.task = c
	if err := c.submit(ex, opts); err != nil {
		c.finishErr(err)
	}
	return &c.Future
}

// Go asks ex to call fn and returns the call's future; it is Submit for a
// plain function, closures included. Only thread pools can run those.
func Go[R any](ctx context.Context, ex Executor, fn func(context.Context) (R, error), opts ...CallOption) *Future[R] {
	return Submit(ctx, ex, Callable[struct{}, R](plain[R](fn)), struct{}{}, opts...)
}

// plain makes a Callable of the function given to Go.
type plain[R any] func(context.Context) (R, error)

func (plain[R]) Name() string { return "closure" }

func (f plain[R]) Call(ctx context.Context, _ struct{}) (R, error) { return f(ctx) }

func (c *call[A, R]) submit(ex Executor, opts []CallOption) error {
	if err := checkCall(c.ctx, ex, c.fn); err != nil {
		return err
	}
	if len(opts) > 0 {
		var o callOptions
		for _, opt := range opts {
			opt.forCall(&o)
		}
		if o.err != nil {
			return o.err
		}
		c.more().timeout = o.timeout
	}
	if c.ctx.Err() != nil {
		return ctxError(c.ctx)
	}
	c.vars = inherit.Take(c.ctx)
	c.w = wireOf(c.fn)
	if err := ex.Submit(c); err != nil {
		return refusal(c.ctx, err)
	}
	return nil
}

// refusal is err, with which an engine refused a task; but if it is about the
// end of ctx it matches all that it should.
func refusal(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return ctxError(ctx)
	}
	return err
}

// wireOf returns the form in which fn leaves the process, or nil.
func wireOf[A, R any](fn Callable[A, R]) *wire.Func[A, R] {
	// To ask for a concrete type is a compare, for an interface a search.
	if f, ok := fn.(*conex.Func[A, R]); ok {
		return f.Wire()
	}
	if _, ok := fn.(local[A, R]); ok {
		return nil
	}
	if w, ok := fn.(wired[A, R]); ok {
		return w.Wire()
	}
	return nil
}

var (
	errNoContext  = errors.New("futures: nil context")
	errNoExecutor = errors.New("futures: nil executor")
	errNoFunction = errors.New("futures: nil function")
)

// checkCall finds what would otherwise be a nil dereference later on.
func checkCall[A, R any](ctx context.Context, ex Executor, fn Callable[A, R]) error {
	switch {
	case ctx == nil:
		return errNoContext
	case ex == nil:
		return errNoExecutor
	case fn == nil || isNil(fn):
		return errNoFunction
	}
	return nil
}

// isNil reports whether fn holds a nil pointer or a nil function, as a
// *conex.Func does that is filled in later by an init function. Both are the
// data word of the interface itself.
func isNil[A, R any](fn Callable[A, R]) bool {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1] == nil
}
