package sched

import (
	"fmt"
	"time"
)

// A Schedule says when a [Job] is due: Next returns the first time after t, or
// the zero Time if there is none. It is what parsers of cron expressions
// return; that of github.com/robfig/cron fits as it is.
//
// Next must be a function of t alone, and what it returns later than t. It is
// called without any lock, and for one job by one goroutine at a time.
//
// A schedule that computes with wall clock readings, as one for times of day
// must, returns times without a monotonic reading, such as come from
// [time.Date]; see [Scheduler.EnterAbs].
type Schedule interface {
	Next(t time.Time) time.Time
}

// next is schedule.Next, checked. The zero Time is the end.
func next(s Schedule, t time.Time) (time.Time, error) {
	n := s.Next(t)
	if !n.IsZero() && !n.After(t) {
		return time.Time{}, fmt.Errorf("%w: Next of %T (%v) after %v is %v; it must be later", ErrBadSchedule, s, s, t, n)
	}
	return n, nil
}

// maxSteps is how many times of a schedule are passed over one by one. A
// computer that starts in 1970 and is then told the time has missed many.
const maxSteps = 10_000

// through returns the last time of a schedule that is not after limit, starting
// with t, which is one, and how many times after t that is. When there are too
// many it counts no more and returns limit.
func through(s Schedule, t, limit time.Time) (last time.Time, steps int64, err error) {
	if i, ok := s.(Interval); ok {
		// At once, and on the beat however many there are.
		if d := limit.Sub(t); d > 0 {
			steps = int64(d / time.Duration(i))
		}
		return t.Add(time.Duration(i) * time.Duration(steps)), steps, nil
	}
	for last = t; ; steps++ {
		n, err := next(s, last)
		if err != nil || n.IsZero() || n.After(limit) {
			return last, steps, err
		}
		if last = n; steps == maxSteps {
			return limit, steps, nil
		}
	}
}
