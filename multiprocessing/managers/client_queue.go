package managers

import (
	"context"
	"errors"
	"iter"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

// A Queue is a queue in a server, shared by Go and Python programs: the proxy
// of a queue.Queue. Items that are not plain values travel as copies.
//
// Make one with [NewQueue], or with [QueueOf] of a proxy that came otherwise.
// It is safe for concurrent use, by goroutines and by programs, and must not be
// copied. That an item is put synchronizes before it is got.
//
// An item is never lost by a context that ends: Get returns it with a nil error
// if the server had handed it over by then. See the package documentation for
// what a program loses that dies.
type Queue[T any] struct{ handle }

// NewQueue makes a queue for at most maxsize items; 0 means any number.
func NewQueue[T any](ctx context.Context, m *Manager, maxsize int) (*Queue[T], error) {
	h, err := create(ctx, m, "Queue", maxsize)
	if err != nil {
		return nil, err
	}
	return &Queue[T]{h}, nil
}

// QueueOf returns the queue that p stands for, of whatever typeid, and takes p
// over.
func QueueOf[T any](p *Proxy) *Queue[T] { return &Queue[T]{handle{p}} }

// Put adds an item. It waits for a free place at most until ctx ends; then the
// error matches queue.ErrFull and what ctx ended with, and the item was not put.
// Other errors: queue.ErrShutDown, and those of [Proxy.Call].
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	w := wait{p: q.p, method: "put", plain: []any{v}, over: isFull}
	if ctx.Done() != nil {
		w.timed = []any{v, true}
	}
	_, err := w.until(ctx)
	return busy(ctx, err, queue.ErrFull)
}

// TryPut adds an item if there is room. If not the error is queue.ErrFull.
func (q *Queue[T]) TryPut(ctx context.Context, v T) error {
	return q.p.do(ctx, "put", v, false)
}

// Get takes the oldest item. It waits for one at most until ctx ends; then the
// error matches queue.ErrEmpty and what ctx ended with, and no item was taken.
// Other errors: queue.ErrShutDown when there will not be more, and those of
// [Proxy.Call].
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	w := wait{p: q.p, method: "get", timed: blocking, over: isEmpty}
	v, err := w.until(ctx)
	if err != nil {
		var zero T
		return zero, busy(ctx, err, queue.ErrEmpty)
	}
	return to[T](v)
}

// blocking is the argument that says so.
var blocking = []any{true}

// busy adds what was waited for to the error of a context.
func busy(ctx context.Context, err, what error) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, ErrUnknownOutcome) {
		return &waitError{what, err}
	}
	return err
}

// TryGet takes the oldest item if there is one. If not the error is
// queue.ErrEmpty.
func (q *Queue[T]) TryGet(ctx context.Context) (T, error) {
	return result[T](q.p.call(ctx, "get", false))
}

// All returns an iterator over the items as they come, each of which it takes.
// It ends when the queue is shut down and empty, when ctx ends, and with an
// error, which it yields; the end of ctx is one.
func (q *Queue[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := q.Get(ctx)
			if errors.Is(err, queue.ErrShutDown) || !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// Len returns the number of items, which may be another one already.
func (q *Queue[T]) Len(ctx context.Context) (int, error) {
	return result[int](q.p.call(ctx, "qsize"))
}

// Empty reports whether there was no item.
func (q *Queue[T]) Empty(ctx context.Context) (bool, error) {
	return result[bool](q.p.call(ctx, "empty"))
}

// Full reports whether there was no free place.
func (q *Queue[T]) Full(ctx context.Context) (bool, error) {
	return result[bool](q.p.call(ctx, "full"))
}

// TaskDone says that the work for an item that was got is done. The error
// matches queue.ErrTooManyDone if there was none.
func (q *Queue[T]) TaskDone(ctx context.Context) error {
	return alias(q.p.do(ctx, "task_done"), pickle.ValueError, queue.ErrTooManyDone)
}

// Join waits until all items that were put are done, at most until ctx ends.
//
// Python's join has no timeout: if ctx ends while CPython's server waits, Join
// ends its connection after ClientConfig.Grace, and the error matches
// [ErrUnknownOutcome], too. A thread of that server waits on, and harms nobody.
func (q *Queue[T]) Join(ctx context.Context) error {
	w := wait{p: q.p, method: "join", over: never}
	return w.whole(ctx)
}

// ShutDown lets no more items in; those that are there can be got. Servers of
// CPython before 3.13 do not have it: the error matches ErrRemote.
func (q *Queue[T]) ShutDown(ctx context.Context) error { return q.p.do(ctx, "shutdown") }

// ShutDownNow lets no more items in and drops those that are there.
func (q *Queue[T]) ShutDownNow(ctx context.Context) error { return q.p.do(ctx, "shutdown", true) }
