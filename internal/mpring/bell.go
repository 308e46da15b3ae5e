package mpring

import (
	"sync/atomic"

	"github.com/conexgo/conex/internal/futex"
)

// A Bell is a word in shared memory that processes sleep on. Its low bits say
// that somebody may be asleep.
type Bell struct{ w *atomic.Uint32 }

const (
	armed     = 3
	everybody = 1 << 30
)

// Arm says that the caller, who has the given reason (1, 2 or both), is going to
// sleep. It returns what to wait for with package futex, once the caller has
// looked again.
func (b Bell) Arm(reason uint32) uint32 {
	for {
		w := b.w.Load()
		if w&reason == reason || b.w.CompareAndSwap(w, w|reason) {
			return w | reason
		}
	}
}

// Word is what to wait for.
func (b Bell) Word() *atomic.Uint32 { return b.w }

// Ring wakes n sleepers at most. While there are none it is one load.
func (b Bell) Ring(n int) {
	if b.w.Load()&armed != 0 {
		b.ring(n)
	}
}

func (b Bell) ring(n int) {
	for {
		w := b.w.Load()
		if w&armed == 0 {
			return
		}
		if !b.w.CompareAndSwap(w, (w+armed+1)&^armed) {
			continue
		}
		// Who arms from here on is seen by the next who rings. Of those who were
		// asleep some still are if all n were there.
		if futex.Wake(b.w, n) == n {
			b.w.Or(w & armed)
		}
		return
	}
}

// Bump makes all who sleep look again, whatever they wait for.
func (b Bell) Bump() {
	b.w.Add(armed + 1)
	futex.Wake(b.w, everybody)
}
