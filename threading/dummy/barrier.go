package dummy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Barrier is a meeting point that is never waited at: see
// [threading.Barrier], whose methods it has. Whoever comes meets nobody, so
// that it is passed only if it is for one party.
//
// Make one with [NewBarrier]; the zero value is not ready. A Barrier must not
// be copied. Its methods are safe for concurrent use.
type Barrier struct {
	parties int
	action  func() error
	timeout time.Duration // negative: none

	mu      sync.Mutex
	acting  bool // protected by mu: the action runs
	broken  bool // protected by mu
	stopped bool // protected by mu: by Abort or Reset, while the action ran
}

// A BarrierOption changes a [Barrier] that is being made.
type BarrierOption func(*Barrier)

// WithAction has fn called each time the barrier is passed. If it returns an
// error, panics or ends the goroutine, the barrier breaks.
func WithAction(fn func() error) BarrierOption { return func(b *Barrier) { b.action = fn } }

// WithTimeout limits every wait whose context has no deadline of its own to d:
// see [Barrier.Wait] for what that means here.
func WithTimeout(d time.Duration) BarrierOption {
	return func(b *Barrier) { b.timeout = max(d, 0) }
}

// NewBarrier returns a barrier for that many parties, at least one; fewer are
// [ErrParties].
func NewBarrier(parties int, opts ...BarrierOption) (*Barrier, error) {
	if parties < 1 {
		return nil, fmt.Errorf("%w, not %d", ErrParties, parties)
	}
	b := &Barrier{parties: parties, timeout: -1}
	for _, o := range opts {
		o(b)
	}
	return b, nil
}

// Wait passes a barrier for one party and returns 0. With every error the index
// is -1.
//
// At a barrier for more nobody else can come while the caller waits: Wait
// returns a *[DeadlockError]. If ctx or the barrier has a time limit, or ctx has
// ended, the barrier breaks, as it would have in the end, and the error matches
// [ErrBrokenBarrier] as well. A broken barrier returns that at once.
func (b *Barrier) Wait(ctx context.Context) (index int, err error) {
	if b.parties == 0 {
		return -1, ErrNotInitialized
	}
	b.mu.Lock()
	acting, broken := b.acting, b.broken
	b.acting = b.parties == 1 && !broken
	b.mu.Unlock()
	switch {
	case broken:
		return -1, ErrBrokenBarrier
	case acting:
		return -1, b.giveUp(ctx, "the action is running")
	case b.parties > 1:
		return -1, b.giveUp(ctx, "no other party can come")
	}
	return b.act()
}

// giveUp is the error of a wait.
func (b *Barrier) giveUp(ctx context.Context, why string) error {
	if _, ok := ctx.Deadline(); !ok && b.timeout >= 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(b.timeout, time.Hour)) // which does not matter
		defer cancel()
	}
	err := deadlock(ctx, "Barrier.Wait", holder{}, why)
	if errors.Is(err, ErrWouldDeadlock) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = true
	return fmt.Errorf("%w: %w", ErrBrokenBarrier, err)
}

// act calls the action; unless that succeeds, the barrier breaks.
func (b *Barrier) act() (index int, err error) {
	index, ok := 0, b.action == nil
	defer func() { // also if the action panics
		b.mu.Lock()
		defer b.mu.Unlock()
		switch {
		case !ok:
			b.broken = b.broken || !b.stopped
		case b.stopped:
			index, err = -1, ErrBrokenBarrier
		}
		b.acting, b.stopped = false, false
	}()
	if ok {
		return 0, nil
	}
	if err = b.action(); err != nil {
		return -1, err
	}
	ok = true
	return 0, nil
}

// Reset makes the barrier as good as new. If its action is running, the Wait
// that called it returns [ErrBrokenBarrier].
func (b *Barrier) Reset() { b.stop(false) }

// Abort breaks the barrier until [Barrier.Reset].
func (b *Barrier) Abort() { b.stop(true) }

func (b *Barrier) stop(broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
	b.stopped = b.acting
}

// Parties returns the number of parties.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns 0: nobody ever waits.
func (b *Barrier) Waiting() int { return 0 }

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}
