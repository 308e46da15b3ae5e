package sharedmemory

import "iter"

// A View is a block, or a part of it, as items of type T, which keeps the block
// open: as long as the View is not closed, Close of the block answers [ErrInUse],
// as Python does while memoryviews are alive. So the slices that it hands out
// cannot lose their memory by mistake. [Slice] has the types that T may be of.
//
// It is made by [NewView] or [NewViewAt]; the zero value is a closed one. It must
// not be copied, and cannot be sent: send the block. Its methods but Close are
// safe for concurrent use; what they do to the items is not coordinated with
// anybody, see [SharedMemory].
//
// A View that is forgotten goes with its block when nothing refers to either.
type View[T any] struct {
	_     noCopy
	s     *SharedMemory // keeps the mapping from being collected
	items []T
}

// NewView returns a View of the whole block: as many T as fit. The errors are
// those of [Slice].
func NewView[T any](s *SharedMemory) (*View[T], error) {
	size, err := sizeOf[T]()
	if err != nil {
		return nil, err
	}
	n := s.Size() / size
	if n == 0 && s.a != nil {
		return nil, fail(ErrTooShort, "%d bytes, and one item has %d", s.Size(), size)
	}
	return NewViewAt[T](s, 0, n)
}

// NewViewAt returns a View of n items that begin offset bytes from the
// beginning of the block. The errors are those of [SliceAt].
func NewViewAt[T any](s *SharedMemory, offset, n int) (*View[T], error) {
	if !s.a.addView() {
		return nil, ErrClosed
	}
	items, err := sliceOf[T](s, offset, n)
	if err != nil {
		s.a.dropView()
		return nil, err
	}
	return &View[T]{s: s, items: items}, nil
}

// Len returns the number of items, 0 after Close.
func (v *View[T]) Len() int { return len(v.items) }

// At returns item i. Errors: [ErrIndex], [ErrClosed].
func (v *View[T]) At(i int) (item T, err error) {
	if uint(i) >= uint(len(v.items)) {
		return item, v.outside(i)
	}
	return v.items[i], nil
}

// Set changes item i. Errors: [ErrIndex], [ErrClosed].
func (v *View[T]) Set(i int, item T) error {
	if uint(i) >= uint(len(v.items)) {
		return v.outside(i)
	}
	v.items[i] = item
	return nil
}

func (v *View[T]) outside(i int) error {
	if v.s == nil {
		return ErrClosed
	}
	return outside(i, len(v.items))
}

// All iterates over the items.
func (v *View[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := range v.items {
			if !yield(i, v.items[i]) {
				return
			}
		}
	}
}

// Items returns the memory itself, for loops that should cost nothing. It is
// good until Close, as long as v is kept: a deferred Close does.
func (v *View[T]) Items() []T { return v.items }

// Close gives the view up; the block may be closed when all are. The slices that
// Items returned must not be used any more. Closing again does nothing.
func (v *View[T]) Close() error {
	if v.s != nil {
		v.s.a.dropView()
		v.s, v.items = nil, nil
	}
	return nil
}
