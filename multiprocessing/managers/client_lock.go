package managers

import (
	"context"
	"errors"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// A Lock is a lock in a server that Go and Python programs take from each other:
// the proxy of a threading.Lock. Who has taken it does not matter: anybody may
// release it. A program that dies with it leaves it taken, as in Python.
//
// Make one with [NewLock], or with [LockOf] of a proxy that came otherwise. It is
// safe for concurrent use and must not be copied. A Release synchronizes before
// the return of the Acquire that takes the lock next, in any program. Errors
// beside those that are named are those of [Proxy.Call].
type Lock struct{ handle }

// NewLock makes a lock that is free.
func NewLock(ctx context.Context, m *Manager) (*Lock, error) {
	h, err := create(ctx, m, "Lock")
	if err != nil {
		return nil, err
	}
	return &Lock{h}, nil
}

// LockOf returns the lock that p stands for, of whatever typeid, and takes p
// over.
func LockOf(p *Proxy) *Lock { return &Lock{handle{p}} }

// Acquire takes the lock. It waits at most until ctx ends; then the lock was not
// taken, and the error matches what ctx ended with.
func (l *Lock) Acquire(ctx context.Context) error { return acquire(ctx, l.p, false) }

// TryAcquire takes the lock if it is free, and reports whether it did.
func (l *Lock) TryAcquire(ctx context.Context) (bool, error) {
	return result[bool](l.p.call(ctx, "acquire", false))
}

// Release frees the lock. If it was free the error matches
// threading.ErrNotLocked.
func (l *Lock) Release(ctx context.Context) error {
	return alias(l.p.do(ctx, "release"), pickle.RuntimeError, threading.ErrNotLocked)
}

// With calls fn while holding the lock, and returns fn's error. It releases the
// lock however fn ends, even if ctx has ended by then.
func (l *Lock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return with(ctx, l, fn)
}

// acquire calls acquire.
func acquire(ctx context.Context, p *Proxy, owned bool) error {
	w := wait{p: p, owned: owned, method: "acquire", timed: blocking, over: isFalse}
	v, err := w.until(ctx)
	if err == nil && v != true {
		return badAnswer("acquire", v)
	}
	return err
}

// A holdable is what With can hold.
type holdable interface {
	Acquire(ctx context.Context) error
	Release(ctx context.Context) error
}

func with(ctx context.Context, x holdable, fn func(ctx context.Context) error) (err error) {
	if fn == nil {
		return threading.ErrNilFunc
	}
	if err := x.Acquire(ctx); err != nil {
		return err
	}
	defer func() {
		if e := x.Release(context.WithoutCancel(ctx)); e != nil {
			err = errors.Join(err, e)
		}
	}()
	return fn(ctx)
}
