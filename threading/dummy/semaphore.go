package dummy

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// permits are what both kinds of semaphore are made of.
type permits struct {
	mu   sync.Mutex
	more int64  // protected by mu: how many there are, less one
	last holder // protected by mu: who took the latest that was taken
}

func (p *permits) take(h holder) (last holder, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.more < 0 {
		return p.last, false
	}
	p.more--
	p.last = h
	return h, true
}

func (p *permits) acquire(ctx context.Context, op string, h holder) error {
	last, ok := p.take(h)
	if ok {
		return nil
	}
	reason := "there is no permit"
	if last.at[0] != 0 {
		reason += ", the last one was taken"
	}
	return deadlock(ctx, op, last, reason)
}

// maxPermits is how many permits package threading can count, and an int.
const maxPermits = min(1<<58, math.MaxInt)

// checkPermits returns the error of a semaphore that begins with n permits.
func checkPermits(n int) error {
	switch {
	case n < 0:
		return fmt.Errorf("%w: %d", ErrNegativeValue, n)
	case int64(n) > maxPermits:
		return fmt.Errorf("%w: %d", ErrTooManyPermits, n)
	}
	return nil
}

// release adds n permits, all or none: over if there would be more than bound.
func (p *permits) release(n, bound int64, over error) error {
	if n < 1 {
		return fmt.Errorf("%w, not %d", ErrReleaseCount, n)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n > bound-p.more-1 {
		return over
	}
	p.more += n
	return nil
}

func (p *permits) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.more + 1)
}

// A Semaphore is a number of permits that are never waited for: see
// [threading.Semaphore], whose methods it has.
//
// The zero value has one permit. A Semaphore must not be copied after first
// use. Its methods are safe for concurrent use; a release synchronizes before
// the acquire that takes its permit.
type Semaphore struct{ p permits }

// NewSemaphore returns a semaphore with n permits. A negative n is
// [ErrNegativeValue], one above 2⁵⁸ [ErrTooManyPermits].
func NewSemaphore(n int) (*Semaphore, error) {
	if err := checkPermits(n); err != nil {
		return nil, err
	}
	return &Semaphore{permits{more: int64(n) - 1}}, nil
}

// Acquire takes a permit. If there is none, nobody can release one while the
// caller waits: then Acquire returns a *[DeadlockError] that says who took the
// latest, or the end of ctx if that has ended.
func (s *Semaphore) Acquire(ctx context.Context) error {
	return s.p.acquire(ctx, "Semaphore.Acquire", newHolder(ctx))
}

// TryAcquire takes a permit if there is one and reports whether it did.
func (s *Semaphore) TryAcquire() bool {
	_, ok := s.p.take(newHolder(nobody))
	return ok
}

// Release adds a permit, which need not have been acquired. It returns
// [ErrTooManyPermits] if there are 2⁵⁸ already.
func (s *Semaphore) Release() error { return s.p.release(1, maxPermits, ErrTooManyPermits) }

// ReleaseN adds n permits. If n is less than 1 it returns [ErrReleaseCount] and
// adds none.
func (s *Semaphore) ReleaseN(n int) error {
	return s.p.release(int64(n), maxPermits, ErrTooManyPermits)
}

// Value returns how many permits there are.
func (s *Semaphore) Value() int { return s.p.count() }

// With calls fn while holding a permit: see the function [With].
func (s *Semaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, s, fn)
}
