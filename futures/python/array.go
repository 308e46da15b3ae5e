package python

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// An Array is numbers in memory that Go and Python share: neither an argument
// nor a result that is one is copied, however large it is.
//
//	a, err := python.NewArray[float64](1000, 1000)
//	…
//	defer a.Close()
//	fill(a.Slice())
//	n, err := futures.Submit(ctx, pool, norm, python.NumPy(a)).Result(ctx)
//
// An *Array can be an argument or a result, or lie anywhere within one: in a
// field of a struct, a slice, a map, [Args] and [Call]. For Python it is a
// memoryview of its format and shape, and with [NumPy] a numpy.ndarray, over the
// same memory; Python may write to it. A nil *Array is None.
//
//	int8 int16 int32 int64      b h i q
//	uint8 uint16 uint32 uint64  B H I Q
//	float32 float64             f d
//	bool                        ?
//	complex64 complex128        f d, in a view with one more dimension, of 2:
//	                            a memoryview has no complex numbers, numpy has
//
// A function gives one back that it has made with conex_worker.array(format,
// shape), a memoryview, or conex_worker.ndarray(shape, dtype), or any part of
// one, or of one that came as an argument, as long as it is contiguous. Other
// memoryviews and numpy.ndarrays of these types arrive as Arrays too, but are
// copied: all that are in one result into one piece of memory. So are those
// beyond the first 200 of a result. Subclasses of ndarray, and arrays of other
// types, are pickled as Python does it.
//
// The type of a result is *Array[T] for the T of the table, also in an any, and
// no other: a numpy.ndarray of float32 does not become an *Array[float64]. What
// is one array in Python, many times over, is one *Array.
//
// # Sharing
//
// What is sent is the memory, not its state at that moment: do not change it
// while a task may read it, unless the task is meant to see that. Writes of one
// side are seen by the other once the call has begun, or is over.
//
// Memory lives as long as one side has it: as long as an Array of it is not
// closed, a task with it waits or runs, or a Python object refers to it. A view
// that Python keeps stays valid after Close, and a worker's death takes the
// worker's share only. All of it counts for the processes that have touched it.
// It has no name, so nothing is left behind, however they end.
//
// An Array costs a descriptor on each side that has it, and some ten
// microseconds to begin with; the first touch of new memory costs several times
// a copy: reuse Arrays for small or frequent calls, and send short lists as
// slices. Whoever gets an Array as a result closes it.
//
// An Array is safe for concurrent use; its numbers are not. A copy is the same
// Array. The zero value is closed. It answers errors.ErrUnsupported on systems
// without shared memory.
type Array[T Number] struct {
	m *memory
}

// NewArray returns an Array of the given shape, all zero. With one number that is
// the length; without any it is a single value, as in numpy. A dimension may be
// 0, but a memoryview of an Array without items has one dimension only.
func NewArray[T Number](shape ...int) (*Array[T], error) {
	m, err := newMemory(formatOf[T](), shape)
	if err != nil {
		return nil, err
	}
	return &Array[T]{m}, nil
}

// ArrayOf returns an Array with a copy of s. Without a shape it has one
// dimension.
func ArrayOf[T Number](s []T, shape ...int) (*Array[T], error) {
	if len(shape) == 0 {
		shape = []int{len(s)}
	}
	if n, err := count(shape); err != nil {
		return nil, err
	} else if n != len(s) {
		return nil, fmt.Errorf("python: %d items do not fill an Array of shape %s: it has %d", len(s), shapeString(shape), n)
	}
	a, err := NewArray[T](shape...)
	if err != nil {
		return nil, err
	}
	copy(a.Slice(), s)
	return a, nil
}

// Slice returns the numbers, the last dimension first: in C order. It is the
// memory itself, and nil if a is closed. It must not be used after Close: the
// memory is not there any more, and touching it is a fault.
func (a *Array[T]) Slice() []T {
	b := a.memory().bytes()
	if len(b) == 0 {
		if b == nil {
			return nil
		}
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
}

// Shape returns the dimensions, also of an Array that is closed.
func (a *Array[T]) Shape() []int {
	if m := a.memory(); m != nil {
		return append([]int{}, m.shape...)
	}
	return nil
}

// Len returns how many numbers there are, in all dimensions.
func (a *Array[T]) Len() int {
	if m := a.memory(); m != nil {
		return m.n
	}
	return 0
}

// Index returns where in Slice the item at the given position is. As indexing a
// slice does, it panics if there is none.
func (a *Array[T]) Index(at ...int) int {
	shape := a.Shape()
	if len(at) != len(shape) {
		panic(fmt.Sprintf("python: index of %d dimensions in an Array of shape %s", len(at), shapeString(shape)))
	}
	n := 0
	for i, x := range at {
		if x < 0 || x >= shape[i] {
			panic(fmt.Sprintf("python: index %v out of range in an Array of shape %s", at, shapeString(shape)))
		}
		n = n*shape[i] + x
	}
	return n
}

// Close gives the memory back. Tasks that were submitted with a before keep it,
// and so does what Python has of it. Closing again does nothing.
func (a *Array[T]) Close() error {
	a.memory().close()
	return nil
}

// String returns the type and the shape, such as "python.Array[float64](3, 4)".
func (a *Array[T]) String() string {
	name := "python.Array[" + reflect.TypeFor[T]().String() + "]"
	m := a.memory()
	switch {
	case m == nil:
		return name + "(closed)"
	case m.closed():
		return name + strings.TrimSuffix(shapeString(m.shape), ")") + "; closed)"
	}
	return name + shapeString(m.shape)
}

// memory is nil for a nil and a zero Array.
func (a *Array[T]) memory() *memory {
	if a == nil {
		return nil
	}
	return a.m
}

// argument is what makes a an argument: an Array by value is one too.
func (a Array[T]) argument() (*memory, string) { return a.m, "view" }
