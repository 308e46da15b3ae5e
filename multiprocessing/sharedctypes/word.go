package sharedctypes

import (
	"sync/atomic"
	"unsafe"
)

// A word is a value of 1, 2, 4 or 8 bytes: it lies at an address divisible by
// its size, so that the hardware reads and writes it whole. Go has atomic
// operations for 4 and 8 bytes; smaller words are changed within the 4 bytes
// that they lie in.

// isWord reports whether T is one. The compiler knows the answer.
func isWord[T any]() bool {
	var x T
	n := unsafe.Sizeof(x)
	return n == 8 || n == 4 || n == 2 || n == 1
}

// load reads the T at p: a word at once, anything else as it comes.
func load[T any](p unsafe.Pointer) T {
	x := peek[T](p)
	acquired(p)
	return x
}

func peek[T any](p unsafe.Pointer) (x T) {
	switch unsafe.Sizeof(x) {
	case 8:
		w := atomic.LoadUint64((*uint64)(p))
		return *(*T)(unsafe.Pointer(&w))
	case 4:
		w := atomic.LoadUint32((*uint32)(p))
		return *(*T)(unsafe.Pointer(&w))
	case 2:
		word, shift := around(p, 2)
		w := uint16(atomic.LoadUint32(word) >> shift)
		return *(*T)(unsafe.Pointer(&w))
	case 1:
		word, shift := around(p, 1)
		w := uint8(atomic.LoadUint32(word) >> shift)
		return *(*T)(unsafe.Pointer(&w))
	}
	return *(*T)(p)
}

// store writes the T at p: a word at once, anything else as it comes.
func store[T any](p unsafe.Pointer, x T) {
	released(p)
	switch unsafe.Sizeof(x) {
	case 8:
		atomic.StoreUint64((*uint64)(p), bits64(x))
	case 4:
		atomic.StoreUint32((*uint32)(p), bits32(x))
	case 2, 1:
		swapSmall(p, x)
	default:
		*(*T)(p) = x
	}
}

// swap writes the word at p and returns what was there.
func swap[T any](p unsafe.Pointer, x T) (old T) {
	switch unsafe.Sizeof(x) {
	case 8:
		w := atomic.SwapUint64((*uint64)(p), bits64(x))
		return *(*T)(unsafe.Pointer(&w))
	case 4:
		w := atomic.SwapUint32((*uint32)(p), bits32(x))
		return *(*T)(unsafe.Pointer(&w))
	}
	return swapSmall(p, x)
}

// compareAndSwap replaces the word at p if it has the bits of old.
func compareAndSwap[T any](p unsafe.Pointer, old, x T) bool {
	switch unsafe.Sizeof(x) {
	case 8:
		return atomic.CompareAndSwapUint64((*uint64)(p), bits64(old), bits64(x))
	case 4:
		return atomic.CompareAndSwapUint32((*uint32)(p), bits32(old), bits32(x))
	}
	word, shift := around(p, unsafe.Sizeof(x))
	mask, want := ones(x)<<shift, small(old, shift)
	for {
		w := atomic.LoadUint32(word)
		if w&mask != want {
			return false
		}
		if atomic.CompareAndSwapUint32(word, w, w&^mask|small(x, shift)) {
			return true
		}
	}
}

// swapSmall is swap for 1 and 2 bytes.
func swapSmall[T any](p unsafe.Pointer, x T) (old T) {
	word, shift := around(p, unsafe.Sizeof(x))
	mask := ones(x) << shift
	for {
		w := atomic.LoadUint32(word)
		if !atomic.CompareAndSwapUint32(word, w, w&^mask|small(x, shift)) {
			continue
		}
		if w >>= shift; unsafe.Sizeof(x) == 2 {
			s := uint16(w)
			return *(*T)(unsafe.Pointer(&s))
		}
		s := uint8(w)
		return *(*T)(unsafe.Pointer(&s))
	}
}

var bigEndian = *(*byte)(unsafe.Pointer(&[]uint16{1}[0])) == 0

// around returns the 4 bytes that the size bytes at p lie in, and by how much
// they are shifted there.
func around(p unsafe.Pointer, size uintptr) (word *uint32, shift uintptr) {
	off := uintptr(p) & 3
	word = (*uint32)(unsafe.Add(p, -int(off)))
	if bigEndian {
		off = 4 - size - off
	}
	return word, 8 * off
}

// ones returns as many set bits as T has.
func ones[T any](x T) uint32 { return 1<<(8*unsafe.Sizeof(x)) - 1 }

// small returns the bits of a T of 1 or 2 bytes, shifted.
func small[T any](x T, shift uintptr) uint32 {
	if unsafe.Sizeof(x) == 2 {
		return uint32(*(*uint16)(unsafe.Pointer(&x))) << shift
	}
	return uint32(*(*uint8)(unsafe.Pointer(&x))) << shift
}

// bits64 and bits32 return the bits of a T of that size.
func bits64[T any](x T) (w uint64) {
	*(*T)(unsafe.Pointer(&w)) = x
	return w
}

func bits32[T any](x T) (w uint32) {
	*(*T)(unsafe.Pointer(&w)) = x
	return w
}
