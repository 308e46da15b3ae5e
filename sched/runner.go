package sched

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A runner is one call of Run, Serve or RunPending.
//
// Of those that wait in one scheduler, the leader sleeps until the first event
// is due; the others, the followers, sleep until they are roused. Who takes an
// event to run it first makes a follower the next leader, by rousing it. So an
// event wakes one goroutine, however many wait, and only one sleeps on a clock.
//
// The rule that nothing is forgotten: while events wait, the scheduler is not
// paused and there are followers, there is a leader or some runner is awake
// that will look at the queue.
type runner struct {
	ctx     context.Context
	s       *Scheduler
	forever bool    // Serve
	own     int     // jobs whose action has called this one, and so does not end before it
	now     instant // when it last read the clock
	ran     uint    // events
	timer   *time.Timer

	// settable is whether the wall clock goes its own way. In the bubbles
	// of testing/synctest it does not: there is one clock only.
	settable bool

	waits bool          // it is the leader or a follower, or was until it was roused
	wake  chan struct{} // capacity 1; made when r first waits

	// What the Sleep of a Clock is given. It serves until r is roused from one,
	// since a simulation sleeps far more often than it is interrupted.
	sleep  context.Context
	cancel context.CancelCauseFunc
}

// never is a reading of the clock that makes every event seem far away.
var never = instant{minKey, minKey}

func newRunner(ctx context.Context, s *Scheduler, forever bool) *runner {
	r := &runner{ctx: ctx, s: s, forever: forever, now: never}
	for ev := Current(ctx); ev != nil; ev = Current(ev.run.ctx) {
		if ev.s == s && ev.job != nil {
			r.own++
		}
	}
	return r
}

// wait sleeps until r should look at the queue again: for the time left until
// the first event, or until it is roused, or until its context ends. It is
// called with s.mu held and returns without.
func (s *Scheduler) wait(r *runner, timed bool, left time.Duration) error {
	if r.wake == nil {
		r.wake = make(chan struct{}, 1)
	}
	r.waits = true
	if !timed || s.leader != nil {
		s.followers = append(s.followers, r)
		s.mu.Unlock()
		select {
		case <-r.wake:
		case <-r.ctx.Done():
		}
		return nil
	}
	s.leader = r
	if s.clock != nil {
		return s.sleepByClock(r, left) // unlocks
	}
	left = s.nap(r, left)
	s.mu.Unlock()
	if r.timer == nil {
		r.timer = time.NewTimer(left)
	} else {
		r.timer.Reset(left)
	}
	select {
	case <-r.timer.C:
	case <-r.wake:
		r.timer.Stop()
	case <-r.ctx.Done():
		r.timer.Stop()
	}
	return nil
}

// nap is how long to sleep at once of what is left. s.mu is held.
func (s *Scheduler) nap(r *runner, left time.Duration) time.Duration {
	if r.settable && len(s.queue.wall) > 0 {
		return min(left, recheck)
	}
	return left
}

// sleepByClock is the leader's wait with a Clock. It is called with s.mu held
// and returns without.
func (s *Scheduler) sleepByClock(r *runner, left time.Duration) error {
	if r.sleep == nil || r.sleep.Err() != nil {
		r.sleep, r.cancel = context.WithCancelCause(r.ctx)
	}
	s.mu.Unlock()
	err := s.clock.Sleep(r.sleep, left)
	switch {
	case err == nil:
		return nil
	case r.ctx.Err() != nil && errors.Is(err, r.ctx.Err()):
		return watch.Reason(r.ctx)
	case context.Cause(r.sleep) == errRoused && (errors.Is(err, context.Canceled) || errors.Is(err, errRoused)):
		return nil
	}
	return err
}

// leave ends a wait, before r looks at the queue. s.mu is held.
func (s *Scheduler) leave(r *runner) {
	r.waits = false
	if s.leader == r {
		s.leader = nil
	} else if i := slices.Index(s.followers, r); i >= 0 {
		s.followers = slices.Delete(s.followers, i, i+1)
	}
	select {
	case <-r.wake: // roused just now; all rousing is done under s.mu
	default:
	}
}

// end is deferred by those who may wait. If a Clock has failed or panicked, r
// has not looked at the queue since, so another one must.
func (r *runner) end() {
	if r.cancel != nil {
		r.cancel(nil)
	}
	if r.waits {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		r.s.leave(r)
		r.s.promote()
	}
}

// rouse makes r look at the queue. s.mu is held.
func (r *runner) rouse() {
	if r.s.leader == r && r.s.clock != nil {
		r.cancel(errRoused)
		return
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// rouse makes the leader look at the queue, or a follower if there is no
// leader. s.mu is held.
func (s *Scheduler) rouse() {
	if s.leader != nil {
		s.leader.rouse()
		return
	}
	s.promote()
}

// promote rouses the longest waiting follower if somebody must look at the
// queue. s.mu is held.
func (s *Scheduler) promote() {
	if s.leader != nil || len(s.followers) == 0 || s.paused || s.queue.empty() {
		return
	}
	r := s.followers[0]
	s.followers = slices.Delete(s.followers, 0, 1)
	r.rouse()
}

// checkIdle rouses those who are in Run if no events are left, so that they can
// return. s.mu is held.
func (s *Scheduler) checkIdle() {
	if !s.queue.empty() {
		return
	}
	if s.leader != nil && !s.leader.forever {
		s.leader.rouse()
	}
	for _, r := range s.followers {
		if !r.forever {
			r.rouse()
		}
	}
}
