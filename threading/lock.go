package threading

import (
	"context"
	"sync/atomic"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/track"
)

// A Lock is held by one at a time, and may be released by anybody: it belongs
// to no thread. It is a [sync.Mutex] for which one can wait with a context. The
// zero value is free and ready. A Lock must not be copied after first use. Its
// methods are safe for concurrent use.
//
// A Lock is a [sync.Locker].
//
// # Fairness
//
// A Lock that is released is free for whoever takes it first, which may be
// somebody who has just come: that is what makes it fast. Those who wait are
// woken in the order they came. One who was woken and lost waits on in front of
// the others, and if it still has not got the lock a millisecond later, the
// lock is handed to everybody who waits then, one after the other. So newcomers
// may be first, but nobody waits for ever.
//
// # Memory model
//
// In the terminology of the Go memory model, the n'th release of a Lock
// synchronizes before the m'th acquisition for any n < m, whichever methods
// they are made with.
type Lock struct {
	state atomic.Int64 // of a gate with one permit: 0 or -permit, and flags
	line  park.Queue
	up    bool
}

func (l *Lock) gate() *gate { return (*gate)(l) }

// Acquire takes l. If l is held it waits until it is free or ctx ends; in the
// latter case it returns an error that matches both ctx.Err() and
// context.Cause(ctx), and does not hold l. A free lock is taken even if ctx
// has ended.
func (l *Lock) Acquire(ctx context.Context) (err error) {
	if l.state.CompareAndSwap(track.Free.Load(), -permit) {
		return
	}
	return l.acquire(ctx)
}

func (l *Lock) acquire(ctx context.Context) error {
	if g := l.gate(); !g.try() {
		if err := g.acquire(ctx, l); err != nil {
			return err
		}
	}
	if track.On() {
		l.gate().note(ctx, l)
	}
	return nil
}

// TryAcquire takes l if it is free, and reports whether it did. It never
// waits.
func (l *Lock) TryAcquire() bool {
	if !l.gate().try() {
		return false
	}
	if track.On() {
		l.gate().note(context.Background(), l)
	}
	return true
}

// Release frees l, which anybody may do. If nobody holds l it returns
// [ErrNotLocked] and changes nothing.
func (l *Lock) Release() (err error) {
	if l.state.CompareAndSwap(-permit, 0) {
		return
	}
	return l.release()
}

func (l *Lock) release() error {
	l.gate().forget(l)
	if !l.gate().release(1, 1) {
		return ErrNotLocked
	}
	return nil
}

// Locked reports whether somebody holds l. The answer may be out of date by
// the time the caller has it.
func (l *Lock) Locked() bool { return l.state.Load() < 0 }

// Lock takes l, and waits for it as long as it takes. Where there is a
// context, use [Lock.Acquire].
func (l *Lock) Lock() {
	if !l.state.CompareAndSwap(track.Free.Load(), -permit) {
		l.lock()
	}
}

// TryLock is [Lock.TryAcquire], by the name that sync uses.
func (l *Lock) TryLock() bool { return l.TryAcquire() }

// Unlock frees l. It panics with [ErrNotLocked] if nobody holds l.
func (l *Lock) Unlock() {
	if !l.state.CompareAndSwap(-permit, 0) {
		l.unlock()
	}
}

// The slow halves; kept apart, the fast ones are inlined.
//
//go:noinline
func (l *Lock) lock() { l.acquire(context.Background()) }

//go:noinline
func (l *Lock) unlock() {
	if err := l.release(); err != nil {
		panic(err)
	}
}

// With calls fn while holding l, and returns fn's error. It waits for l as
// Acquire does, and if that fails returns its error and does not call fn. It
// releases l however fn ends, also by a panic or [runtime.Goexit].
func (l *Lock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, l, fn)
}
