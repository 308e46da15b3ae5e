package threading

import (
	"context"
	"time"

	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/watch"
)

// A Timer is a thread that waits before it calls its function: it has a name,
// can be joined, and is alive from Start until the function has returned or
// the timer was cancelled. Make one with [NewTimer].
//
// While it waits it has no goroutine, only a time.Timer. Use that itself, or
// time.AfterFunc, where the rest of a thread is not needed.
//
// The zero value cannot be started: [ErrNotInitialized]. A Timer must not be
// copied. Its methods are safe for concurrent use.
type Timer struct {
	*Thread
	thread Thread
	wait   time.Duration

	// What follows is protected by the lock of joiners.
	phase timerPhase
	timer *time.Timer    // nil: not started
	undo  func()         // what ends with the wait; nil: nothing
	vars  inherit.Values // of the starter: the thread gets a copy when it runs
}

type timerPhase int

const (
	timerWaits timerPhase = iota // not started, or not fired
	timerFired
	timerCancelled
)

// NewTimer returns a timer that calls f, once, d after its Start. If d is not
// positive f is called at once. f may be nil.
func NewTimer(d time.Duration, f func(ctx context.Context) error, opts ...Option) *Timer {
	tm := &Timer{wait: d}
	tm.Thread = &tm.thread
	tm.thread.setUp(f, opts)
	return tm
}

// Start starts the timer, as [Thread.Start] does a thread. If ctx ends while
// it waits, the timer ends without calling its function, and its Err is why
// ctx has ended. A timer that was cancelled before ends at once.
func (tm *Timer) Start(ctx context.Context) error {
	if tm.Thread == nil {
		return ErrNotInitialized
	}
	tm.joiners.Lock()
	if err := tm.enlist(ctx, ctx); err != nil {
		tm.joiners.Unlock()
		return err
	}
	if tm.phase == timerCancelled {
		tm.joiners.Unlock()
		tm.leave()
		return nil
	}
	tm.vars = inherit.TakeOrEmpty(ctx)
	tm.timer = time.AfterFunc(tm.wait, tm.fire)
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() {
			if did, _ := tm.settle(timerCancelled); did {
				tm.more().err = watch.Reason(ctx)
				tm.leave()
			}
		})
		tm.undo = func() { stop() }
	}
	tm.joiners.Unlock()
	return nil
}

// Cancel keeps the timer from calling its function, and reports whether it
// did: false if the function has been called already, or is about to, and when
// the timer was cancelled before. A timer that was not started yet will end as
// soon as it is. Cancel does not wait for anything.
func (tm *Timer) Cancel() bool {
	if tm.Thread == nil {
		return false
	}
	did, started := tm.settle(timerCancelled)
	if did && started {
		tm.leave()
	}
	return did
}

// settle decides what becomes of a timer that waits; started says whether it
// is alive meanwhile. It returns false if that was decided before.
func (tm *Timer) settle(to timerPhase) (did, started bool) {
	tm.joiners.Lock()
	defer tm.joiners.Unlock()
	if tm.phase != timerWaits {
		return false, false
	}
	tm.phase = to
	if tm.timer != nil {
		tm.timer.Stop()
	}
	if tm.undo != nil {
		tm.undo()
	}
	return true, tm.timer != nil
}

// fire is called when the time has come, in a goroutine of its own.
func (tm *Timer) fire() {
	did, _ := tm.settle(timerFired)
	if !did {
		return
	}
	if x := tm.extra.Load(); x == nil || x.vars == nil {
		tm.parent = tm.vars.Give(tm.parent)
	}
	tm.live()
}

// Run waits for the timer's time and calls its function, in the caller's
// goroutine: see [Thread.Run]. If ctx ends first it returns an error that
// matches ctx's. Cancel ends the wait, too, and Run returns nil then.
func (tm *Timer) Run(ctx context.Context) error {
	if tm.Thread == nil {
		return ErrNotInitialized
	}
	target, err := tm.claim()
	if err != nil {
		return err
	}
	tm.joiners.Lock()
	stop := make(chan struct{})
	if tm.phase == timerCancelled {
		close(stop)
	} else {
		tm.undo = func() { close(stop) }
	}
	tm.joiners.Unlock()
	timer := time.NewTimer(tm.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop:
		return nil
	case <-ctx.Done():
		tm.settle(timerCancelled)
		return watch.Reason(ctx)
	}
	if did, _ := tm.settle(timerFired); !did || target == nil {
		return nil
	}
	return target(ctx)
}

// String describes the timer as a [Thread] is described.
func (tm *Timer) String() string { return tm.describe("Timer") }
