package sharedctypes

import (
	"context"
	"iter"
)

// An Array is a row of Ts in memory shared by processes, with one lock: Python's
// Array and its SynchronizedArray wrapper. Its length never changes. Make one
// with [NewArray] or [NewArrayFrom], or around a RawArray with
// [SynchronizedArray]. It is used by its pointer, must not be copied, and can be
// sent to other processes. It is safe for concurrent use by processes and
// goroutines.
//
// Methods with a ctx hold the lock; they wait for it as long as ctx allows, and
// their errors are those of the lock's Acquire. Indices are checked before. Each
// call takes the lock anew, which costs more than the access: work on many
// elements by Slice, SetSlice or With, or on the RawArray that Obj returns.
//
// When a process dies that holds the lock, what holds for a [Value] holds here:
// Slice, Update and With, and At and All if T is no word, return an error that
// matches multiprocessing.ErrOwnerDied, once, and do nothing; SetSlice does so
// too, unless it replaces all. SetAt, and At of a word, succeed and leave the
// notice for the others.
type Array[T any] struct {
	_   noCopy
	raw *RawArray[T]
	synced
}

// NewArray returns an array of n elements, all zero, with a lock of its own,
// which is no RLock, or with that of an option. It fails as [NewRawArray] does,
// and if there can be no lock. It does not block.
func NewArray[T any](n int, opts ...Option) (*Array[T], error) {
	raw, err := NewRawArray[T](n)
	if err != nil {
		return nil, err
	}
	return SynchronizedArray(raw, opts...)
}

// NewArrayFrom returns an array of the elements of s, as long as s. It is
// NewArray otherwise.
func NewArrayFrom[T any](s []T, opts ...Option) (*Array[T], error) {
	raw, err := NewRawArrayFrom(s)
	if err != nil {
		return nil, err
	}
	return SynchronizedArray(raw, opts...)
}

// SynchronizedArray returns an Array that is raw with a lock, a new one or that
// of an option. Two Arrays of one RawArray should have the same lock. The error
// matches [ErrNoObject] if raw is nil.
func SynchronizedArray[T any](raw *RawArray[T], opts ...Option) (*Array[T], error) {
	if raw == nil || raw.lay == nil {
		return nil, ErrNoObject
	}
	a := &Array[T]{raw: raw}
	if err := a.init(raw.mark(), opts); err != nil {
		return nil, err
	}
	return a, nil
}

// Len is the number of elements.
func (a *Array[T]) Len() int { return a.raw.n }

// Size is the size of all elements in bytes.
func (a *Array[T]) Size() int { return a.raw.Size() }

// At returns element i. The error matches [ErrIndex] if there is none.
func (a *Array[T]) At(ctx context.Context, i int) (x T, err error) {
	if uint(i) >= uint(a.raw.n) {
		return x, indexError(i, a.raw.n)
	}
	if isWord[T]() {
		err = a.enterWord(ctx)
	} else {
		err = a.enter(ctx)
	}
	if err != nil {
		return x, err
	}
	x = a.raw.load(i)
	a.leave(ctx, &err)
	return x, err
}

// SetAt writes element i. The error matches [ErrIndex] if there is none.
func (a *Array[T]) SetAt(ctx context.Context, i int, v T) error {
	if uint(i) >= uint(a.raw.n) {
		return indexError(i, a.raw.n)
	}
	err := a.enterWord(ctx)
	if err != nil {
		return err
	}
	a.raw.SetAt(i, v)
	a.leave(ctx, &err)
	return err
}

// Update writes to element i what fn makes of what is there, and returns that.
// Nobody who uses the lock comes between. fn must not use a, unless its lock is
// an RLock. The error matches [ErrIndex] if there is no such element; a nil fn
// is threading.ErrNilFunc.
func (a *Array[T]) Update(ctx context.Context, i int, fn func(T) T) (x T, err error) {
	if uint(i) >= uint(a.raw.n) {
		return x, indexError(i, a.raw.n)
	}
	if fn == nil {
		return x, errNilFunc
	}
	if err = a.enter(ctx); err != nil {
		return x, err
	}
	defer a.leave(ctx, &err)
	x = fn(a.raw.load(i))
	a.raw.SetAt(i, x)
	return x, nil
}

// Slice returns a copy of elements i to j, j not included, as they were at one
// moment. The error matches [ErrIndex] if they are not all there.
func (a *Array[T]) Slice(ctx context.Context, i, j int) (s []T, err error) {
	if i < 0 || j < i || j > a.raw.n {
		return nil, sliceError(i, j, a.raw.n)
	}
	if err = a.enter(ctx); err != nil {
		return nil, err
	}
	s, _ = a.raw.Slice(i, j)
	a.leave(ctx, &err)
	return s, err
}

// SetSlice writes s over the elements from i on, at once for all who use the
// lock. The error matches [ErrIndex] if there are not that many; then nothing is
// written.
func (a *Array[T]) SetSlice(ctx context.Context, i int, s []T) (err error) {
	if i < 0 || i > a.raw.n || len(s) > a.raw.n-i {
		return sliceError(i, i+len(s), a.raw.n)
	}
	if len(s) == a.raw.n {
		err = a.enterWord(ctx)
	} else {
		err = a.enter(ctx)
	}
	if err != nil {
		return err
	}
	a.raw.SetSlice(i, s)
	a.leave(ctx, &err)
	return err
}

// All goes through the elements, each as At returns it: the lock is free in
// between, so that they may be of different moments. For one moment use Slice.
// The first error ends it.
func (a *Array[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range a.raw.n {
			if x, err := a.At(ctx, i); !yield(x, err) || err != nil {
				return
			}
		}
	}
}

// With calls fn with the memory itself while holding the lock, and returns fn's
// error. The slice is good until fn returns. What fn has written stays, also if
// it fails or panics; the lock is free again in any case. fn must not use a,
// unless its lock is an RLock. A nil fn is threading.ErrNilFunc.
func (a *Array[T]) With(ctx context.Context, fn func(s []T) error) (err error) {
	if fn == nil {
		return errNilFunc
	}
	if err = a.enter(ctx); err != nil {
		return err
	}
	defer a.leave(ctx, &err)
	a.raw.Use(func(s []T) { err = fn(s) })
	return err
}

// Obj returns the same memory without the lock: get_obj.
func (a *Array[T]) Obj() *RawArray[T] { return a.raw }

// String shows the type, the length and the lock.
func (a *Array[T]) String() string {
	if a == nil || a.raw == nil {
		return "Array(none)"
	}
	return "Array(" + a.raw.String() + ", " + a.Lock().String() + ")"
}
