package multiprocessing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
)

// A Condition lets those who hold a lock wait until somebody else, who holds it
// meanwhile, notifies them of a change; both in whatever process. Make one with
// [NewCondition]; the zero value is not ready, and says so. A Condition must not
// be copied. Its methods are safe for concurrent use.
//
// It travels, as a *Condition, to other processes as a [Lock] does, and its lock
// with it. Several Conditions may share a lock.
//
// The lock is an [RLock] or a [Lock]. An RLock knows which thread holds it, so
// every call needs a context with a thread then, and nobody else can wait or
// notify. Of a Lock it is only known which process holds it: a Wait or Notify of
// a goroutine while another one of that process holds the lock is not noticed.
//
// A notification is for those who wait when it is given; it is not remembered.
// Of a process they are woken in the order they came, and processes take turns.
// At most 240 processes can wait at the same time, each with as many goroutines
// as it likes, of which one blocks a thread of the system.
//
// # When a process dies
//
// One that waits is not notified any more. A notification that it had got, and
// had not yet come back from Wait with, goes to another one who waits; that is
// found out within 100 ms, at once if it was a child. If the holder of the lock
// dies, the next one to take it is told, also by Wait: see [Lock].
//
// In the terminology of the Go memory model, Notify and NotifyAll synchronize
// before the return of every Wait that they wake; that follows from the lock
// being held.
type Condition struct{ s *conditionState }

// A ConditionLock is what a [Condition] can be tied to: a *[Lock] or an
// *[RLock].
type ConditionLock interface {
	acquirer
	tryFor(ctx context.Context) (bool, error)
	Locked() bool
	codec.Handle

	ready() error
	heldBy(ctx context.Context) error
	suspend() suspension
	resume(ctx context.Context, s suspension) error
}

// NewCondition returns a condition on l, or on a new RLock if l is nil. It fails
// like [NewLock], and if l was not made by its New function.
func NewCondition(l ConditionLock) (*Condition, error) {
	if l == nil {
		own, err := NewRLock()
		if err != nil {
			return nil, err
		}
		l = own
	}
	if err := l.ready(); err != nil {
		return nil, err
	}
	b, err := newBlock(conditionSize)
	if err != nil {
		return nil, err
	}
	c := new(Condition)
	return c, c.open(b, l)
}

// AppendHandle makes a *Condition travel. It is for the codec.
func (c *Condition) AppendHandle(e *codec.Encoder) error {
	s := c.s
	if s == nil {
		return errZeroLock
	}
	if err := s.block.Append(e); err != nil {
		return err
	}
	_, r := s.lock.(*RLock)
	e.Buf = append(e.Buf, map[bool]byte{true: 1}[r])
	return s.lock.AppendHandle(e)
}

// ReadHandle is the other half of AppendHandle.
func (c *Condition) ReadHandle(d *codec.Decoder) error {
	b, err := readBlock(d, conditionSize)
	if err != nil {
		return err
	}
	kind, err := d.Uvarint()
	if err != nil {
		return err
	}
	var l ConditionLock
	switch kind {
	case 0:
		l = new(Lock)
	case 1:
		l = new(RLock)
	default:
		return fmt.Errorf("%w: a condition on a lock of kind %d", handle.ErrCorrupt, kind)
	}
	if err := l.ReadHandle(d); err != nil {
		return err
	}
	return c.open(b, l)
}

// Acquire takes the lock. See [Lock.Acquire] and [RLock.Acquire].
func (c *Condition) Acquire(ctx context.Context) error {
	if c.s == nil {
		return errZeroLock
	}
	return c.s.lock.Acquire(ctx)
}

// TryAcquire takes the lock if that needs no waiting. See [RLock.TryAcquire].
func (c *Condition) TryAcquire(ctx context.Context) (bool, error) {
	if c.s == nil {
		return false, errZeroLock
	}
	return c.s.lock.tryFor(ctx)
}

// Release releases the lock. See [Lock.Release] and [RLock.Release].
func (c *Condition) Release(ctx context.Context) error { return c.releaseFor(ctx) }

func (c *Condition) releaseFor(ctx context.Context) error {
	if c.s == nil {
		return errZeroLock
	}
	return c.s.lock.releaseFor(ctx)
}

// Locked reports whether the lock is held. The answer may be out of date by the
// time the caller has it.
func (c *Condition) Locked() bool { return c.s != nil && c.s.lock.Locked() }

// With calls fn while holding the lock, and returns fn's error. For the rest it
// is [Lock.With].
func (c *Condition) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return withLock(ctx, c, fn)
}

// held returns the state if ctx may wait and notify.
func (c *Condition) held(ctx context.Context) (*conditionState, error) {
	if c.s == nil {
		return nil, errZeroLock
	}
	return c.s, c.s.lock.heldBy(ctx)
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
// With [ErrOwnerDied] the process that held the lock meanwhile has died. The
// caller holds the lock then, as with every return of Wait.
//
// If the lock is not held the error matches threading.ErrNotLocked for a Lock,
// threading.ErrNotOwner or threading.ErrNoThread for an RLock, or for a Lock that
// another process holds. If too many processes wait, it matches [ErrProcess],
// and Wait did not wait.
func (c *Condition) Wait(ctx context.Context) error {
	s, err := c.held(ctx)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(s)
	return s.wait(ctx, c)
}

// WaitFor waits until pred returns true, and returns nil then. It calls pred
// with the lock held, at once and after every notification. If ctx ends first it
// calls pred once more, and if that returns false returns an error that matches
// both ctx.Err() and context.Cause(ctx). The lock, which the caller holds, is
// held again in any case.
//
// If pred is true it does not matter that ctx has ended. Other errors are those
// of [Condition.Wait], and end WaitFor without another call of pred; a nil pred
// is an error that matches threading.ErrNilFunc.
func (c *Condition) WaitFor(ctx context.Context, pred func() bool) error {
	if pred == nil {
		return errNilFunction
	}
	if _, err := c.held(ctx); err != nil {
		return err
	}
	for !pred() {
		if err := c.Wait(ctx); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, ErrOwnerDied) && pred() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify wakes up to n of those who wait. None if n is less than 1. They go on
// once they have got the lock, which the caller holds and keeps. It never waits.
// Each process that is woken takes some microseconds.
//
// If the lock is not held the error is that of [Condition.Wait], and nobody is
// woken.
func (c *Condition) Notify(ctx context.Context, n int) error {
	s, err := c.held(ctx)
	if err != nil {
		return err
	}
	s.give(n)
	runtime.KeepAlive(s)
	return nil
}

// NotifyAll wakes all who wait. For the rest it is [Condition.Notify].
func (c *Condition) NotifyAll(ctx context.Context) error { return c.Notify(ctx, math.MaxInt32) }

// String says what c is, what its lock is, and how many wait.
func (c *Condition) String() string {
	if c.s == nil {
		return "Condition(not ready)"
	}
	n := c.s.waiting()
	runtime.KeepAlive(c.s)
	return fmt.Sprintf("Condition(%v, %d waiting)", c.s.lock, n)
}
