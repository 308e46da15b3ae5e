package threading

import (
	"context"
	"math"
	"sync"

	"github.com/conexgo/conex/internal/track"
	"github.com/conexgo/conex/internal/watch"
)

// A Condition lets those who hold a lock wait until somebody else, who holds it
// meanwhile, notifies them of a change. It is a [sync.Cond] for which one can
// wait with a context. A Condition must not be copied after first use. Its
// methods are safe for concurrent use.
//
// The lock is a [Lock] or an [RLock], and several Conditions may share one. The
// zero value is ready, with an RLock of its own; an RLock knows its holder, so
// every call needs a context with a thread then, see [Current]. A Lock does not:
// a Wait or Notify while nobody holds it is [ErrNotLocked], but one while
// somebody else does is not noticed. It is a data race then, for the Condition
// itself is protected by the lock; sync.Cond, whose Signal needs no lock, is
// different there. Use an RLock where that may happen.
//
// A notification is for those who wait when it is given; it is not remembered.
//
// In the terminology of the Go memory model, Notify and NotifyAll synchronize
// before the return of every Wait that they wake; that follows from the lock
// being held.
type Condition struct {
	// The lock is the first of these that is not nil, or own.
	lock  *Lock
	rlock *RLock
	own   RLock

	// What follows is protected by the lock.

	// Who waits with a context that never ends sleeps in bed, in the order
	// of arrival. The others are in a list, in the order of arrival, too.
	// Between the two, the number of those who ever went to bed tells who
	// came first.
	bed        sync.Cond
	wentToBed  uint64
	gotUp      uint64
	head, tail *conditionWaiter
}

// A conditionWaiter waits with a context that may end.
type conditionWaiter struct {
	next, prev *conditionWaiter
	in         bool          // in the list
	before     uint64        // how many had gone to bed when it came
	ch         chan struct{} // gets a value when it is taken out
}

// NewCondition returns a condition on l, which is an *[RLock] or a *[Lock], or
// nil for an RLock of its own.
func NewCondition(l ConditionLock) *Condition {
	c := new(Condition)
	switch l := l.(type) {
	case *Lock:
		c.lock = l
	case *RLock:
		c.rlock = l
	}
	return c
}

// r returns the lock if it is an RLock.
func (c *Condition) r() *RLock {
	if c.rlock != nil {
		return c.rlock
	}
	return &c.own
}

// held returns an error if ctx may not wait or notify.
func (c *Condition) held(ctx context.Context) error {
	if l := c.lock; l == nil {
		if _, err := c.r().holder(ctx); err != nil {
			return err
		}
	} else if !l.Locked() {
		return ErrNotLocked
	}
	return nil
}

// Acquire takes the lock. See [Lock.Acquire] and [RLock.Acquire].
func (c *Condition) Acquire(ctx context.Context) error {
	if c.lock != nil {
		return c.lock.Acquire(ctx)
	}
	return c.r().Acquire(ctx)
}

// TryAcquire takes the lock if that needs no waiting, and reports whether it
// did. The error is [ErrNoThread] or nil.
func (c *Condition) TryAcquire(ctx context.Context) (bool, error) {
	if c.lock != nil {
		return c.lock.TryAcquire(), nil
	}
	return c.r().TryAcquire(ctx)
}

// Release releases the lock. See [Lock.Release] and [RLock.Release].
func (c *Condition) Release(ctx context.Context) error {
	if c.lock != nil {
		return c.lock.Release()
	}
	return c.r().Release(ctx)
}

// Locked reports whether the lock is held. The answer may be out of date by
// the time the caller has it.
func (c *Condition) Locked() bool {
	if c.lock != nil {
		return c.lock.Locked()
	}
	return c.r().Locked()
}

// With calls fn while holding the lock, and returns fn's error. It waits for
// the lock as Acquire does, and if that fails returns its error and does not
// call fn. It releases the lock however fn ends, also by a panic or
// [runtime.Goexit].
func (c *Condition) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, c, fn)
}

// Wait gives up the lock, which the caller holds, waits to be notified, and
// takes the lock back before it returns, as often as it was held. What the
// caller waits for may not be true then, or not any more: call Wait in a loop,
// or use [Condition.WaitFor].
//
// If ctx ends first, Wait returns an error that matches both ctx.Err() and
// context.Cause(ctx); it takes the lock back then, too, which ctx does not
// shorten. A notification that came as well is not lost: Wait returns nil then.
// If ctx has ended before, Wait returns at once and does not give up the lock.
//
// If the lock is not held it returns [ErrNotLocked] for a Lock, [ErrNotOwner]
// or [ErrNoThread] for an RLock.
func (c *Condition) Wait(ctx context.Context) error {
	if l := c.lock; l != nil {
		if !l.Locked() {
			return ErrNotLocked
		}
		if ctx.Done() == nil && !track.Watched() {
			c.sleep(l)
			return nil
		}
		return c.wait(ctx, l)
	}
	r := c.r()
	t, err := r.holder(ctx)
	if err != nil {
		return err
	}
	l, level := (*suspended)(r), r.level
	if ctx.Done() == nil && !track.Watched() {
		c.sleep(l)
		l.resume(ctx)
	} else {
		err = c.wait(ctx, l)
	}
	r.owner.Store(t)
	r.level = level
	return err
}

// sleep goes to bed. l gives up the lock and takes it back.
func (c *Condition) sleep(l sync.Locker) {
	if c.bed.L == nil {
		c.bed.L = l
	}
	c.wentToBed++
	c.bed.Wait()
}

// wait is Wait for those whose context may end, or who are watched.
func (c *Condition) wait(ctx context.Context, l resumer) error {
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	w := &conditionWaiter{before: c.wentToBed, ch: make(chan struct{}, 1)}
	c.push(w)
	end := watched(ctx, c)
	l.Unlock()
	select {
	case <-w.ch:
	case <-ctx.Done():
	}
	end.call()
	l.resume(ctx)
	if w.in {
		c.remove(w)
		return watch.Reason(ctx)
	}
	return nil
}

// WaitFor waits until pred returns true, and returns nil then. It calls pred
// with the lock held, at once and after every notification. If ctx ends first
// it calls pred once more, and if that returns false returns an error that
// matches both ctx.Err() and context.Cause(ctx). The lock, which the caller
// holds, is held again in any case.
//
// If pred is true it does not matter that ctx has ended. A panic in pred leaves
// the lock held, for whoever took it to release. Errors for a lock that is not
// held are those of [Condition.Wait]; a nil pred is [ErrNilFunc].
func (c *Condition) WaitFor(ctx context.Context, pred func() bool) error {
	if pred == nil {
		return ErrNilFunc
	}
	if err := c.held(ctx); err != nil {
		return err
	}
	for !pred() {
		if err := c.Wait(ctx); err != nil {
			if pred() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify wakes up to n of those who wait, the first come first. None if n is
// less than 1. They go on once they have got the lock, which the caller holds
// and keeps. It never waits.
//
// If the lock is not held it returns [ErrNotLocked] for a Lock, [ErrNotOwner]
// or [ErrNoThread] for an RLock, and wakes nobody.
func (c *Condition) Notify(ctx context.Context, n int) error {
	if err := c.held(ctx); err != nil {
		return err
	}
	for ; n > 0; n-- {
		switch w := c.head; {
		case w != nil && w.before <= c.gotUp:
			c.remove(w)
			w.ch <- struct{}{}
		case c.gotUp < c.wentToBed:
			c.gotUp++
			c.bed.Signal()
		default:
			return nil
		}
	}
	return nil
}

// NotifyAll wakes all who wait. For the rest it is [Condition.Notify].
func (c *Condition) NotifyAll(ctx context.Context) error { return c.Notify(ctx, math.MaxInt) }

func (c *Condition) push(w *conditionWaiter) {
	w.in, w.prev = true, c.tail
	if c.tail == nil {
		c.head = w
	} else {
		c.tail.next = w
	}
	c.tail = w
}

func (c *Condition) remove(w *conditionWaiter) {
	if w.prev == nil {
		c.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		c.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.in = nil, nil, false
}
