package dummy

import "context"

// A ConditionLock is what a [Condition] can be tied to: a *[Lock] or an
// *[RLock].
type ConditionLock interface {
	Acquirer

	locked() bool
	tryFor(ctx context.Context) (bool, error)

	// heldBy returns nil if the thread of ctx may wait or notify.
	heldBy(ctx context.Context) error
}

func (l *Lock) locked() bool  { return l.Locked() }
func (l *RLock) locked() bool { return l.Locked() }

func (l *Lock) tryFor(context.Context) (bool, error)      { return l.TryAcquire(), nil }
func (l *RLock) tryFor(ctx context.Context) (bool, error) { return l.TryAcquire(ctx) }

func (l *Lock) heldBy(context.Context) error {
	if !l.Locked() {
		return ErrNotLocked
	}
	return nil
}

// A Condition is a lock and a place to wait for news about what it protects,
// where nobody ever waits: see [threading.Condition], whose methods it has.
//
// The zero value has an [RLock] of its own and is ready. A Condition must not
// be copied after first use. Its methods are safe for concurrent use.
type Condition struct {
	lock ConditionLock // nil: own
	own  RLock
}

// NewCondition returns a condition that uses l, or an [RLock] of its own if l
// is nil. Several conditions may use one lock.
func NewCondition(l ConditionLock) *Condition { return &Condition{lock: l} }

func (c *Condition) on() ConditionLock {
	if c.lock != nil {
		return c.lock
	}
	return &c.own
}

// Acquire locks the condition's lock: see [Lock.Acquire] and [RLock.Acquire].
func (c *Condition) Acquire(ctx context.Context) error { return c.on().Acquire(ctx) }

// TryAcquire locks the condition's lock if no other holds it, and reports
// whether it did. It returns [ErrNoThread] if the lock is an RLock and ctx
// carries no thread.
func (c *Condition) TryAcquire(ctx context.Context) (bool, error) { return c.on().tryFor(ctx) }

// Release unlocks the condition's lock: see [Lock.Release] and [RLock.Release].
func (c *Condition) Release(ctx context.Context) error { return c.on().releaseFor(ctx) }

// Locked reports whether anybody holds the condition's lock.
func (c *Condition) Locked() bool { return c.on().locked() }

// With calls fn while holding the lock: see the function [With].
func (c *Condition) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, c.on(), fn)
}

// Wait returns a *[DeadlockError], or the end of ctx if that has ended: nobody
// can notify while the caller waits. The caller keeps the lock. If it does not
// hold it, Wait returns the errors of [Condition.Notify].
func (c *Condition) Wait(ctx context.Context) error { return c.wait(ctx, "Condition.Wait") }

func (c *Condition) wait(ctx context.Context, op string) error {
	if err := c.on().heldBy(ctx); err != nil {
		return err
	}
	return deadlock(ctx, op, holder{}, "nobody else can notify")
}

// WaitFor returns nil if pred returns true, and else what [Condition.Wait]
// does, if pred then still does not. pred is called with the lock held.
func (c *Condition) WaitFor(ctx context.Context, pred func() bool) error {
	if pred == nil {
		return ErrNilFunc
	}
	if err := c.on().heldBy(ctx); err != nil {
		return err
	}
	if pred() {
		return nil
	}
	if err := c.wait(ctx, "Condition.WaitFor"); !pred() {
		return err
	}
	return nil
}

// Notify does nothing, since nobody waits. If the lock is not held it returns
// [ErrNotLocked] for a Lock, [ErrNotOwner] or [ErrNoThread] for an RLock.
func (c *Condition) Notify(ctx context.Context, n int) error { return c.on().heldBy(ctx) }

// NotifyAll does what [Condition.Notify] does.
func (c *Condition) NotifyAll(ctx context.Context) error { return c.on().heldBy(ctx) }
