package sharedctypes

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// An Integer is a type that Add takes.
type Integer interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uint
}

// A Float is a type that Add takes.
type Float interface{ ~float32 | ~float64 }

// A Number is what the type codes stand for: integers and floats.
type Number interface{ Integer | Float }

// A Cell is one T in shared memory: a *[RawValue], also one that is an element
// of an array, or a *[Value], whose lock is then passed by.
type Cell[T any] interface {
	// Load reads it without a lock, Store writes it.
	Load() T
	Store(v T)

	// place returns where it lies, as long as the Cell is reachable.
	place() *T
}

// Add adds delta to c at once, whoever else does the same in whatever process,
// and returns the sum. It needs no lock and takes none: a [Value.Update] that
// runs meanwhile may overwrite it. Integers wrap around. It is safe for
// concurrent use, and does not block.
//
// In the terms of the Go memory model, Add, Swap and CompareAndSwap are
// sequentially consistent atomic operations, like those of package sync/atomic.
func Add[T Number](c Cell[T], delta T) T {
	p := unsafe.Pointer(c.place())
	released(p)
	sum := add(p, delta)
	acquired(p)
	runtime.KeepAlive(c)
	return sum
}

func add[T Number](p unsafe.Pointer, delta T) T {
	if one := T(1); one/2 == 0 { // an integer
		switch unsafe.Sizeof(delta) {
		case 8:
			w := atomic.AddUint64((*uint64)(p), bits64(delta))
			return *(*T)(unsafe.Pointer(&w))
		case 4:
			w := atomic.AddUint32((*uint32)(p), bits32(delta))
			return *(*T)(unsafe.Pointer(&w))
		}
	}
	for {
		old := peek[T](p)
		if sum := old + delta; compareAndSwap(p, old, sum) {
			return sum
		}
	}
}

// Swap writes v to c and returns what was there before, at once. It is safe for
// concurrent use, and does not block.
func Swap[T Number](c Cell[T], v T) (old T) {
	p := unsafe.Pointer(c.place())
	released(p)
	old = swap(p, v)
	acquired(p)
	runtime.KeepAlive(c)
	return old
}

// CompareAndSwap writes v to c if old is there, at once, and reports whether it
// did. Floats are compared by their bits: a NaN equals itself, 0 and -0 differ.
// It is safe for concurrent use, and does not block.
func CompareAndSwap[T Number](c Cell[T], old, v T) (swapped bool) {
	p := unsafe.Pointer(c.place())
	released(p)
	swapped = compareAndSwap(p, old, v)
	acquired(p)
	runtime.KeepAlive(c)
	return swapped
}
