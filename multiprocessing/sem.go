package multiprocessing

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/threading"
)

// sharedSem is a semaphore's memory. The first line of it is written all the
// time, the slots only when processes take turns.
type sharedSem struct {
	word    atomic.Uint64
	bell    atomic.Uint32 // changes when sleepers are to look again: what they sleep on
	asleep  atomic.Uint32 // not 0: somebody may sleep
	initial uint32        // does not change
	kind    uint32        // does not change
	waiter  atomic.Int32  // where the last one ran who polled
	waker   atomic.Int32  // where the last one ran who woke somebody
	_       [32]byte

	slots [lastSlot + 1]account // by tenant; the first is of all processes beyond the others
}

// The kinds of semaphores. Memory that was never one has none.
const (
	kindSemaphore = 0x5e3a0001
	kindBounded   = 0x5e3a0002
)

// A sem is what a process has of a semaphore: Semaphore and BoundedSemaphore
// are thin.
type sem struct {
	block *handle.Block
	mem   *sharedSem
	layout
	bounded bool
	most    uint64        // a release must not make the value greater
	slot    atomic.Uint32 // ours, or noSlot

	mu     sync.Mutex // held to find a slot
	spin   spinner
	turn   futex.Turn    // who has it sleeps on the bell
	lookAt atomic.Uint32 // the slot where settle goes on

	self  peer.ID
	alive func(peer.ID) bool // peer.ID.Alive, but in tests
	step  func()             // nil, but in tests: called between the steps of an operation
	order atomic.Uint32      // for the race detector
}

var sems handle.Locals[sem]

// newSem makes a semaphore in new memory.
func newSem(value int, kind uint32) (*sem, error) {
	switch {
	case value < 0:
		return nil, fmt.Errorf("%w: %d", threading.ErrNegativeValue, value)
	case value > maxPermits:
		return nil, tooMany(value)
	}
	b, err := newBlock(int(unsafe.Sizeof(sharedSem{})))
	if err != nil {
		return nil, err
	}
	mem := (*sharedSem)(unsafe.Pointer(&b.Mem()[0]))
	mem.initial, mem.kind = uint32(value), kind
	l := newLayout(value)
	mem.word.Store(l.first())
	return localSem(b, kind)
}

func tooMany(value int) error {
	return fmt.Errorf("%w: %d, processes can share %d", threading.ErrTooManyPermits, value, maxPermits)
}

var errFull = fmt.Errorf("%w: there are %d already", threading.ErrTooManyPermits, maxPermits)

// localSem returns this process's side of the semaphore in b.
func localSem(b *handle.Block, kind uint32) (*sem, error) {
	s, err := sems.Get(b, func() (*sem, error) {
		mem := (*sharedSem)(unsafe.Pointer(&b.Mem()[0]))
		if mem.kind != kind || mem.initial > maxPermits {
			return nil, ErrCorrupt
		}
		return openSem(b, mem, peer.Self(), peer.ID.Alive), nil
	})
	if err == nil && s.bounded != (kind == kindBounded) {
		return nil, ErrCorrupt
	}
	return s, err
}

func openSem(b *handle.Block, mem *sharedSem, self peer.ID, alive func(peer.ID) bool) *sem {
	s := &sem{block: b, mem: mem, layout: newLayout(int(mem.initial)), most: maxPermits, self: self, alive: alive}
	if mem.kind == kindBounded {
		s.bounded, s.most = true, s.initial
	}
	s.slot.Store(noSlot)
	s.spin.init(&mem.waiter, &mem.waker)
	return s
}

// append and readSem are for AppendHandle and ReadHandle.
func (s *sem) append(e *codec.Encoder) error {
	if s == nil {
		return errZeroLock
	}
	return s.block.Append(e)
}

func readSem(d *codec.Decoder, kind uint32) (*sem, error) {
	b, err := readBlock(d, int(unsafe.Sizeof(sharedSem{})))
	if err != nil {
		return nil, err
	}
	return localSem(b, kind)
}

// try takes a permit if there is one.
func (s *sem) try() (bool, error) {
	if s == nil {
		return false, errZeroLock
	}
	w := s.mem.word.Load()
	if value := s.valueOf(w); uint32(tenantOf(w)) == s.slot.Load() && value != 0 && value+s.balanceOf(w) <= s.initial {
		if s.mem.word.CompareAndSwap(w, w+s.take) {
			if raceEnabled {
				s.order.Load()
			}
			return true, nil
		}
	}
	return s.trySlow()
}

// release adds a permit.
func (s *sem) release() error {
	if s == nil {
		return errZeroLock
	}
	if raceEnabled {
		s.order.Add(1)
	}
	w := s.mem.word.Load()
	if balance := s.balanceOf(w); uint32(tenantOf(w)) == s.slot.Load() && balance != 0 && balance+s.valueOf(w) <= s.initial {
		if s.mem.word.CompareAndSwap(w, w+s.give) {
			if s.mem.asleep.Load() != 0 {
				s.ring()
			}
			return nil
		}
	}
	return s.releaseSlow()
}

// value is the number of free permits, after those of the dead have returned. A
// word that makes no sense has none.
func (s *sem) value() int {
	if s == nil {
		return 0
	}
	s.settle(lastSlot)
	w := s.mem.word.Load()
	if !s.valid(w) {
		return 0
	}
	return int(s.free(w))
}

// locked reports whether value is 0.
func (s *sem) locked() bool {
	return s == nil || s.free(s.mem.word.Load()) == 0 && s.value() == 0
}
