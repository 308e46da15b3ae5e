package queue

// A Store holds the items of a [CustomQueue] and says which comes next. It
// stands for the methods that subclasses of Python's Queue override.
//
// The queue calls it with its own lock held, never from two goroutines at once,
// and Pop only while Len is positive. So a Store needs no lock, must not use its
// queue, and had better be quick. Nobody else may use it.
//
// An error of Push or Pop is returned by the call that put or got, and so is a
// panic, as a *[PanicError]. Either must leave the Store as it was: the item is
// not added, or not lost. Len must not panic, and must not change but by Push
// and Pop: otherwise those who wait would not be told.
type Store[T any] interface {
	// Len says how many items there are.
	Len() int
	// Push adds v.
	Push(v T) error
	// Pop removes the item that comes next.
	Pop() (T, error)
}
