package queue

import (
	"context"
	"iter"
)

// A SimpleQueue is a queue without a bound, first in, first out, that knows
// nothing of tasks and is never shut down: Put never waits and never fails. The
// zero value is empty and ready to use. A SimpleQueue must not be copied after
// first use. Its methods are safe for concurrent use.
//
// One goroutine's items come out in the order in which it put them. Putting an
// item synchronizes before getting it.
type SimpleQueue[T any] struct {
	core core[T, simpleKind[T]]
}

// NewSimple returns a SimpleQueue, as new does.
func NewSimple[T any]() *SimpleQueue[T] { return new(SimpleQueue[T]) }

// Put adds v. It does not wait for anybody but a call of this queue that is
// under way.
func (q *SimpleQueue[T]) Put(v T) { q.core.Put(atOnce, v) }

// Get removes the item that was put first and returns it, waiting for one. If
// ctx ends first the error matches [ErrEmpty] and what ctx ended with; an item
// that is there is returned even if ctx has ended.
func (q *SimpleQueue[T]) Get(ctx context.Context) (T, error) { return q.core.Get(ctx) }

// TryGet is Get without waiting: if there is no item the error is [ErrEmpty].
func (q *SimpleQueue[T]) TryGet() (T, error) { return q.core.Get(atOnce) }

// Len returns how many items are in the queue. By the time the caller looks at
// it there may be more, or fewer.
func (q *SimpleQueue[T]) Len() int { return q.core.Len() }

// Empty reports whether there is no item in the queue. By the time the caller
// looks at it there may be some: to get one only if there is one, use TryGet.
func (q *SimpleQueue[T]) Empty() bool { return q.core.Len() == 0 }

// All returns an iterator that gets one item after the other, waiting for each,
// until ctx ends; nothing is got in advance. Several goroutines may range over
// the same queue, and each item goes to one of them.
func (q *SimpleQueue[T]) All(ctx context.Context) iter.Seq[T] { return q.core.All(ctx) }
