package threading

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/track"
	"github.com/conexgo/conex/internal/watch"
)

// A gate is what Lock, RLock and the semaphores have in common: a number of
// permits, and a line of goroutines that wait for one. It works as sync.Mutex
// does. A permit that is given back is free for whoever takes it first; if
// there is a line, its front is woken, but has to compete for the permit with
// those who run already. Not more than one is awake like that at a time, so
// that giving back is cheap however long the line is. Who loses goes back to
// the front, and once it has waited for a millisecond, permits are handed to
// the line directly.
//
// The zero value has one permit.
type gate struct {
	state atomic.Int64
	line  park.Queue
}

// The state: bits, and above them the number of free permits less one, so that
// it is negative exactly if no permit is free.
//
// While the line is not locked, these hold: waiting is set if and only if the
// line is not empty; if it is set and a permit is free, awake is set, too; if
// starving is set, so is waiting, and no permit is free.
const (
	awake    = 1 << iota // somebody runs who takes a free permit, or clears this and waits
	waiting              // somebody is in line
	starving             // permits are handed to the line
	tracked              // package track has a note of the holder
	permit               // one permit

	shift      = 4 // permit is 1 << shift
	maxPermits = 1 << 58
)

// patience is how long somebody in line lets others go first.
const patience = time.Millisecond

// spins is how often the state is looked at before going to sleep.
const spins = 4

// pause is how long that is, counted in nothings: without touching the state,
// so that whoever holds the permit is not slowed down.
const pause = 200

// handed is the park.Waiter's Val if it got a permit with its wake-up.
const handed = 1

// try takes a permit if one is free.
func (g *gate) try() bool {
	for {
		s := g.state.Load()
		if s < 0 {
			return false
		}
		if g.state.CompareAndSwap(s, s-permit) {
			return true
		}
	}
}

// acquire takes a permit, and waits for one, on behalf of obj, until ctx ends.
func (g *gate) acquire(ctx context.Context, obj any) error {
	var w *park.Waiter
	var since time.Time
	for on := false; ; {
		var ok bool
		if ok, on = g.spin(on); ok {
			break
		}
		if ctx.Err() != nil {
			if on && g.giveWay() {
				break
			}
			return watch.Reason(ctx)
		}
		slept := w != nil
		g.line.Lock()
		if !g.enter(on, slept && time.Since(since) > patience) {
			g.line.Unlock()
			continue
		}
		if slept {
			g.line.PushFront(w)
		} else {
			w, since = park.New(ctx), time.Now()
			g.line.PushBack(w)
		}
		if !g.line.Sleep(ctx, w, obj) {
			g.shorter()
			g.line.Unlock()
			return watch.Reason(ctx)
		}
		if w.Val == handed {
			if g.state.Load()&starving != 0 && time.Since(since) < patience {
				g.relax()
			}
			break
		}
		on = true
	}
	if w != nil {
		w.Free()
	}
	return nil
}

// spin tries to take a permit for a short while. on says whether the caller is
// the one awake. It makes itself that if there is a line and nobody is, so that
// nobody is woken in vain.
func (g *gate) spin(on bool) (ok, stillOn bool) {
	for i := 0; ; i++ {
		s := g.state.Load()
		switch {
		case s >= 0:
			if g.takeFrom(s, on) {
				return true, false
			}
			continue
		case s&starving != 0 || i >= spins || i == 0 && runtime.GOMAXPROCS(0) == 1:
			return false, on
		case !on && s&(waiting|awake) == waiting:
			on = g.state.CompareAndSwap(s, s|awake)
		}
		for range pause {
		}
	}
}

// takeFrom takes a permit if the state still is s, in which one is free. The
// one awake wakes another if more are left.
func (g *gate) takeFrom(s int64, on bool) bool {
	next := s - permit
	more := on && next >= 0 && s&waiting != 0
	if on && !more {
		next &^= awake
	}
	if !g.state.CompareAndSwap(s, next) {
		return false
	}
	if more {
		g.wakeFront()
	}
	return true
}

// giveWay is for the one awake whose context has ended. If a permit is free it
// takes it and reports so; if not, whoever gives one back wakes another.
func (g *gate) giveWay() bool {
	for {
		s := g.state.Load()
		if s >= 0 {
			if g.takeFrom(s, true) {
				return true
			}
		} else if g.state.CompareAndSwap(s, s&^awake) {
			return false
		}
	}
}

// enter is called, with the line locked, by somebody who is about to join it.
// It reports whether it may: not if a permit is free.
func (g *gate) enter(on, hungry bool) bool {
	for {
		s := g.state.Load()
		if s >= 0 {
			return false
		}
		next := s | waiting
		if on {
			next &^= awake
		}
		if hungry {
			next |= starving
		}
		if g.state.CompareAndSwap(s, next) {
			return true
		}
	}
}

// shorter is called, with the line locked, after somebody has left it.
func (g *gate) shorter() {
	if g.line.Empty() {
		g.state.And(^int64(waiting | starving))
	}
}

// relax ends that permits are handed to the line.
func (g *gate) relax() {
	g.line.Lock()
	g.state.And(^int64(starving))
	g.line.Unlock()
}

// wakeFront wakes who has waited longest. The caller has set awake.
func (g *gate) wakeFront() {
	g.line.Lock()
	w := g.line.Pop()
	if w == nil { // its context has ended
		g.state.And(^int64(awake))
		g.line.Unlock()
		return
	}
	g.shorter()
	g.line.Unlock()
	w.Wake()
}

// release gives back n permits, and reports whether it could: there must not be
// more than limit then.
func (g *gate) release(n, limit int64) bool {
	for {
		s := g.state.Load()
		if s>>shift+1+n > limit {
			return false
		}
		if s&starving != 0 {
			if n = g.handOver(n); n == 0 {
				return true
			}
			continue
		}
		next := s + n*permit
		wake := s&(waiting|awake) == waiting
		if wake {
			next |= awake
		}
		if g.state.CompareAndSwap(s, next) {
			if wake {
				g.wakeFront()
			}
			return true
		}
	}
}

// handOver gives up to n permits to the line, while it is starving, and
// returns how many are left.
func (g *gate) handOver(n int64) int64 {
	for n > 0 {
		g.line.Lock()
		if g.state.Load()&starving == 0 {
			g.line.Unlock()
			break
		}
		w := g.line.Pop()
		w.Val = handed
		g.shorter()
		g.line.Unlock()
		w.Wake()
		n--
	}
	return n
}

// note tells package track who has taken obj, whose gate g is.
func (g *gate) note(ctx context.Context, obj any) {
	track.Hold(ctx, obj, 3)
	g.state.Or(tracked)
}

// forget tells package track, if it was told that obj is held, that it is not.
func (g *gate) forget(obj any) {
	if g.state.Load()&tracked != 0 {
		g.state.And(^int64(tracked))
		track.Drop(obj)
	}
}
