package managers

import (
	"context"
)

// A Semaphore is a number of permits in a server that Go and Python programs
// share: the proxy of a threading.Semaphore. The permits of a program that dies
// with them are lost, as in Python.
//
// Make one with [NewSemaphore], or with [SemaphoreOf] of a proxy that came
// otherwise. It is safe for concurrent use and must not be copied. A Release
// synchronizes before the return of the Acquire that takes its permit. Errors
// are those of [Proxy.Call].
type Semaphore struct{ handle }

// NewSemaphore makes one with n permits.
func NewSemaphore(ctx context.Context, m *Manager, n int) (*Semaphore, error) {
	h, err := create(ctx, m, "Semaphore", n)
	if err != nil {
		return nil, err
	}
	return &Semaphore{h}, nil
}

// SemaphoreOf returns the semaphore that p stands for, of whatever typeid, and
// takes p over.
func SemaphoreOf(p *Proxy) *Semaphore { return &Semaphore{handle{p}} }

// Acquire takes a permit. It waits at most until ctx ends; then none was taken,
// and the error matches what ctx ended with.
func (s *Semaphore) Acquire(ctx context.Context) error { return acquire(ctx, s.p, false) }

// TryAcquire takes a permit if there is one, and reports whether it did.
func (s *Semaphore) TryAcquire(ctx context.Context) (bool, error) {
	return result[bool](s.p.call(ctx, "acquire", false))
}

// Release gives a permit back, or adds one.
func (s *Semaphore) Release(ctx context.Context) error { return s.p.do(ctx, "release") }

// ReleaseN gives n permits back at one moment. Servers of CPython 3.8 cannot: the
// error matches pickle.TypeError.
func (s *Semaphore) ReleaseN(ctx context.Context, n int) error { return s.p.do(ctx, "release", n) }

// With calls fn while holding a permit, and returns fn's error. It gives the
// permit back however fn ends, even if ctx has ended by then.
func (s *Semaphore) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return with(ctx, s, fn)
}
