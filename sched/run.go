package sched

import (
	"context"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// Run runs the events as they become due, and returns when none is left, nor a
// [Job] on its way to its next one. Events that are entered meanwhile count. It
// waits between events, and while the scheduler is paused.
//
// It returns the error of the first action that fails; see [Config].OnError.
// When ctx ends it returns an error that matches ctx's error and its cause, as
// soon as the action that runs has returned. Either way the other events stay,
// and a following Run goes on with them. With an ended ctx and an empty queue
// Run returns nil.
//
// No event is dropped: those that are late because others took long run as
// soon as they can, in their order. An event that is entered while Run sleeps
// and comes before the one slept for is noticed at once. (Python's looks after
// its sleep.) Likewise, Run returns when the last event is cancelled.
//
// Several goroutines may run one scheduler: then so many events run at a time,
// and start in order but may end in any. An action may call Run, too.
func (s *Scheduler) Run(ctx context.Context) error { return s.run(newRunner(ctx, s, false)) }

// Serve runs events like [Scheduler.Run], but waits for more when none is left,
// for programs that enter them as they go. It returns when ctx ends, with an
// error that matches ctx's error and its cause, or with the error of an action.
// Then it may be called again:
//
//	for ctx.Err() == nil {
//		if err := s.Serve(ctx); ctx.Err() == nil {
//			log.Print(err)
//		}
//	}
func (s *Scheduler) Serve(ctx context.Context) error { return s.run(newRunner(ctx, s, true)) }

// RunPending runs the events that are due, including those that become due
// meanwhile, and returns without waiting. Then next is the time left until the
// first event, and ok is true; ok is false if there is none, or the scheduler
// is paused. It is for programs with a main loop of their own.
//
// Errors are those of [Scheduler.Run]: if ctx has ended and an event is due it
// is not run. With an error next and ok are still right; next is 0 if a due
// event is left.
func (s *Scheduler) RunPending(ctx context.Context) (next time.Duration, ok bool, err error) {
	r := newRunner(ctx, s, false)
	for {
		ev, left := s.look(r)
		if ev == nil || left > 0 || err != nil {
			s.mu.Unlock()
			return max(left, 0), ev != nil, err
		}
		if ctx.Err() != nil {
			s.mu.Unlock()
			return 0, true, watch.Reason(ctx)
		}
		s.start(ev)
		s.mu.Unlock()
		err = s.perform(r, ev)
	}
}

// run is Run or Serve.
func (s *Scheduler) run(r *runner) error {
	defer r.end()
	for {
		ev, left := s.look(r)
		switch {
		case !r.forever && s.queue.empty() && s.busy <= r.own:
			s.mu.Unlock()
			return nil
		case r.ctx.Err() != nil:
			s.promote() // in case r was the one to look
			s.mu.Unlock()
			return watch.Reason(r.ctx)
		case ev == nil || left > 0:
			if err := s.wait(r, ev != nil, left); err != nil {
				return err
			}
		default:
			s.start(ev)
			s.promote()
			s.mu.Unlock()
			if err := s.perform(r, ev); err != nil {
				return err
			}
		}
	}
}

// look takes s.mu, ends r's wait, and returns the first event with the time left
// until it is due. It returns nil if there is none, or the scheduler is paused.
func (s *Scheduler) look(r *runner) (ev *Event, left time.Duration) {
	if s.clock != nil {
		now := s.clock.Now() // without the lock: it may use the scheduler
		s.mu.Lock()
		r.now = instant{wall: wallKey(now)}
	} else {
		s.mu.Lock()
	}
	if r.waits {
		s.leave(r)
	}
	if s.paused {
		return nil, 0
	}
	ev, left = s.queue.first(r.now)
	if s.clock == nil && left > 0 {
		// What was due when the clock was last read is due now, and reading
		// it costs as much as all the rest. Only here it must be fresh.
		t := time.Now()
		r.now, r.settable = instantOf(t), hasMono(t)
		ev, left = s.queue.first(r.now)
	}
	return ev, left
}

// start takes out an event that is about to run. s.mu is held.
func (s *Scheduler) start(ev *Event) {
	s.queue.remove(ev, started)
	if j := ev.job; j != nil {
		j.event = nil
		j.setBusy()
	}
	s.checkIdle()
}

// perform calls the action of an event.
func (s *Scheduler) perform(r *runner, ev *Event) (err error) {
	ev.run = r
	if ev.job != nil {
		err = ev.job.perform(ev)
	} else {
		err = ev.action((*eventContext)(ev))
	}
	if err != nil && s.onError != nil {
		err = s.onError(ev, err)
	}
	if err == nil {
		err = s.yield(r)
	}
	return err
}
