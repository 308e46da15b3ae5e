package queue

import (
	"math/bits"
	"unsafe"
)

// spareBytes is the length of the longest arrays that are kept.
const spareBytes = 32 << 10

// sizeOf is the size of a T, or 1 if that is none.
func sizeOf[T any]() int {
	var v T
	return max(1, int(unsafe.Sizeof(v)))
}

// A spares keeps arrays for the next time, two of each size: merging two arrays
// makes one that is twice as long, so that soon nothing is allocated any more.
// They are as long as the powers of two, the n-th of which is at n.
type spares[T any] [][2][]T

// get returns an empty array with room for n items.
func (s spares[T]) get(n int) []T {
	k := bits.Len(uint(n - 1))
	if k < len(s) {
		for i, array := range s[k] {
			if array != nil {
				s[k][i] = nil
				return array
			}
		}
	}
	return make([]T, 1<<k)
}

// put takes an array that get has made.
func (s *spares[T]) put(array []T) {
	k := bits.Len(uint(len(array) - 1))
	if len(array)*sizeOf[T]() > spareBytes {
		return
	}
	for len(*s) <= k {
		*s = append(*s, [2][]T{})
	}
	for i, old := range (*s)[k] {
		if old == nil {
			clear(array)
			(*s)[k][i] = array
			return
		}
	}
}
