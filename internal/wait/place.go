package wait

import (
	"sync/atomic"
	"time"
)

// A Place is where the two sides of a conversation run, as far as they have
// said: two words in memory that they share.
//
// The kernel likes to put whom we have just woken on our own core. Then
// polling only keeps it from running. Who finds both sides on one core yields,
// so that they take turns; and the mover moves away, once in a while. The
// kernel would do that too, but not soon.
type Place struct {
	Mine, Theirs *atomic.Int32 // 1 + the core; 0: unknown
	Mover        bool

	moved time.Time
}

// moveEvery is how often a side moves at most.
const moveEvery = 10 * time.Millisecond

// apart says where this side is, and gives way if the other one is there too.
func (p *Place) apart() {
	if p == nil {
		return
	}
	here := int32(core() + 1)
	p.Mine.Store(here)
	if here == 0 || p.Theirs.Load() != here {
		return
	}
	if now := time.Now(); p.Mover && now.Sub(p.moved) > moveEvery {
		p.moved = now
		leave(int(here - 1))
		return
	}
	yield()
}

// Mark says in word where the caller runs, for sides that do not spin
// themselves: it is the other side's Theirs.
func Mark(word *atomic.Int32) {
	if CanSpin() {
		word.Store(int32(core() + 1))
	}
}
