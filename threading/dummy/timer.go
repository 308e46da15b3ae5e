package dummy

import (
	"context"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A Timer is a thread that waits before it calls its function: see
// [threading.Timer], whose methods it has. The wait is Start's, so that nothing
// else happens meanwhile; in a bubble of testing/synctest it takes no time.
// Make one with [NewTimer].
//
// The zero value cannot be started: [ErrNotInitialized]. A Timer must not be
// copied. Its methods are safe for concurrent use.
type Timer struct {
	*Thread
	thread Thread
	wait   time.Duration

	mu    sync.Mutex
	phase timerPhase    // protected by mu
	stop  chan struct{} // protected by mu: closed by Cancel; nil while nobody waits
}

type timerPhase int

const (
	timerWaits timerPhase = iota // not started, or not fired
	timerFired
	timerCancelled
)

// NewTimer returns a timer that waits for d when it is started and then calls
// f, once. If d is not positive f is called at once. f may be nil.
func NewTimer(d time.Duration, f func(ctx context.Context) error, opts ...Option) *Timer {
	tm := &Timer{wait: d}
	tm.Thread = &tm.thread
	tm.thread.setUp(f, opts)
	return tm
}

// Start waits for the timer's time and calls its function, as [Thread.Start]
// does. If ctx ends before that, the function is not called, and the timer's
// Err is why ctx has ended. A timer that was cancelled before ends at once.
func (tm *Timer) Start(ctx context.Context) error {
	if tm.Thread == nil {
		return ErrNotInitialized
	}
	ctx, err := tm.enlist(ctx)
	if err != nil {
		return err
	}
	func() {
		defer tm.leave()
		fire, err := tm.sleep(ctx)
		if fire {
			tm.live(ctx)
		} else if err != nil {
			tm.setErr(err)
		}
	}()
	return interruption()
}

// Run waits for the timer's time and calls its function: see [Thread.Run]. If
// ctx ends first it returns an error that matches ctx's.
func (tm *Timer) Run(ctx context.Context) error {
	if tm.Thread == nil {
		return ErrNotInitialized
	}
	target, err := tm.claim()
	if err != nil {
		return err
	}
	fire, err := tm.sleep(ctx)
	if !fire || target == nil {
		return err
	}
	return target(ctx)
}

// sleep waits for the timer's time. It returns whether it has come, and why ctx
// has ended if that was first.
func (tm *Timer) sleep(ctx context.Context) (fire bool, err error) {
	stop := make(chan struct{})
	tm.mu.Lock()
	if tm.phase == timerCancelled {
		tm.mu.Unlock()
		return false, nil
	}
	tm.stop = stop
	tm.mu.Unlock()
	if tm.wait > 0 {
		timer := time.NewTimer(tm.wait)
		defer timer.Stop()
		if ended := tm.rest(ctx, timer.C, stop); ended && tm.settle(timerCancelled) {
			return false, watch.Reason(ctx)
		}
	}
	return tm.settle(timerFired), nil
}

// rest waits for one of the three. It returns whether it was ctx, and that
// alone: what comes first must not depend on luck.
func (tm *Timer) rest(ctx context.Context, fire <-chan time.Time, stop <-chan struct{}) (ended bool) {
	select {
	case <-fire:
	case <-stop:
	case <-ctx.Done():
		select {
		case <-fire:
		default:
			return true
		}
	}
	return false
}

// Cancel keeps the timer from calling its function, and reports whether it
// did: false if the function has been called already, and when the timer was
// cancelled before. It is for before Start; only another goroutine can call it
// while Start waits.
func (tm *Timer) Cancel() bool { return tm.Thread != nil && tm.settle(timerCancelled) }

// settle decides what becomes of a timer that waits. It returns false if that
// was decided before.
func (tm *Timer) settle(to timerPhase) bool {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	if tm.phase != timerWaits {
		return false
	}
	tm.phase = to
	if to == timerCancelled && tm.stop != nil {
		close(tm.stop)
	}
	return true
}

// String describes the timer as a [Thread] is described.
func (tm *Timer) String() string { return tm.describe("Timer") }
