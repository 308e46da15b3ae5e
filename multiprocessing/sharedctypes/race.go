//go:build race

package sharedctypes

import (
	"sync/atomic"
	"unsafe"
)

// The race detector does not look at memory that is shared with other
// processes, so it does not see that what comes before a store comes before
// what follows the load. It is told here, by words of the heap.
var ordered [256]atomic.Uint32

func released(p unsafe.Pointer) { ordered[uintptr(p)>>3&255].Add(1) }
func acquired(p unsafe.Pointer) { ordered[uintptr(p)>>3&255].Load() }
