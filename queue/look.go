package queue

import (
	"context"
	"iter"
	"math"
)

// Len returns how many items are in the queue. By the time the caller looks at
// it there may be more, or fewer.
func (c *core[T, K]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// Cap returns how many items the queue takes, or 0 if there is no bound.
func (c *core[T, K]) Cap() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit == math.MaxInt {
		return 0
	}
	return c.limit
}

// Empty reports whether there is no item in the queue. By the time the caller
// looks at it there may be some: to get one only if there is one, use TryGet.
func (c *core[T, K]) Empty() bool { return c.Len() == 0 }

// Full reports whether there is no free place in the queue, which is never so
// if it has no bound. By the time the caller looks at it there may be one: to
// put only if there is one, use TryPut.
func (c *core[T, K]) Full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready && c.n >= c.limit
}

// All returns an iterator that gets one item after the other, waiting for each,
// until the queue is shut down and empty or ctx ends; nothing is got in
// advance. It ends with the first error of Get, whatever that is. Several
// goroutines may range over the same queue, and each item goes to one of them.
func (c *core[T, K]) All(ctx context.Context) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := c.Get(ctx)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}
