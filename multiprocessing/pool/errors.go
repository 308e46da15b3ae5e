package pool

import (
	"context"
	"errors"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/multiprocessing"
)

// Errors to be tested with errors.Is. All but [ErrStop] match
// multiprocessing.ErrProcess as well.
var (
	// ErrNotRunning says that the pool was closed or terminated, or was never
	// made: it takes no more calls.
	ErrNotRunning = failure("the pool is not running: it was closed or terminated")

	// ErrRunning says that Join was called on a pool that still takes calls.
	ErrRunning = failure("the pool is still running: call Close or Terminate before Join")

	// ErrTerminated is what calls fail with that Terminate left unfinished.
	ErrTerminated = failure("the pool was terminated before the call was over")

	// ErrNotReady says that a call is not over, so nobody knows whether it
	// succeeded.
	ErrNotReady = failure("the call is not over yet")

	// ErrInitializer says that the initialiser of a worker failed, which ends
	// the pool. The error that matches it has the reason.
	ErrInitializer = failure("the initializer failed")

	// ErrNotSendable says that pools and results stay in the process that made
	// them.
	ErrNotSendable = failure("pools and their results cannot be sent to another process: send what the calls need instead")

	// ErrStop says that an [Iterator] has no more results.
	ErrStop = errors.New("multiprocessing/pool: no more results")
)

func init() {
	// A worker's calls may use pools too, and return their errors.
	conex.RegisterError("multiprocessing/pool.ErrNotRunning", ErrNotRunning)
	conex.RegisterError("multiprocessing/pool.ErrRunning", ErrRunning)
	conex.RegisterError("multiprocessing/pool.ErrTerminated", ErrTerminated)
	conex.RegisterError("multiprocessing/pool.ErrNotReady", ErrNotReady)
	conex.RegisterError("multiprocessing/pool.ErrInitializer", ErrInitializer)
	conex.RegisterError("multiprocessing/pool.ErrNotSendable", ErrNotSendable)
	conex.RegisterError("multiprocessing/pool.ErrStop", ErrStop)
}

// A poolError is one of the sentinels above.
type poolError struct{ text string }

func failure(text string) error { return &poolError{"multiprocessing/pool: " + text} }

func (e *poolError) Error() string        { return e.text }
func (e *poolError) Is(target error) bool { return target == multiprocessing.ErrProcess }

// A waitError is the end of a wait whose context was over first.
type waitError struct {
	what   string
	reason error
}

// waitOver is the error of a wait under ctx, which has ended. Python knows a
// timeout only; here a wait may also be cancelled, and then the error does not
// claim to be about a deadline.
func waitOver(ctx context.Context) error {
	return &waitError{"the wait is over, the call is not", watch.Reason(ctx)}
}

// tooLate is the error of a call under ctx, which had ended before.
func tooLate(ctx context.Context) error {
	return &waitError{"not called", watch.Reason(ctx)}
}

func (e *waitError) Error() string {
	return "multiprocessing/pool: " + e.what + ": " + e.reason.Error()
}

func (e *waitError) Unwrap() error { return e.reason }

func (e *waitError) Is(target error) bool {
	return target == multiprocessing.ErrTimeout || target == multiprocessing.ErrProcess || target == futures.ErrStillRunning
}

// Timeout makes the error one of time for those who ask by method.
func (e *waitError) Timeout() bool { return errors.Is(e.reason, context.DeadlineExceeded) }
