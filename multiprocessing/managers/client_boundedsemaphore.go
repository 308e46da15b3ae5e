package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// A BoundedSemaphore is a [Semaphore] that refuses to have more permits than it
// began with: the proxy of a threading.BoundedSemaphore. What is said there holds
// here.
type BoundedSemaphore struct{ handle }

// NewBoundedSemaphore makes one with n permits.
func NewBoundedSemaphore(ctx context.Context, m *Manager, n int) (*BoundedSemaphore, error) {
	h, err := create(ctx, m, "BoundedSemaphore", n)
	if err != nil {
		return nil, err
	}
	return &BoundedSemaphore{h}, nil
}

// BoundedSemaphoreOf returns the semaphore that p stands for, of whatever typeid, and
// takes p over.
func BoundedSemaphoreOf(p *Proxy) *BoundedSemaphore { return &BoundedSemaphore{handle{p}} }

// Acquire takes a permit. It waits at most until ctx ends; then none was taken,
// and the error matches what ctx ended with.
func (s *BoundedSemaphore) Acquire(ctx context.Context) error { return acquire(ctx, s.p, false) }

// TryAcquire takes a permit if there is one, and reports whether it did.
func (s *BoundedSemaphore) TryAcquire(ctx context.Context) (bool, error) {
	return result[bool](s.p.call(ctx, "acquire", false))
}

// Release gives a permit back. If there are as many as at the beginning the error
// matches threading.ErrReleasedTooOften.
func (s *BoundedSemaphore) Release(ctx context.Context) error {
	return alias(s.p.do(ctx, "release"), pickle.ValueError, threading.ErrReleasedTooOften)
}

// With calls fn while holding a permit, and returns fn's error. It gives the
// permit back however fn ends, even if ctx has ended by then.
func (s *BoundedSemaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return with(ctx, s, fn)
}
