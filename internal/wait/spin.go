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

// yieldAfter is how long Until polls before it offers the processor to others
// between two looks.
const yieldAfter = 2 * time.Microsecond

// Until polls cond for at most d and reports whether it became true.
//
// The side that is waited for may be on the same core: the kernel likes to put
// there whom we have just woken. Then polling alone would only keep it from
// running; yielding lets the two take turns, until the kernel notices that
// another core is idle and moves one of them.
func Until(cond func() bool, d time.Duration) bool {
	if cond() {
		return true
	}
	for start := time.Now(); ; {
		for range 64 {
			if cond() {
				return true
			}
		}
		switch t := time.Since(start); {
		case t > d:
			return false
		case t > yieldAfter:
			yield()
		}
	}
}

// A Backoff makes spinning rarer the more often it was in vain: after n
// failures in a row, 2ⁿ-1 chances are let pass, at most 63. The zero value is
// ready. It may be used from several goroutines; it is only a heuristic.
type Backoff struct{ fails, skip atomic.Int32 }

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
