package futures

import (
	"context"
	"fmt"
)

// A Future is the result of a call that somebody else makes. [Submit] and [Go]
// make futures; [NewFuture] is for those who write executors, and for tests.
//
// The zero value is a pending future. A Future must not be copied. All methods
// are safe for concurrent use, and only Result, Err and waiting for Done block.
//
// What happens before a call of Submit happens before the call it asks for;
// what that call does happens before Result, Err, Wait and AsCompleted report
// its end, and before its callbacks run.
type Future[T any] struct {
	core
	val T // valid once phaseFinished and err is nil
}

// AnyFuture is a *[Future] of any type: what [Wait] takes, for futures of
// several types together. Only futures of this package implement it.
type AnyFuture interface {
	State() State
	Done() <-chan struct{}
	Err(ctx context.Context) error
	Cancel() bool
	Cancelled() bool
	Running() bool
	Kill() error
	String() string

	base() *core
}

// NewFuture returns a pending future that the caller will finish with
// SetResult or SetError, after SetRunningOrNotifyCancel.
func NewFuture[T any]() *Future[T] { return new(Future[T]) }

// Result waits until the future is done and returns what the call returned.
// A cancelled future gives [ErrCancelled], a panic a *[PanicError]; with an
// error the value is always T's zero value.
//
// If ctx ends first, Result returns an error that matches [ErrStillRunning]
// and the error of ctx; the call goes on. A result that is there already is
// returned even if ctx is over.
func (f *Future[T]) Result(ctx context.Context) (T, error) {
	if !f.done() {
		if err := f.wait(ctx); err != nil {
			var zero T
			return zero, err
		}
	}
	if err := f.outcome(); err != nil {
		var zero T
		return zero, err
	}
	return f.val, nil
}

// SetResult is for those who write executors: it finishes the future with v.
// Done or cancelled already: an error matching [ErrInvalidState].
func (f *Future[T]) SetResult(v T) error {
	if !f.finish(v) {
		return fmt.Errorf("%w: SetResult on a %v future", ErrInvalidState, f.State())
	}
	return nil
}

func (f *Future[T]) finish(v T) bool {
	if !f.claim() {
		return false
	}
	f.val = v
	f.publish()
	return true
}

// String returns the state and, once finished, the type of the result or of
// the error: "Future(finished: int)".
func (f *Future[T]) String() string {
	switch {
	case f.State() != Finished:
		return fmt.Sprintf("Future(%v)", f.State())
	case f.err != nil:
		return fmt.Sprintf("Future(finished: error %T)", f.err)
	}
	return fmt.Sprintf("Future(finished: %T)", f.val)
}
