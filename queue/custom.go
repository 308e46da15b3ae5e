package queue

// A CustomQueue keeps its items in a [Store] of yours, which says which comes
// next. Make one with [NewCustom]: whoever puts into the zero value, or gets
// from it, is told [ErrNoStore]. A CustomQueue must not be copied after first
// use. Its methods are safe for concurrent use, although those of the Store
// need not be.
type CustomQueue[T any] struct {
	core[T, customKind[T]]
}

// NewCustom returns a queue that keeps its items in store, which it owns from
// then on; what is in store already can be got, and counts as unfinished. It
// takes maxsize items at most, or any number if maxsize is zero or negative.
// With a nil store, putting and getting fails with [ErrNoStore].
func NewCustom[T any](store Store[T], maxsize int) *CustomQueue[T] {
	q := new(CustomQueue[T])
	if store == nil {
		q.refuses = ErrNoStore
		q.setUp(maxsize, nil)
		return q
	}
	q.n = store.Len()
	q.unfinished = q.n
	q.foreign = true
	q.setUp(maxsize, store)
	return q
}
