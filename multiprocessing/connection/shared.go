package connection

import (
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/handle"
)

// A shared is what this process has of a pipe's memory, which is common to all
// Connections of the process that are ends of that pipe.
//
// Layout:
//
//	  0  u32  how often a Connection of side 0 was closed
//	 64  u32  the same of side 1
//	128  i32  where side 0 runs, for package wait
//	192  i32  where side 1 runs
//	256       the lane to side 0, and the one to side 1 unless it goes one way
type shared struct {
	block  *handle.Block
	closes [2]*atomic.Uint32
	core   [2]*atomic.Int32
	lanes  [2]lane // to side 0, to side 1
	n      int     // how many there are
}

const (
	pipeHeader = 256

	// ringSize is the room for messages in one direction: less than a core's
	// second cache, and several messages of 64 KiB.
	ringSize = 256 << 10

	// mostLarge is how many bytes of messages that are too large for the ring
	// may wait before the next one does.
	mostLarge = 2 << 20
)

func pipeSize(lanes int) int { return pipeHeader + lanes*(laneHeader+ringSize) }

// openShared is the make function of pipes.
func openShared(b *handle.Block, lanes int) *shared {
	mem := b.Mem()
	s := &shared{block: b, n: lanes}
	for i := range 2 {
		s.closes[i] = (*atomic.Uint32)(unsafe.Pointer(&mem[64*i]))
		s.core[i] = (*atomic.Int32)(unsafe.Pointer(&mem[128+64*i]))
	}
	for i := range lanes {
		at := pipeHeader + i*(laneHeader+ringSize)
		s.lanes[i].init(mem[at : at+laneHeader+ringSize : at+laneHeader+ringSize])
	}
	return s
}

// pipes are those of this process.
var pipes handle.Locals[shared]
