package sched

import (
	"sync"
	"time"
)

// A Scheduler holds events and runs each when its time has come, on the
// goroutines that call [Scheduler.Run], [Scheduler.Serve] or
// [Scheduler.RunPending]. It has none of its own.
//
// The zero Scheduler is empty, uses the system's clock, and is ready to use. A
// Scheduler must not be copied after first use. Its methods are safe for
// concurrent use; only Run and Serve block.
//
// In the terms of the Go memory model, what happens before an event is entered
// synchronizes before its action, and the action before the return of the Run
// that ran it. A run of a [Job] synchronizes before its next one. A Cancel that
// returned nil, or [Job.Cancel] outside a run, means that the action will not
// be called.
type Scheduler struct {
	clock   Clock                            // nil: the system's
	onError func(ev *Event, err error) error // nil: stop

	mu        sync.Mutex
	queue     queue     // protected by mu, as is what follows
	seq       uint64    // of the next event
	busy      int       // jobs between two of their events: they run, or look for their next time
	paused    bool      // see Pause
	leader    *runner   // sleeps until the first event is due
	followers []*runner // wait for their turn, the longest first
}

// Enter enters an event that is due in d, with the given priority, and returns
// it. A negative d means that it is overdue.
//
// The time is worked out at once. So of two events that are entered one after
// the other with the same d the first is due a little earlier, and priorities
// have no say; use [Scheduler.EnterAbs] for events of the same time.
//
// Enter fails only if action is nil, with [ErrNilAction]: calls with a function
// that is not may ignore the error. It does not block.
func (s *Scheduler) Enter(d time.Duration, priority int, action Action) (*Event, error) {
	return s.EnterAbs(s.now().Add(d), priority, action)
}

// EnterAbs enters an event that is due at t. Among events of the same time
// those with lower priorities run first, and equal ones in the order in which
// they were entered. A time in the past is as good as any: such events run as
// soon as possible, in the same order.
//
// With the system's clock, a t that has a monotonic clock reading, as from
// [time.Now] and [time.Time.Add], waits for that clock. A t without, as from
// [time.Date] and [time.Parse], waits for the wall clock: if that is set, or
// the computer was suspended, the event runs at the right time of day, give or
// take half a minute.
//
// Errors are those of [Scheduler.Enter].
func (s *Scheduler) EnterAbs(t time.Time, priority int, action Action) (*Event, error) {
	if action == nil {
		return nil, ErrNilAction
	}
	ev := s.newEvent(t, priority, action)
	s.mu.Lock()
	s.enter(ev)
	s.mu.Unlock()
	return ev, nil
}

// newEvent makes an event that is not queued yet.
func (s *Scheduler) newEvent(t time.Time, priority int, action Action) *Event {
	wall := s.clock != nil || !hasMono(t)
	if wall {
		t = t.Round(0) // which a Clock may have
	}
	return &Event{at: t, prio: priority, action: action, s: s, wall: wall}
}

// enter queues a new event. s.mu is held.
func (s *Scheduler) enter(ev *Event) {
	ev.seq = s.seq
	s.seq++
	if s.queue.add(ev) {
		s.rouse()
	}
}

// Cancel takes an event out of the queue: its action will not be called. If
// the event has started, was cancelled before, belongs to another scheduler or
// is nil, the error matches [ErrNotQueued] and nothing changes. To cancel the
// event of a job is to cancel the job. It does not block.
func (s *Scheduler) Cancel(ev *Event) error {
	switch {
	case ev == nil:
		return errNilEvent
	case ev.s != s:
		return errForeign
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev.index {
	case started:
		return errStarted
	case cancelled:
		return errCancelled
	}
	s.queue.remove(ev, cancelled)
	if ev.job != nil {
		ev.job.event, ev.job.ended = nil, true
	}
	s.checkIdle()
	return nil
}

// Empty reports whether no events wait. One that runs does not wait.
func (s *Scheduler) Empty() bool { return s.Len() == 0 }

// Len is the number of events that wait.
func (s *Scheduler) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.len()
}

// Queue returns the events that wait, in the order in which they will run. The
// slice is the caller's. It takes time in proportion to n log n.
func (s *Scheduler) Queue() []*Event {
	now := instantOf(s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.sorted(now)
}
