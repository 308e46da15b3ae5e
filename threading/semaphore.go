package threading

import (
	"context"
	"fmt"
)

// A Semaphore is a number of permits. Acquire takes one, and waits while there
// is none; Release adds one. There is no owner: who releases need not be who
// acquired, and may release more than was acquired. See [BoundedSemaphore] for
// one that notices that.
//
// The zero value has one permit, like Python's Semaphore(). A Semaphore must
// not be copied after first use. Its methods are safe for concurrent use.
//
// Fairness is that of a [Lock]: a free permit is for whoever takes it first,
// those who wait are woken in the order they came, and nobody waits for ever.
//
// In the terminology of the Go memory model, the n'th permit released
// synchronizes before the acquisition that takes it, and any release
// synchronizes before every acquisition that would not have succeeded without
// it.
type Semaphore struct{ gate gate }

// NewSemaphore returns a semaphore with n permits, which may be 0. A negative
// n is [ErrNegativeValue], one above 2⁵⁸ [ErrTooManyPermits].
func NewSemaphore(n int) (*Semaphore, error) {
	s := new(Semaphore)
	if err := s.gate.setPermits(n); err != nil {
		return nil, err
	}
	return s, nil
}

func (g *gate) setPermits(n int) error {
	switch {
	case n < 0:
		return fmt.Errorf("%w: %d", ErrNegativeValue, n)
	case int64(n) > maxPermits:
		return fmt.Errorf("%w: %d", ErrTooManyPermits, n)
	}
	g.state.Store((int64(n) - 1) * permit)
	return nil
}

// Acquire takes a permit. If there is none it waits for one until ctx ends;
// in the latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and has taken none. A free permit is taken even if ctx
// has ended.
func (s *Semaphore) Acquire(ctx context.Context) error {
	if s.gate.try() {
		return nil
	}
	return s.gate.acquire(ctx, s)
}

// TryAcquire takes a permit if there is one, and reports whether it did. It
// never waits.
func (s *Semaphore) TryAcquire() bool { return s.gate.try() }

// Release adds a permit; one goroutine that waits for it goes on. It fails, with
// [ErrTooManyPermits], only if there are 2⁵⁸ already.
func (s *Semaphore) Release() error {
	if !s.gate.release(1, maxPermits) {
		return ErrTooManyPermits
	}
	return nil
}

// ReleaseN adds n permits; up to n goroutines that wait go on. If n is less
// than 1 it returns [ErrReleaseCount] and adds none.
func (s *Semaphore) ReleaseN(n int) error {
	if n < 1 {
		return fmt.Errorf("%w, not %d", ErrReleaseCount, n)
	}
	if !s.gate.release(int64(n), maxPermits) {
		return ErrTooManyPermits
	}
	return nil
}

// Value returns the number of free permits. It may be out of date by the time
// the caller has it.
func (s *Semaphore) Value() int { return s.gate.free() }

// With calls fn while holding a permit, and returns fn's error. It waits for
// the permit as Acquire does, and if that fails returns its error and does not
// call fn. It releases the permit however fn ends, also by a panic or
// [runtime.Goexit].
func (s *Semaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, s, fn)
}
