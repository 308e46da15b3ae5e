package threading

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/track"
	"github.com/conexgo/conex/internal/watch"
)

// A gate is what Lock, RLock and the semaphores have in common: a number of
// permits, and a line of goroutines that wait for one.
//
// A permit that is given back is free for whoever takes it first. If there is a
// line, its front is woken, leaves it, and competes for the permit with those
// who run already; if it loses it goes back to the front. Only one is up like
// that at a time, and while one is, giving back is as cheap as if there were no
// line: that one sees to what is free. If it has not got a permit a millisecond
// after it first lost, it is starving: everybody who is in line then is handed
// a permit, one after the other.
//
// Nobody spins before going to sleep. On a lock that is held for nanoseconds
// it makes no difference that can be measured, since one goroutine at a time
// runs and finds it free; with a semaphore that carries signals it holds up the
// one that is to send them.
//
// The zero value has one permit.
type gate struct {
	state atomic.Int64
	line  park.Queue
	up    bool // protected by line: somebody is up
}

// The state: flags, and above them the number of free permits less one, so
// that it is negative exactly if no permit is free.
//
// Whenever the line is not locked: waiting is set if and only if the line is
// not empty and nobody is up; if it is set, no permit is free; starving is not
// set without it.
const (
	waiting  = 1 << iota // who gives a permit back wakes the front of the line
	starving             // or rather hands it the permit
	tracked              // package track has a note of the holder
	permit               // one permit

	shift      = 3 // permit is 1 << shift
	maxPermits = 1 << 58
)

// patience is how long the front of the line lets others go first.
const patience = time.Millisecond

// handed is the Val of a park.Waiter that gets a permit with its wake-up.
const handed = 1

// free returns the number of free permits.
func (g *gate) free() int { return int(min(g.state.Load()>>shift+1, math.MaxInt)) }

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
// It is for when try has failed.
func (g *gate) acquire(ctx context.Context, obj any) error {
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	w := park.New(ctx)
	var lost time.Time // when it was woken in vain for the first time
	for up := false; ; up = true {
		end := up && ctx.Err() != nil
		hungry := !lost.IsZero() && time.Since(lost) > patience
		g.line.Lock()
		took, next := g.enter(up, end, hungry)
		if took || end {
			g.line.Unlock()
			if next != nil {
				next.Wake()
			}
			w.Free()
			if took {
				return nil
			}
			return watch.Reason(ctx)
		}
		if !up {
			g.line.PushBack(w)
		} else {
			g.line.PushFront(w)
			if lost.IsZero() {
				lost = time.Now()
			}
		}
		if hungry {
			g.line.Mark()
		}
		if !g.line.Sleep(ctx, w, obj) {
			g.shorter()
			g.line.Unlock()
			w.Free()
			return watch.Reason(ctx)
		}
		if w.Val == handed {
			w.Free()
			return nil
		}
	}
}

// enter takes a permit if one is free; if not, it prepares the state for the
// caller to go into the line, or, at its end, away. The line is locked. up says
// whether the caller is the one who is up, which it is no more then. If next is
// not nil it is up instead, and to be woken.
func (g *gate) enter(up, end, hungry bool) (took bool, next *park.Waiter) {
	for {
		s := g.state.Load()
		took = s >= 0
		to := s
		if took {
			to -= permit
		}
		if nobody := up || !g.up; nobody && (!g.line.Empty() || !took && !end) {
			if to >= 0 {
				if g.state.CompareAndSwap(s, to) {
					g.up = true
					return took, g.line.Pop()
				}
				continue
			}
			to |= waiting
			if hungry && !took && !end {
				to |= starving
			}
		}
		if g.state.CompareAndSwap(s, to) {
			g.up = g.up && !up
			return took, nil
		}
	}
}

// shorter is called, with the line locked, after somebody has left it.
func (g *gate) shorter() {
	if g.line.Empty() {
		g.state.And(^int64(waiting | starving))
	}
}

// release gives back n permits, and reports whether it could: there must not be
// more than limit then.
func (g *gate) release(n, limit int64) bool {
	for {
		s := g.state.Load()
		switch {
		case n > limit-(s>>shift+1):
			return false
		case s&waiting == 0:
			if g.state.CompareAndSwap(s, s+n*permit) {
				return true
			}
		default:
			if n = g.serve(n); n == 0 {
				return true
			}
		}
	}
}

// serve gives n permits back when somebody is waiting, and returns how many are
// still to be given back. It does one thing at a time, since the caller has to
// look at the state again after each.
func (g *gate) serve(n int64) int64 {
	g.line.Lock()
	s := g.state.Load()
	to, free := s&^waiting+n*permit, n
	if s&starving != 0 {
		to, free = s, 1
	}
	if s&waiting == 0 || !g.state.CompareAndSwap(s, to) {
		g.line.Unlock()
		return n
	}
	w := g.line.Pop()
	if s&starving == 0 {
		g.up = true
	} else {
		w.Val = handed
		if g.shorter(); !g.line.Marked() {
			g.state.And(^int64(starving))
		}
	}
	g.line.Unlock()
	w.Wake()
	return n - free
}

// note tells package track who has taken obj, whose gate g is.
func (g *gate) note(ctx context.Context, obj any) {
	track.Hold(ctx, obj, 1)
	g.state.Or(tracked)
}

// forget tells package track, if it was told that obj is held, that it is not.
func (g *gate) forget(obj any) {
	if g.state.Load()&tracked != 0 {
		g.state.And(^int64(tracked))
		track.Drop(obj)
	}
}
