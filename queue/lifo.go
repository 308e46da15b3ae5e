package queue

// A LifoQueue hands out the item that was put last: last in, first out. The zero
// value is empty, has no bound and is ready to use. A LifoQueue must not be
// copied after first use. Its methods are safe for concurrent use.
type LifoQueue[T any] struct {
	core[T, lifoKind[T]]
}

// NewLifo returns a LifoQueue that takes maxsize items at most, or any number if
// maxsize is zero or negative.
func NewLifo[T any](maxsize int) *LifoQueue[T] {
	q := new(LifoQueue[T])
	q.setUp(maxsize, new(stack[T]))
	return q
}
