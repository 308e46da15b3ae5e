package managers

import (
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// Python's semaphores. What a client that vanishes has acquired stays acquired,
// as with a Lock; one that waits takes nothing.
var (
	// SemaphoreType is threading.Semaphore(value=1).
	SemaphoreType = newType(semaphoreClass("threading.Semaphore"), func(c *call) (any, error) {
		return newSemaphore(c, func(n int) (permits, error) { return threading.NewSemaphore(n) })
	})

	// BoundedSemaphoreType is threading.BoundedSemaphore(value=1): it cannot be
	// released more often than it was acquired.
	BoundedSemaphoreType = newType(semaphoreClass("threading.BoundedSemaphore"), func(c *call) (any, error) {
		return newSemaphore(c, func(n int) (permits, error) { return threading.NewBoundedSemaphore(n) })
	})
)

// A semaphoreObject is what is behind the proxy of a semaphore.
type semaphoreObject struct{ permits }

type permits interface {
	TryAcquire() bool
	Acquire(ctx context.Context) error
	ReleaseN(n int) error
	Value() int
}

func newSemaphore(c *call, mk func(int) (permits, error)) (any, error) {
	got, err := sigSemaphore.bind(c)
	if err != nil {
		return nil, err
	}
	n, err := size(got[0])
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, pickle.ValueError.New("semaphore initial value must be >= 0")
	}
	p, err := mk(n)
	if err != nil {
		return nil, errTooLarge()
	}
	return &semaphoreObject{p}, nil
}

// acquire is acquire(blocking=True, timeout=None).
func (s *semaphoreObject) acquire(c *call) (any, error) {
	got, err := sigSemaphoreAcquire.bind(c)
	if err != nil {
		return nil, err
	}
	try := !truth(got[0])
	if try && got[1] != nil {
		return nil, pickle.ValueError.New("can't specify timeout for non-blocking acquire")
	}
	if s.TryAcquire() {
		c.giver = s
		return true, nil
	}
	if try {
		return false, nil
	}
	sp, err := patienceOf(got[1])
	if err != nil || sp.limited && sp.d == 0 {
		return false, err
	}
	ok, err := c.within(sp, s.Acquire)
	if ok {
		c.giver = s
	}
	return ok, err
}

func (s *semaphoreObject) giveBack(v any) {
	if v == any(true) {
		s.ReleaseN(1)
	}
}

// release is release(n=1).
func (s *semaphoreObject) release(c *call) (any, error) {
	got, err := sigSemaphoreRelease.bind(c)
	if err != nil {
		return nil, err
	}
	n, err := size(got[0])
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, pickle.ValueError.New("n must be one or more")
	}
	switch err := s.ReleaseN(n); {
	case err == nil:
		return nil, nil
	case errors.Is(err, threading.ErrReleasedTooOften):
		return nil, pickle.ValueError.New("Semaphore released too many times")
	default:
		return nil, errTooLarge()
	}
}

// What a Condition needs of it, with which Python's can be made as well.

func (s *semaphoreObject) held(*call) bool { return s.Value() == 0 }

func (s *semaphoreObject) giveUp(*call) (int, error) { return 1, s.ReleaseN(1) }

func (s *semaphoreObject) regain(c *call, _ int) error { return s.Acquire(c.ctx) }

func (s *semaphoreObject) repr() string {
	class, bound := "threading.Semaphore", ""
	if b, ok := s.permits.(*threading.BoundedSemaphore); ok {
		class, bound = "threading.BoundedSemaphore", fmt.Sprintf("/%d", b.Bound())
	}
	return fmt.Sprintf("<%s at %s: value=%d%s>", class, address(s), s.Value(), bound)
}

func semaphoreClass(name string) *class {
	return &class{
		name: name,
		methods: map[string]method{
			"acquire": lockClass.methods["acquire"],
			"release": lockClass.methods["release"],
		},
		exposed: []string{"acquire", "release"},
		repr:    func(self any) string { return self.(locker).repr() },
	}
}

var (
	sigSemaphore        = sign("Semaphore", "value=1")
	sigSemaphoreAcquire = sign("acquire", "blocking=True", "timeout=None")
	sigSemaphoreRelease = sign("release", "n=1")
)
