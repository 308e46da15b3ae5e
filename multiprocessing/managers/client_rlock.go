package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// An RLock is a lock in a server that its holder may take again: the proxy of a
// threading.RLock. The holder is a thread of some program: in Go the one that
// the context of the call carries, see package threading. A context without one
// is refused with threading.ErrNoThread. Each thread has a connection to the
// server of its own for this, since that is how the server tells threads apart;
// it ends with the thread.
//
// What a thread holds that ends, it holds for ever if the server is CPython's; a
// server of this package frees it.
//
// Make one with [NewRLock], or with [RLockOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. The Release that frees it
// synchronizes before the return of the Acquire that takes it next.
type RLock struct{ handle }

// NewRLock makes a lock that is free.
func NewRLock(ctx context.Context, m *Manager) (*RLock, error) {
	h, err := create(ctx, m, "RLock")
	if err != nil {
		return nil, err
	}
	return &RLock{h}, nil
}

// RLockOf returns the lock that p stands for, of whatever typeid, and takes p
// over.
func RLockOf(p *Proxy) *RLock { return &RLock{handle{p}} }

// Acquire takes the lock for the thread of ctx, once more if that has it. It
// waits at most until ctx ends; then the lock was not taken, and the error
// matches what ctx ended with. Other errors: threading.ErrNoThread, and those of
// [Proxy.Call].
func (l *RLock) Acquire(ctx context.Context) error { return acquire(ctx, l.p, true) }

// TryAcquire takes the lock if it is free or the thread's already, and reports
// whether it did.
func (l *RLock) TryAcquire(ctx context.Context) (bool, error) {
	return result[bool](l.p.callAs(ctx, "acquire", false))
}

// Release undoes one Acquire of the thread of ctx. If it does not hold the lock
// the error matches threading.ErrNotOwner.
func (l *RLock) Release(ctx context.Context) error {
	return alias(l.p.doAs(ctx, "release"), pickle.RuntimeError, threading.ErrNotOwner)
}

// Call calls any method of the object, as the thread of ctx.
func (l *RLock) Call(ctx context.Context, method string, args ...any) (any, error) {
	return l.p.callAs(ctx, method, args...)
}

// With calls fn while holding the lock, and returns fn's error. It releases the
// lock however fn ends, even if ctx has ended by then.
func (l *RLock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return with(ctx, l, fn)
}
