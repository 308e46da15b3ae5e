package managers

import (
	"context"
	"errors"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// A Condition is a condition variable in a server, for threads of Go and Python
// programs: the proxy of a threading.Condition. It is used while its lock is
// held, by the thread that the context of each call carries, as with an [RLock]:
// a context without one is refused with threading.ErrNoThread.
//
// Make one with [NewCondition], or with [ConditionOf] of a proxy that came
// otherwise. It is safe for concurrent use and must not be copied. A Notify
// synchronizes before the return of the Wait that it ends.
type Condition struct{ handle }

// A ConditionLock is a shared lock on which a Condition can be: a *Lock or an
// *RLock.
type ConditionLock interface {
	Proxy() *Proxy
	Acquire(ctx context.Context) error
	Release(ctx context.Context) error
}

// NewCondition makes a condition on a lock of the same server; nil means on an
// RLock of its own.
func NewCondition(ctx context.Context, m *Manager, lock ConditionLock) (*Condition, error) {
	var args []any
	if lock != nil {
		args = []any{lock.Proxy()}
	}
	h, err := create(ctx, m, "Condition", args...)
	if err != nil {
		return nil, err
	}
	return &Condition{h}, nil
}

// ConditionOf returns the condition that p stands for, of whatever typeid, and
// takes p over.
func ConditionOf(p *Proxy) *Condition { return &Condition{handle{p}} }

// Acquire takes the lock for the thread of ctx. It waits at most until ctx ends;
// then the lock was not taken, and the error matches what ctx ended with.
func (c *Condition) Acquire(ctx context.Context) error { return acquire(ctx, c.p, true) }

// TryAcquire takes the lock if that does not need to be waited for, and reports
// whether it did.
func (c *Condition) TryAcquire(ctx context.Context) (bool, error) {
	return result[bool](c.p.callAs(ctx, "acquire", false))
}

// Release frees the lock. If the thread of ctx does not hold it the error
// matches threading.ErrNotOwner.
func (c *Condition) Release(ctx context.Context) error { return notOwner(c.p.doAs(ctx, "release")) }

// Call calls any method of the object, as the thread of ctx.
func (c *Condition) Call(ctx context.Context, method string, args ...any) (any, error) {
	return c.p.callAs(ctx, method, args...)
}

// With calls fn while holding the lock, and returns fn's error. It releases the
// lock however fn ends, even if ctx has ended by then.
func (c *Condition) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return with(ctx, c, fn)
}

// Wait frees the lock, waits until the thread is notified or ctx ends, and takes
// the lock again: it returns with the lock held in any case, however long that
// takes, unless the server is gone. A nil error says that the thread was
// notified; otherwise the error matches what ctx ended with, or
// threading.ErrNotOwner.
func (c *Condition) Wait(ctx context.Context) error {
	w := wait{p: c.p, owned: true, method: "wait", over: isFalse, more: -1}
	v, err := w.until(ctx)
	if err == nil && v != true {
		return badAnswer("wait", v)
	}
	return notOwner(err)
}

// WaitFor waits until pred, which is called here with the lock held, returns
// true. The error is that of Wait.
func (c *Condition) WaitFor(ctx context.Context, pred func() bool) error {
	for !pred() {
		if err := c.Wait(ctx); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) && pred() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify wakes up to n of the threads that wait.
func (c *Condition) Notify(ctx context.Context, n int) error {
	return notOwner(c.p.doAs(ctx, "notify", n))
}

// NotifyAll wakes all threads that wait.
func (c *Condition) NotifyAll(ctx context.Context) error {
	return notOwner(c.p.doAs(ctx, "notify_all"))
}

func notOwner(err error) error { return alias(err, pickle.RuntimeError, threading.ErrNotOwner) }
