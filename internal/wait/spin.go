package wait

import (
	"runtime"
	"sync/atomic"
	"time"
)

// SpinFor is how long a side polls before it sleeps. A wake-up on another core costs
// some 30 µs; spinning much longer than that wastes more than it saves.
const SpinFor = 40 * time.Microsecond

// CanSpin reports whether spinning can pay at all: on one core the other
// side cannot run meanwhile.
func CanSpin() bool { return cores > 1 }

var cores = runtime.NumCPU() // what the process may use, at its start

// lookAfter is how long a side polls before it looks where the other one runs.
const lookAfter = 2 * time.Microsecond

// Until polls cond for at most d and reports whether it became true.
func Until(cond func() bool, d time.Duration) bool {
	ok, _ := until(nil, cond, d)
	return ok
}

// until is Until for sides that tell each other where they run. late says that
// it took longer than d all the same: somebody else had the processor.
func until(p *Place, cond func() bool, d time.Duration) (ok, late bool) {
	if cond() {
		return true, false
	}
	for start := time.Now(); ; {
		for range 64 {
			if cond() {
				return true, time.Since(start) > d
			}
		}
		switch t := time.Since(start); {
		case t > d:
			return false, true
		case t > lookAfter:
			p.apart()
		}
	}
}

// A Backoff makes spinning rarer the more often it was in vain: after n
// failures in a row, 2ⁿ-1 chances are let pass, at most 63. The zero value is
// ready. It may be used from several goroutines; it is only a heuristic.
type Backoff struct{ fails, skip atomic.Int32 }

// Spin polls cond for at most d, if it may this time, and reports whether it
// became true. p may be nil.
func (b *Backoff) Spin(p *Place, cond func() bool, d time.Duration) bool {
	if !b.Allow() {
		return false
	}
	ok, late := until(p, cond, d)
	b.Report(ok && !late)
	return ok
}

// Allow reports whether to spin this time.
func (b *Backoff) Allow() bool {
	if n := b.skip.Load(); n > 0 {
		b.skip.Store(n - 1)
		return false
	}
	return true
}

// Report tells how a spin ended.
func (b *Backoff) Report(success bool) {
	if success {
		if b.fails.Load() != 0 {
			b.fails.Store(0)
		}
		return
	}
	n := min(b.fails.Load()+1, 6)
	b.fails.Store(n)
	b.skip.Store(1<<n - 1)
}
