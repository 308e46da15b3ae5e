package threading

import (
	"context"
	"time"

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
	Thread
	wait time.Duration

	// What follows is protected by the registry's lock.
	phase timerPhase
	timer *time.Timer // nil: not started
	undo  func() bool // what ends with the wait; nil: nothing
}

type timerPhase int

const (
	timerWaits timerPhase = iota // not started, or not fired
	timerEarly                   // fired before Start was done
	timerFired
	timerCancelled
)

// NewTimer returns a timer that calls f, once, d after its Start. If d is not
// positive f is called at once. f may be nil.
func NewTimer(d time.Duration, f func(ctx context.Context) error, opts ...Option) *Timer {
	tm := &Timer{wait: d}
	tm.setUp(f, opts)
	return tm
}

// Start starts the timer, as [Thread.Start] does a thread. If ctx ends while
// it waits, the timer ends without calling its function, and its Err is why
// ctx has ended. A timer that was cancelled before ends at once.
func (tm *Timer) Start(ctx context.Context) error {
	if err := tm.startable(); err != nil {
		return err
	}
	var s start
	tm.prepare(ctx, &s)
	timer := time.AfterFunc(tm.wait, tm.fire)
	registry.mu.Lock()
	err := tm.enlist(&s)
	if err != nil {
		registry.mu.Unlock()
		timer.Stop()
		return s.fail(err)
	}
	tm.timer = timer
	switch tm.phase {
	case timerCancelled:
		tm.leaveUncalled()
		return nil
	case timerEarly:
		tm.phase = timerFired
		registry.mu.Unlock()
		go tm.live()
		return nil
	}
	registry.mu.Unlock()
	if ctx.Done() != nil {
		tm.heed(ctx)
	}
	return nil
}

// heed makes the end of ctx the end of the wait.
func (tm *Timer) heed(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		registry.mu.Lock()
		if !tm.settle(timerCancelled) {
			registry.mu.Unlock()
			return
		}
		tm.more().err = watch.Reason(ctx)
		tm.leaveUncalled()
	})
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if tm.phase == timerWaits {
		tm.undo = stop
	} else {
		stop()
	}
}

// Cancel keeps the timer from calling its function, and reports whether it
// did: false if the function has been called already, or is about to, and when
// the timer was cancelled before. A timer that was not started yet will end as
// soon as it is. Cancel does not wait for anything.
func (tm *Timer) Cancel() bool {
	if tm.number == 0 {
		return false
	}
	registry.mu.Lock()
	did := tm.settle(timerCancelled)
	if did && tm.timer != nil {
		tm.leaveUncalled()
		return true
	}
	registry.mu.Unlock()
	if did {
		tm.unwait()
	}
	return did
}

// settle decides what becomes of a timer that waits. It returns false if that
// was decided before. The caller holds the registry's lock.
func (tm *Timer) settle(to timerPhase) bool {
	if tm.phase != timerWaits {
		return false
	}
	tm.phase = to
	return true
}

// unwait calls undo, which may lock contexts: after settle, without the lock.
func (tm *Timer) unwait() {
	if tm.undo != nil {
		tm.undo()
	}
}

// leaveUncalled ends a timer that is alive and will not call its function. It
// is called with the registry's lock held and unlocks it.
func (tm *Timer) leaveUncalled() {
	joiners := registry.remove(&tm.Thread)
	registry.mu.Unlock()
	tm.timer.Stop()
	tm.unwait()
	if x := tm.extra.Load(); x != nil && x.cancel != nil {
		x.cancel(nil)
	}
	wake(joiners)
}

// fire is called when the time has come, in a goroutine of its own.
func (tm *Timer) fire() {
	registry.mu.Lock()
	fired := false
	if tm.timer != nil {
		fired = tm.settle(timerFired)
	} else if tm.state.Load() == stateNew {
		tm.settle(timerEarly)
	}
	registry.mu.Unlock()
	if fired {
		tm.unwait()
		tm.live()
	}
}

// Run waits for the timer's time and calls its function, in the caller's
// goroutine: see [Thread.Run]. If ctx ends first it returns an error that
// matches ctx's. Cancel ends the wait, too, and Run returns nil then.
func (tm *Timer) Run(ctx context.Context) error {
	target, err := tm.claim()
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	registry.mu.Lock()
	if tm.phase == timerCancelled {
		close(stop)
	} else {
		tm.undo = func() bool { close(stop); return true }
	}
	registry.mu.Unlock()
	timer := time.NewTimer(tm.wait)
	defer timer.Stop()
	to := timerFired
	select {
	case <-timer.C:
	case <-stop:
		return nil
	case <-ctx.Done():
		to = timerCancelled
	}
	registry.mu.Lock()
	did := tm.settle(to)
	registry.mu.Unlock()
	switch {
	case !did: // cancelled at the last moment
		return nil
	case to == timerCancelled:
		return watch.Reason(ctx)
	case target == nil:
		return nil
	}
	return target(ctx)
}

// String describes the timer as a [Thread] is described.
func (tm *Timer) String() string { return tm.describe("Timer") }
