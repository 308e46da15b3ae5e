package sched

import (
	"context"
	"errors"
	"time"
)

// A Job is an action that is run again and again, at the times of a
// [Schedule]. [Scheduler.Repeat] makes jobs. Its methods are safe for concurrent
// use, do not block, and may be called by its own action. The zero Job has
// ended. A Job must not be copied.
//
// A job ends when it is cancelled, or when its schedule has no more times. Until
// then the Run of its scheduler does not end, except while it is paused.
type Job struct {
	_        noCopy
	s        *Scheduler
	schedule Schedule
	prio     int
	action   Action
	missed   missed
	grace    time.Duration

	// What follows is protected by s.mu. A job is in one of four states:
	// it has an event in the queue; it is busy, that is, some goroutine runs it
	// or asks the schedule, which no other one does then; it is paused and
	// has neither; or it has ended.
	event  *Event
	busy   bool
	paused bool
	ended  bool
	last   time.Time // the schedule is through up to here
	stats  JobStats
}

// Cancel ends the job. A run that has started goes on. It does nothing if the
// job has ended.
func (j *Job) Cancel() {
	if j.s == nil {
		return
	}
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	j.ended = true
	j.dequeue()
}

// Pause stops the job from being run until [Job.Resume]. A run that has started
// goes on. Times that pass meanwhile do not count as missed. Pausing twice is the
// same as once.
func (j *Job) Pause() {
	if j.s == nil {
		return
	}
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	j.paused = true
	j.dequeue()
}

// Resume ends a [Job.Pause]: the job goes on with the next time of its schedule,
// on the beat that it had. If that is the end of it, or the schedule turns out
// to be bad, the job ends. It does nothing if the job is not paused.
func (j *Job) Resume() {
	if j.s == nil {
		return
	}
	now := j.s.now()
	j.s.mu.Lock()
	resume := j.paused && !j.ended && !j.busy
	j.paused = false
	last := j.last
	if resume {
		j.setBusy()
	}
	j.s.mu.Unlock()
	if !resume {
		return // if it is busy, it goes on by itself
	}
	defer func() { _ = j.goOn(last) }()
	if last.After(now) {
		last = now // the clock was set back
	} else if l, _, err := through(j.schedule, last, now); err == nil {
		last = l
	}
}

// Next is the time of the next run. It is zero while the job runs, is paused, or
// has ended.
func (j *Job) Next() time.Time { return j.Stats().Next }

// Stats tells how the job has fared up to now.
func (j *Job) Stats() JobStats {
	if j.s == nil {
		return JobStats{Ended: true}
	}
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	stats := j.stats
	stats.Paused, stats.Ended = j.paused && !j.ended, j.ended
	if j.event != nil {
		stats.Next = j.event.at
	}
	return stats
}

// perform does what is to be done about an event of the job, which has become
// due and made the job busy, and enters the next one, also when the action
// panics.
func (j *Job) perform(ev *Event) (err error) {
	last := ev.at
	defer func() {
		if bad := j.goOn(last); err == nil {
			err = bad
		} else if bad != nil {
			err = errors.Join(err, bad)
		}
	}()
	last, run := j.assess(ev.at)
	if !run {
		return nil
	}
	return j.call((*eventContext)(ev))
}

// assess decides whether an event of the given time is run, and up to which
// time the schedule is through then. If the schedule turns out to be bad, goOn
// will say so.
func (j *Job) assess(at time.Time) (last time.Time, run bool) {
	last, run = at, true
	var missed int64
	switch j.missed {
	case coalesce:
		last, missed, _ = through(j.schedule, at, j.s.now())
	case skip:
		if limit := j.s.now().Add(-j.grace); at.Before(limit) {
			run = false
			last, missed, _ = through(j.schedule, at, limit.Add(-1))
			missed++
		}
	}
	if missed > 0 {
		j.s.mu.Lock()
		j.stats.Missed += missed
		j.s.mu.Unlock()
	}
	return last, run
}

// call calls the action and keeps count of it.
func (j *Job) call(ctx context.Context) (err error) {
	now := j.s.now()
	j.s.mu.Lock()
	j.stats.Running = true
	j.stats.Last = now
	j.s.mu.Unlock()
	failed := true // stays so if it panics
	defer func() {
		j.s.mu.Lock()
		defer j.s.mu.Unlock()
		j.stats.Running = false
		j.stats.Runs++
		j.stats.Err = err
		if failed {
			j.stats.Failed++
		}
	}()
	err = j.action(ctx)
	failed = err != nil
	return err
}

// goOn ends the job's being busy: with an event for the first time after last,
// or none if it was paused meanwhile. If there is no such time, or Next panics,
// the job ends.
func (j *Job) goOn(last time.Time) (err error) {
	var n time.Time
	defer func() {
		j.s.mu.Lock()
		defer j.s.mu.Unlock()
		j.busy = false
		j.s.busy--
		j.last = last
		switch {
		case j.ended:
		case n.IsZero():
			j.ended = true
		case !j.paused:
			j.enter(n)
		}
		j.s.checkIdle()
	}()
	n, err = next(j.schedule, last)
	return err
}

// setBusy makes the job the caller's, until goOn. j.s.mu is held.
func (j *Job) setBusy() {
	j.busy = true
	j.s.busy++
}

// enter queues the event for t. j.s.mu is held.
func (j *Job) enter(t time.Time) {
	j.event = j.s.newEvent(t, j.prio, j.action)
	j.event.job = j
	j.s.enter(j.event)
}

// dequeue takes the job's event out of the queue, if it is there. j.s.mu is
// held.
func (j *Job) dequeue() {
	if j.event != nil {
		j.s.queue.remove(j.event, cancelled)
		j.event = nil
		j.s.checkIdle()
	}
}
