package queue

import "cmp"

// A PriorityQueue hands out its smallest item, and among equal ones the one that
// was put first. Make one with [NewPriority] or [NewOrdered]: whoever puts into
// the zero value, or gets from it, is told [ErrNoOrder]. A PriorityQueue must
// not be copied after first use. Its methods are safe for concurrent use.
//
// Putting and getting takes a time that grows with the logarithm of the number
// of items; now and then a Put takes one that is proportional to it, as when a
// slice grows. An item must not change its place in the order while it is in
// the queue.
type PriorityQueue[T any] struct {
	core[T, priorityKind[T]]
}

// NewPriority returns a PriorityQueue whose items are ordered by less, which
// reports whether a comes before b. It takes maxsize items at most, or any
// number if maxsize is zero or negative. Without less, putting and getting
// fails with [ErrNoOrder].
//
// less need not tell equal items apart, nor look at all of an item: where the
// payload cannot be compared, it compares the priorities. It is called with the
// queue locked, never twice at the same time; it must not use the queue, and
// had better be quick. If it panics the call that needed it returns a
// *[PanicError], and the queue is as it was: the item was not added, or not
// removed. An order that contradicts itself spoils the order of the items, and
// nothing else.
func NewPriority[T any](maxsize int, less func(a, b T) bool) *PriorityQueue[T] {
	q := new(PriorityQueue[T])
	if less == nil {
		q.refuses = ErrNoOrder
		q.setUp(maxsize, nil)
	} else {
		q.setUp(maxsize, &sorted[T]{less: less})
	}
	return q
}

// NewOrdered returns a PriorityQueue of numbers or strings, the smallest first,
// a NaN before all other numbers. It takes maxsize items at most, or any number
// if maxsize is zero or negative.
func NewOrdered[T cmp.Ordered](maxsize int) *PriorityQueue[T] {
	return NewPriority(maxsize, cmp.Less[T])
}
