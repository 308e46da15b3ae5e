package queue

import (
	"context"
	"errors"

	"github.com/conexgo/conex/internal/watch"
)

// Errors to be tested with errors.Is.
var (
	// ErrEmpty: there was no item to get: at once, for TryGet, or before
	// the context of a Get ended. In the second case the error matches the
	// context's error and its cause as well.
	ErrEmpty = errors.New("queue: empty")

	// ErrFull: there was no free place to put an item in: at once, for
	// TryPut, or before the context of a Put ended. In the second case the
	// error matches the context's error and its cause as well.
	ErrFull = errors.New("queue: full")

	// ErrShutDown: the queue was shut down, and takes no items, or has none
	// left.
	ErrShutDown = errors.New("queue: shut down")

	// ErrTooManyDone: TaskDone was called more often than items were put.
	ErrTooManyDone = errors.New("queue: TaskDone called more often than there were items")

	// ErrNoOrder: a PriorityQueue has no function that orders its items:
	// make it with NewPriority or NewOrdered.
	ErrNoOrder = errors.New("queue: PriorityQueue without an order: make it with NewPriority and a less function, or with NewOrdered")

	// ErrNoStore: a CustomQueue has no Store: make it with NewCustom.
	ErrNoStore = errors.New("queue: CustomQueue without a store: make it with NewCustom and a Store that is not nil")

	// ErrPanic: the function that orders a PriorityQueue, or the Store of a
	// CustomQueue, panicked. The error that matches it is a *PanicError.
	ErrPanic = errors.New("queue: panic in the order of the items")
)

// gaveUp is busy, and why it was not waited longer for it to change.
func gaveUp(busy error, ctx context.Context) error {
	if ctx == atOnce {
		return busy
	}
	return &waitError{busy, watch.Reason(ctx)}
}

// A waitError is a wait that ran out.
type waitError struct{ busy, reason error }

func (e *waitError) Error() string   { return e.busy.Error() + ": " + e.reason.Error() }
func (e *waitError) Unwrap() []error { return []error{e.busy, e.reason} }
