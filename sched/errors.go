package sched

import (
	"errors"
	"fmt"
)

// Errors to be tested with errors.Is.
var (
	// ErrNotQueued: the event to be cancelled does not wait in this
	// scheduler. It has started, was cancelled before, or belongs to
	// another one; the error that matches says which.
	ErrNotQueued = errors.New("sched: event is not queued")

	// ErrNilAction: an event or a job needs an action.
	ErrNilAction = errors.New("sched: nil action; give it a func(context.Context) error")

	// ErrBadSchedule: a schedule is nil, or its Next does not move on.
	ErrBadSchedule = errors.New("sched: bad schedule")

	// ErrNeverDue: a schedule has no time at all, as that of the 30th of
	// February.
	ErrNeverDue = errors.New("sched: schedule is never due")

	// ErrBadGrace: the grace of [Skip] is not positive.
	ErrBadGrace = errors.New("sched: grace must be positive, since no run starts at the very instant of its time")
)

var (
	errNilEvent  = fmt.Errorf("%w: it is nil", ErrNotQueued)
	errForeign   = fmt.Errorf("%w: it belongs to another scheduler", ErrNotQueued)
	errStarted   = fmt.Errorf("%w: it has started", ErrNotQueued)
	errCancelled = fmt.Errorf("%w: it was cancelled", ErrNotQueued)

	// errRoused is the cause with which the sleep of a Clock is interrupted.
	errRoused = errors.New("sched: an event was entered that comes earlier")
)
