package threading

import (
	"context"
	"fmt"
)

// A BoundedSemaphore is a [Semaphore] that never has more permits than it began
// with: a release too many is an error, not one permit more. Use it to guard a
// resource of limited size.
//
// The zero value is for one permit, like Python's BoundedSemaphore(). A
// BoundedSemaphore must not be copied after first use. Its methods are safe for
// concurrent use. Fairness and memory model are those of Semaphore.
type BoundedSemaphore struct {
	gate  gate
	above int64 // the bound, less one
}

// NewBoundedSemaphore returns a semaphore that has n permits and never will
// have more. A negative n is [ErrNegativeValue], one above 2⁵⁸
// [ErrTooManyPermits].
func NewBoundedSemaphore(n int) (*BoundedSemaphore, error) {
	s := &BoundedSemaphore{above: int64(n) - 1}
	if err := s.gate.setPermits(n); err != nil {
		return nil, err
	}
	return s, nil
}

// Acquire takes a permit. If there is none it waits for one until ctx ends;
// in the latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and has taken none. A free permit is taken even if ctx
// has ended.
func (s *BoundedSemaphore) Acquire(ctx context.Context) error {
	if s.gate.try() {
		return nil
	}
	return s.gate.acquire(ctx, s)
}

// TryAcquire takes a permit if there is one, and reports whether it did. It
// never waits.
func (s *BoundedSemaphore) TryAcquire() bool { return s.gate.try() }

// Release gives back a permit; one goroutine that waits for it goes on. If all
// are there already it returns [ErrReleasedTooOften] and changes nothing.
func (s *BoundedSemaphore) Release() error {
	if !s.gate.release(1, s.above+1) {
		return ErrReleasedTooOften
	}
	return nil
}

// ReleaseN gives back n permits at once, or none; up to n goroutines that wait
// go on. If there would be too many it returns [ErrReleasedTooOften], if n is
// less than 1 [ErrReleaseCount], and changes nothing.
func (s *BoundedSemaphore) ReleaseN(n int) error {
	if n < 1 {
		return fmt.Errorf("%w, not %d", ErrReleaseCount, n)
	}
	if !s.gate.release(int64(n), s.above+1) {
		return ErrReleasedTooOften
	}
	return nil
}

// Value returns the number of free permits. It may be out of date by the time
// the caller has it.
func (s *BoundedSemaphore) Value() int { return s.gate.free() }

// Bound returns the number of permits it began with.
func (s *BoundedSemaphore) Bound() int { return int(s.above + 1) }

// With calls fn while holding a permit, and returns fn's error. It waits for
// the permit as Acquire does, and if that fails returns its error and does not
// call fn. It releases the permit however fn ends, also by a panic or
// [runtime.Goexit].
func (s *BoundedSemaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, s, fn)
}
