package queue

// A Queue hands out its items in the order in which they were put: first in,
// first out. The zero value is empty, has no bound and is ready to use. A Queue
// must not be copied after first use. Its methods are safe for concurrent use.
//
// One goroutine's items come out in the order in which it put them. An item
// that was put when another had been put already comes out after that one.
type Queue[T any] struct {
	core[T, fifoKind[T]]
}

// New returns a Queue that takes maxsize items at most, or any number if
// maxsize is zero or negative.
func New[T any](maxsize int) *Queue[T] {
	q := new(Queue[T])
	q.setUp(maxsize, nil)
	return q
}
