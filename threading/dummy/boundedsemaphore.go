package dummy

import "context"

// A BoundedSemaphore is a [Semaphore] that never has more permits than it began
// with: see [threading.BoundedSemaphore], whose methods it has.
//
// The zero value is for one permit. A BoundedSemaphore must not be copied after
// first use. Its methods are safe for concurrent use; a release synchronizes
// before the acquire that takes its permit.
type BoundedSemaphore struct {
	p     permits
	above int64 // the bound, less one
}

// NewBoundedSemaphore returns a semaphore that has n permits and never will
// have more. A negative n is [ErrNegativeValue], one above 2⁵⁸
// [ErrTooManyPermits].
func NewBoundedSemaphore(n int) (*BoundedSemaphore, error) {
	if err := checkPermits(n); err != nil {
		return nil, err
	}
	return &BoundedSemaphore{permits{more: int64(n) - 1}, int64(n) - 1}, nil
}

// Acquire takes a permit. If there is none, nobody can release one while the
// caller waits: then Acquire returns a *[DeadlockError] that says who took the
// latest, or the end of ctx if that has ended.
func (s *BoundedSemaphore) Acquire(ctx context.Context) error {
	return s.p.acquire(ctx, "BoundedSemaphore.Acquire", newHolder(ctx))
}

// TryAcquire takes a permit if there is one and reports whether it did.
func (s *BoundedSemaphore) TryAcquire() bool {
	_, ok := s.p.take(newHolder(nobody))
	return ok
}

// Release gives back a permit. If all are there already it returns
// [ErrReleasedTooOften] and changes nothing.
func (s *BoundedSemaphore) Release() error { return s.p.release(1, s.above+1, ErrReleasedTooOften) }

// ReleaseN gives back n permits at once, or none. If there would be too many it
// returns [ErrReleasedTooOften], if n is less than 1 [ErrReleaseCount].
func (s *BoundedSemaphore) ReleaseN(n int) error {
	return s.p.release(int64(n), s.above+1, ErrReleasedTooOften)
}

// Value returns how many permits there are.
func (s *BoundedSemaphore) Value() int { return s.p.count() }

// Bound returns how many permits it began with.
func (s *BoundedSemaphore) Bound() int { return int(s.above + 1) }

// With calls fn while holding a permit: see the function [With].
func (s *BoundedSemaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, s, fn)
}
