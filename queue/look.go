package queue

import (
	"context"
	"iter"
	"math"
)

// Len returns how many items are in the queue. By the time the caller looks at
// it there may be more, or fewer.
func (q *core[T, K]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

// Cap returns how many items the queue takes, or 0 if there is no bound.
func (q *core[T, K]) Cap() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.limit == math.MaxInt {
		return 0
	}
	return q.limit
}

// Empty reports whether there is no item in the queue. By the time the caller
// looks at it there may be some: to get one only if there is one, use TryGet.
func (q *core[T, K]) Empty() bool { return q.Len() == 0 }

// Full reports whether there is no free place in the queue, which is never so
// if it has no bound. By the time the caller looks at it there may be one: to
// put only if there is one, use TryPut.
func (q *core[T, K]) Full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ready && q.n >= q.limit
}

// All returns an iterator that gets one item after the other, waiting for each,
// until the queue is shut down and empty or ctx ends; nothing is got in
// advance. It ends with the first error of Get, whatever that is. Several
// goroutines may range over the same queue, and each item goes to one of them.
func (q *core[T, K]) All(ctx context.Context) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := q.Get(ctx)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}
