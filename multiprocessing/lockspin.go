package multiprocessing

import (
	"sync/atomic"

	"github.com/conexgo/conex/internal/wait"
)

// A raceOrder tells the race detector what it cannot see, because it happens in
// memory that is not Go's: what one goroutine did before its call comes before
// what another one of this process does after its own.
type raceOrder struct{ n atomic.Uint32 }

func (r *raceOrder) mark() {
	if raceEnabled {
		r.n.Add(1)
	}
}

// A spinner is how a process polls shared memory for a moment before it sleeps:
// one goroutine at a time, for more would take the processor from those they
// wait for, and seldom where it was in vain the last times.
type spinner struct {
	busy    atomic.Bool
	backoff wait.Backoff
	place   wait.Place // protected by busy
}

// init tells where in shared memory the two sides say on which core they run:
// those who wait in mine, those who wake in theirs.
func (s *spinner) init(mine, theirs *atomic.Int32) {
	s.place = wait.Place{Mine: mine, Theirs: theirs, Mover: true}
}

// until polls cond, if that may help, and reports whether it became true.
func (s *spinner) until(cond func() bool) bool {
	if !wait.CanSpin() || !s.busy.CompareAndSwap(false, true) {
		return false
	}
	defer s.busy.Store(false)
	return s.backoff.Spin(&s.place, cond, wait.SpinFor)
}
