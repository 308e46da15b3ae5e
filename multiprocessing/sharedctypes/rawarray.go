package sharedctypes

import (
	"fmt"
	"iter"
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/handle"
)

// A RawArray is a row of Ts in memory shared by processes, without a lock:
// Python's RawArray, a ctypes array. Its length never changes. Make one with
// [NewRawArray] or [NewRawArrayFrom]. It is used by its pointer, must not be
// copied, and can be sent to other processes.
//
// It is safe for concurrent use as far as its elements are: At and SetAt are
// atomic if T has 1, 2, 4 or 8 bytes, and are ordered like the Load and Store
// of a [RawValue]. Slice, SetSlice and Use are not: what they touch must not be
// written by others meanwhile.
type RawArray[T any] struct {
	_     noCopy
	block *handle.Block
	at    unsafe.Pointer // into the block
	n     int
	lay   *layout
}

// maxSlack is room for the mark and for rounding up.
const maxSlack = 256

// NewRawArray returns an array of n elements, all zero. It fails with
// [ErrLength] if n is negative or more than a process can have, and else as
// [NewRawValue] does.
func NewRawArray[T any](n int) (*RawArray[T], error) {
	lay, err := layoutOf[T]()
	if err != nil {
		return nil, err
	}
	if n < 0 || uintptr(n) > (math.MaxInt-maxSlack)/lay.size {
		return nil, fmt.Errorf("%w: an array of %d × %s", ErrLength, n, lay.name)
	}
	b, err := handle.New(markAt(lay.size*uintptr(n)) + markSize)
	if err != nil {
		return nil, fmt.Errorf("sharedctypes: %w", err)
	}
	return &RawArray[T]{block: b, at: unsafe.Pointer(&b.Mem()[0]), n: n, lay: lay}, nil
}

// NewRawArrayFrom returns an array of the elements of s, as long as s. It fails
// as [NewRawArray] does.
func NewRawArrayFrom[T any](s []T) (*RawArray[T], error) {
	a, err := NewRawArray[T](len(s))
	if err == nil {
		copy(a.mem(), s)
	}
	return a, err
}

// mem is the memory as a slice. It keeps nothing alive.
func (a *RawArray[T]) mem() []T { return unsafe.Slice((*T)(a.at), a.n) }

// Len is the number of elements.
func (a *RawArray[T]) Len() int { return a.n }

// Size is the size of all elements in bytes: ctypes.sizeof.
func (a *RawArray[T]) Size() int { return a.n * int(a.lay.size) }

// At returns element i. The error matches [ErrIndex] if there is none.
func (a *RawArray[T]) At(i int) (x T, err error) {
	if uint(i) >= uint(a.n) {
		return x, indexError(i, a.n)
	}
	return a.load(i), nil
}

// load is At for an index that is known to be good.
func (a *RawArray[T]) load(i int) T {
	x := load[T](unsafe.Add(a.at, uintptr(i)*unsafe.Sizeof(*new(T))))
	if a.lay.bools != nil {
		a.lay.mend(unsafe.Pointer(&x))
	}
	runtime.KeepAlive(a)
	return x
}

// SetAt writes element i. The error matches [ErrIndex] if there is none.
func (a *RawArray[T]) SetAt(i int, v T) error {
	if uint(i) >= uint(a.n) {
		return indexError(i, a.n)
	}
	store(unsafe.Add(a.at, uintptr(i)*unsafe.Sizeof(v)), v)
	runtime.KeepAlive(a)
	return nil
}

// Elem returns element i itself, not what it holds: a RawValue in the array's
// memory, for [Add] and its kin, and for the fields of a struct. It lives as
// long as it is used, whatever becomes of a, and can be sent. The error matches
// [ErrIndex] if there is none.
func (a *RawArray[T]) Elem(i int) (*RawValue[T], error) {
	if uint(i) >= uint(a.n) {
		return nil, indexError(i, a.n)
	}
	return &RawValue[T]{block: a.block, at: unsafe.Add(a.at, uintptr(i)*a.lay.size), lay: a.lay, elem: true}, nil
}

// Slice returns a copy of elements i to j, j not included. The error matches
// [ErrIndex] if they are not all there.
func (a *RawArray[T]) Slice(i, j int) ([]T, error) {
	if i < 0 || j < i || j > a.n {
		return nil, sliceError(i, j, a.n)
	}
	s := make([]T, j-i)
	copy(s, a.mem()[i:])
	acquired(a.at)
	if a.lay.bools != nil {
		for k := range s {
			a.lay.mend(unsafe.Pointer(&s[k]))
		}
	}
	runtime.KeepAlive(a)
	return s, nil
}

// SetSlice writes s over the elements from i on. The error matches [ErrIndex] if
// there are not that many; then nothing is written.
func (a *RawArray[T]) SetSlice(i int, s []T) error {
	if i < 0 || i > a.n || len(s) > a.n-i {
		return sliceError(i, i+len(s), a.n)
	}
	released(a.at)
	copy(a.mem()[i:], s)
	runtime.KeepAlive(a)
	return nil
}

// All goes through the elements and their indices, each as At returns it.
func (a *RawArray[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := range a.n {
			if !yield(i, a.load(i)) {
				return
			}
		}
	}
}

// Use calls fn with the memory itself, for work on many elements. The slice is
// good until fn returns. Nothing is locked. A nil fn panics.
func (a *RawArray[T]) Use(fn func(s []T)) {
	defer runtime.KeepAlive(a)
	fn(a.mended())
}

// mended is mem with valid bools.
func (a *RawArray[T]) mended() []T {
	s := a.mem()
	if a.lay.bools != nil {
		for k := range s {
			a.lay.mend(unsafe.Pointer(&s[k]))
		}
	}
	return s
}

// String shows the type and the length.
func (a *RawArray[T]) String() string {
	if a == nil || a.lay == nil {
		return "RawArray(none)"
	}
	return fmt.Sprintf("RawArray[%s](%d)", a.lay.name, a.n)
}

func (a *RawArray[T]) mark() *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&a.block.Mem()[markAt(a.lay.size*uintptr(a.n))]))
}

// CopyArray returns a new RawArray that holds what a holds.
func CopyArray[T any](a *RawArray[T]) (*RawArray[T], error) {
	if a == nil || a.lay == nil {
		return nil, ErrNoObject
	}
	c, err := NewRawArray[T](a.n)
	if err == nil {
		copy(c.mem(), a.mem())
		runtime.KeepAlive(a)
	}
	return c, err
}
