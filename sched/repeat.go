package sched

import (
	"fmt"
	"time"
)

// Repeat makes a job of an action: it is run at each time of the schedule,
// beginning with the first one from now on. priority is that of its events.
//
// A job has one event in the queue, that of its next time, and none while it
// runs: it never runs twice at a time, however many goroutines run the
// scheduler. So times may pass before a run could start, because the last one
// took long, because other events did, because nobody was in Run, or because
// the computer slept. What happens to those is up to an option: by default one
// run stands for all of them, see [Coalesce]; with [Skip] they are left out,
// with [CatchUp] each is made up for. After a run the schedule goes on from the
// time that the run was for, not from when it ended.
//
// Setting the wall clock forward makes jobs that wait for it miss times. Setting
// it back does not repeat any: they wait until the clock is where it was.
// [Job.Pause] and [Job.Resume] start such a job from the clock as it is.
//
// The error matches [ErrNilAction], [ErrBadSchedule] if schedule is nil, does
// not move on or is an Interval that is not positive, [ErrNeverDue] if it has
// no time at all, or [ErrBadGrace]. A schedule that turns bad later ends its
// job; see [Config].OnError. Repeat does not block.
func (s *Scheduler) Repeat(schedule Schedule, priority int, action Action, opts ...RepeatOption) (*Job, error) {
	j := &Job{s: s, schedule: schedule, prio: priority, action: action, last: s.now()}
	if err := j.init(opts); err != nil {
		return nil, err
	}
	first, err := next(schedule, j.last)
	if err != nil {
		return nil, err
	}
	if first.IsZero() {
		return nil, fmt.Errorf("%w: %T (%v) has no time after %v", ErrNeverDue, schedule, schedule, j.last)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j.enter(first)
	return j, nil
}

// init checks what Repeat was given.
func (j *Job) init(opts []RepeatOption) error {
	if j.action == nil {
		return ErrNilAction
	}
	if j.schedule == nil {
		return fmt.Errorf("%w: it is nil", ErrBadSchedule)
	}
	if i, ok := j.schedule.(Interval); ok && i <= 0 {
		return fmt.Errorf("%w: an interval of %v; it must be positive", ErrBadSchedule, i)
	}
	for _, opt := range opts {
		if err := opt(j); err != nil {
			return err
		}
	}
	return nil
}

// A RepeatOption changes what [Scheduler.Repeat] does. Of several about missed
// times the last one counts.
type RepeatOption func(*Job) error

// missed is what is done about missed times.
type missed int

const (
	coalesce missed = iota
	catchUp
	skip
)

// Coalesce makes one run stand for all times that have passed when it can
// start; all but one count as missed. The event that is run has the first of
// these times. This is the default.
func Coalesce() RepeatOption {
	return func(j *Job) error {
		j.missed = coalesce
		return nil
	}
}

// CatchUp makes one run for each time, one after the other, however late. None
// is missed. A job whose runs take longer than its times are apart never gets
// there.
func CatchUp() RepeatOption {
	return func(j *Job) error {
		j.missed = catchUp
		return nil
	}
}

// Skip leaves out the runs that cannot start within grace of their time; they
// count as missed. Those within are run, one after the other. grace must be
// positive, since no run starts at the very instant of its time; less than an
// Interval keeps the runs on the beat.
func Skip(grace time.Duration) RepeatOption {
	return func(j *Job) error {
		if grace <= 0 {
			return fmt.Errorf("%w; it is %v", ErrBadGrace, grace)
		}
		j.missed, j.grace = skip, grace
		return nil
	}
}

// After starts the schedule from t instead of from now. With the time of the
// last run, that a program has stored before it ended, the job goes on as if
// the program had not: what was due meanwhile is overdue, or missed.
func After(t time.Time) RepeatOption {
	return func(j *Job) error {
		j.last = t
		return nil
	}
}
