package sched

import (
	"context"
	"runtime"
	"time"
)

// A Clock tells a [Scheduler] the time and how to wait for it: the timefunc and
// delayfunc of Python's scheduler. A Scheduler without one uses the system's,
// which is right for nearly everything; tests are easier with testing/synctest
// than with a clock of their own. A Clock is for simulations, whose time runs
// as fast as it can be computed, and for sources of time outside the system.
//
// Its methods are called by every goroutine that runs events or enters them,
// and without any lock, so they may in turn use the scheduler.
type Clock interface {
	// Now is the present time. Its wall clock reading counts; a monotonic
	// one is ignored.
	Now() time.Time

	// Sleep waits for d, or until ctx ends. It is called with the time that is
	// left until the first event. It may return early: it is called again as
	// long as the event is not due. It is called with 0 after each event, to let
	// others have their turn.
	//
	// When ctx ends Sleep should return its error. That happens when the context
	// given to Run ends, and also when an event was entered that comes earlier
	// than the one waited for, or there is none to wait for any more. A Sleep
	// that does not heed ctx delays all that until it returns, as in Python.
	//
	// Any other error ends the Run that called it, which returns it. No event is
	// lost by that.
	Sleep(ctx context.Context, d time.Duration) error
}

// recheck is how long the system's clock is slept by at most while an event
// waits for the wall clock. That may be set, and runs on while the computer is
// suspended and timers stand still.
const recheck = 30 * time.Second

// breath is how many events are run in a row before others on the processor get
// their turn. Go's scheduler sees to that by itself, but not more often than
// every 10 ms; to yield after each event costs as much as a small event.
const breath = 64

// yield lets others run after an event.
func (s *Scheduler) yield(r *runner) error {
	if s.clock != nil {
		return s.clock.Sleep(r.ctx, 0)
	}
	if r.ran++; r.ran%breath == 0 {
		runtime.Gosched()
	}
	return nil
}

// now is the time by the scheduler's clock. It has a monotonic reading only if
// that is the system's.
func (s *Scheduler) now() time.Time {
	if s.clock != nil {
		return s.clock.Now().Round(0)
	}
	return time.Now()
}
