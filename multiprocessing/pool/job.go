package pool

import (
	"context"
	"errors"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/wire"
)

// A job is what all chunks of one Apply or Map have in common.
type job[A, R any] struct {
	p    *Pool
	ctx  context.Context // what the calls run under
	vars inherit.Values  // that the caller's context carried
	fn   futures.Callable[A, R]
	w    *wire.Func[A, R] // nil if fn cannot leave the process
	in   []A
	out  []R
	own  owner
}

// An owner is told how the items of its chunks end.
type owner interface {
	// failed says that the items from..to-1 have failed with err. It comes
	// before ended, and once for each item.
	failed(from, to int, err error)
	// ended says that all items of a chunk have ended.
	ended()
}

var (
	errNoContext  = errors.New("multiprocessing/pool: nil context")
	errNoFunction = errors.New("multiprocessing/pool: nil function")
)

// prepare fills in j for calls of fn under ctx, or says why they are refused.
func (j *job[A, R]) prepare(ctx context.Context, p AnyPool, fn futures.Callable[A, R]) (err error) {
	if ctx == nil {
		return errNoContext
	}
	if fn == nil || (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1] == nil { // a nil *conex.Func
		return errNoFunction
	}
	if j.p, err = poolOf(p); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return tooLate(ctx)
	}
	j.ctx, j.fn, j.vars = ctx, fn, inherit.Take(ctx)
	j.w = wireOf(fn)
	return nil
}

// wireOf returns the form in which fn leaves the process, or nil.
func wireOf[A, R any](fn futures.Callable[A, R]) *wire.Func[A, R] {
	if f, ok := fn.(*conex.Func[A, R]); ok { // a compare; the other is a search
		return f.Wire()
	}
	if f, ok := fn.(interface{ Wire() *wire.Func[A, R] }); ok {
		return f.Wire()
	}
	return nil
}

// explain makes of an engine's error for a call the pool's.
func (p *Pool) explain(fn string, err error) error {
	if p.state.Load() == stateTerminate && err != ErrTerminated {
		var died *futures.WorkerDiedError
		switch {
		case err == futures.ErrCancelled:
			return ErrTerminated
		case errors.As(err, &died) && died.Cause == futures.ErrKilled:
			return &terminatedError{died}
		}
	}
	if e := resultError(fn, err); e != nil {
		return e
	}
	return err
}

// A terminatedError is the end of a call whose worker Terminate has ended.
type terminatedError struct{ died *futures.WorkerDiedError }

func (e *terminatedError) Error() string   { return ErrTerminated.Error() + ": " + e.died.Error() }
func (e *terminatedError) Unwrap() []error { return []error{ErrTerminated, e.died} }

// refusal is the error of a task that the engine did not take. The pool took
// calls when it was made.
func (p *Pool) refusal(err error) error {
	switch {
	case !errors.Is(err, futures.ErrShutdown):
		return err
	case p.state.Load() == stateTerminate:
		return ErrTerminated
	}
	return ErrNotRunning
}
