package sched

import "time"

// An Interval is the [Schedule] of something that is done again and again, as in
// Repeat(sched.Interval(5*time.Second), …). It does not drift: the times are
// those of a beat that starts when the job does, whatever the runs take.
//
// It follows the clock of the times it is given: with the system's that is the
// monotonic one, so setting the clock does not disturb it.
type Interval time.Duration

// Next is t plus the interval.
func (i Interval) Next(t time.Time) time.Time { return t.Add(time.Duration(i)) }

// String is the duration, as in "5s".
func (i Interval) String() string { return time.Duration(i).String() }
