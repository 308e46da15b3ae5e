package multiprocessing

import (
	"context"
	"errors"

	"github.com/conexgo/conex/internal/watch"
)

// gaveUp is busy, queue.ErrEmpty or queue.ErrFull, and why it was not waited
// longer for it to change.
func gaveUp(busy error, ctx context.Context) error {
	if ctx == atOnceCtx {
		return busy
	}
	return &queueWaitError{busy, watch.Reason(ctx)}
}

// A queueWaitError is a wait that ran out.
type queueWaitError struct{ busy, reason error }

func (e *queueWaitError) Error() string   { return e.busy.Error() + ": " + e.reason.Error() }
func (e *queueWaitError) Unwrap() []error { return []error{e.busy, e.reason} }

// errNoQueue is the answer of a queue that was not made by its constructor.
var errNoQueue = errors.New("multiprocessing: the zero value is no queue: make one with NewQueue, NewSimpleQueue or NewJoinableQueue")
