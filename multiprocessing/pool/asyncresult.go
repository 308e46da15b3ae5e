package pool

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/codec"
)

// An AsyncResult is a handle on a call that is made elsewhere: what the Async
// functions return. It is Python's AsyncResult, and MapResult.
//
// It completes whatever happens: a pool that is terminated, a worker that dies
// and a call that was refused are errors of the result. Only a call on a
// goroutine that never returns keeps its result waiting, until Terminate.
//
// An AsyncResult must not be copied. Its methods are safe for concurrent use;
// Get, Wait and waiting for Done block. What the call did happens before Get,
// Wait, Ready and Done report its end, and before callbacks run. The zero value
// never completes.
type AsyncResult[T any] struct {
	over      futures.Future[struct{}] // done when the call is
	val       T                        // these two are written once, before callbacks is sealed
	err       error
	callbacks atomic.Pointer[callback]
	engine    poller // nil: nothing to ask
}

// A poller can ask the engine for the result instead of waiting to be told.
type poller interface{ poll() }

// Get waits for the call and returns what it returned. With an error the value
// is always T's zero value.
//
// If ctx ends first the error matches multiprocessing.ErrTimeout,
// futures.ErrStillRunning and the error of ctx, and the call goes on; Get may be
// called again. A result that is there is returned even if ctx is over.
func (r *AsyncResult[T]) Get(ctx context.Context) (T, error) {
	var zero T
	if err := r.Wait(ctx); err != nil {
		return zero, err
	}
	if r.err != nil {
		return zero, r.err
	}
	return r.val, nil
}

// Wait waits until the call is over, however it ended, and returns nil. If ctx
// ends first it returns an error as Get does.
func (r *AsyncResult[T]) Wait(ctx context.Context) error {
	if r.Ready() {
		return nil
	}
	if r.engine != nil && ctx.Err() == nil {
		r.engine.poll()
	}
	if _, err := r.over.Result(ctx); err != nil {
		return waitOver(ctx)
	}
	return nil
}

// Ready reports whether the call is over.
func (r *AsyncResult[T]) Ready() bool { return r.over.State() == futures.Finished }

// Successful reports whether the call has ended without an error. While it has
// not ended the error is [ErrNotReady].
func (r *AsyncResult[T]) Successful() (bool, error) {
	if !r.Ready() {
		return false, ErrNotReady
	}
	return r.err == nil, nil
}

// Done returns a channel that is closed once the call is over, for select.
func (r *AsyncResult[T]) Done() <-chan struct{} { return r.over.Done() }

// String tells whether the call is over and how it ended.
func (r *AsyncResult[T]) String() string {
	switch {
	case !r.Ready():
		return "AsyncResult(running)"
	case r.err != nil:
		return fmt.Sprintf("AsyncResult(error %T)", r.err)
	}
	return fmt.Sprintf("AsyncResult(%T)", r.val)
}

// finish ends the call. Exactly one caller may do that.
func (r *AsyncResult[T]) finish(v T, err error) {
	if err == nil {
		r.val = v
	}
	r.err = err
	defer r.over.SetResult(struct{}{}) // even if a callback ends the goroutine
	r.drain()
}

// failed is a result that has failed already.
func failed[T any](err error) *AsyncResult[T] {
	r := new(AsyncResult[T])
	r.finish(r.val, err)
	return r
}

// AppendHandle answers [ErrNotSendable].
func (r *AsyncResult[T]) AppendHandle(*codec.Encoder) error { return ErrNotSendable }

// ReadHandle answers [ErrNotSendable].
func (r *AsyncResult[T]) ReadHandle(*codec.Decoder) error { return ErrNotSendable }
