package threading

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/internal/track"
)

// An RLock is a lock that its holder may take again: it belongs to a thread,
// and is free when that thread has released it as often as it took it. The
// zero value is free and ready. An RLock must not be copied after first use.
// Its methods are safe for concurrent use.
//
// The thread is the one that the context of the call carries, see [Current].
// With a context that carries none every method that needs one returns
// [ErrNoThread]. Goroutines that share a context are one thread to an RLock,
// so that it does not protect them from each other: give each its own, with
// [Go] or [Adopt].
//
// Fairness and memory model are those of [Lock]; nested calls, which do not
// change who holds the lock, do not count.
type RLock struct {
	gate  gate
	owner atomic.Pointer[Thread] // written by the holder
	level int                    // of the holder
}

// Acquire takes r for the thread of ctx. If that thread holds it already it
// holds it once more, at once. If another does, Acquire waits until r is free
// or ctx ends; in the latter case it returns an error that matches both
// ctx.Err() and context.Cause(ctx). A free lock is taken even if ctx has ended.
func (r *RLock) Acquire(ctx context.Context) error {
	t := Current(ctx)
	switch {
	case t == nil:
		return ErrNoThread
	case r.owner.Load() == t:
		r.level++
		return nil
	}
	if !r.gate.state.CompareAndSwap(track.Free.Load(), -permit) {
		if err := r.slow(ctx); err != nil {
			return err
		}
	}
	r.owner.Store(t)
	r.level = 1
	return nil
}

func (r *RLock) slow(ctx context.Context) error {
	if !r.gate.try() {
		if err := r.gate.acquire(ctx, r); err != nil {
			return err
		}
	}
	if track.On() {
		r.gate.note(ctx, r)
	}
	return nil
}

// TryAcquire takes r for the thread of ctx, if it is free or held by that
// thread, and reports whether it did. It never waits. The only error is
// [ErrNoThread].
func (r *RLock) TryAcquire(ctx context.Context) (bool, error) {
	t := Current(ctx)
	switch {
	case t == nil:
		return false, ErrNoThread
	case r.owner.Load() == t:
		r.level++
		return true, nil
	case !r.gate.try():
		return false, nil
	}
	if track.On() {
		r.gate.note(ctx, r)
	}
	r.owner.Store(t)
	r.level = 1
	return true, nil
}

// Release undoes one Acquire of the thread of ctx; the last one frees r. If
// another thread holds r, or none does, it returns [ErrNotOwner] and changes
// nothing.
func (r *RLock) Release(ctx context.Context) error {
	if _, err := r.holder(ctx); err != nil {
		return err
	}
	if r.level--; r.level == 0 {
		r.free()
	}
	return nil
}

// holder returns the thread of ctx if it holds r.
func (r *RLock) holder(ctx context.Context) (*Thread, error) {
	switch t := Current(ctx); {
	case t == nil:
		return nil, ErrNoThread
	case r.owner.Load() != t:
		return nil, ErrNotOwner
	default:
		return t, nil
	}
}

func (r *RLock) free() {
	r.owner.Store(nil)
	if !r.gate.state.CompareAndSwap(-permit, 0) {
		r.gate.forget(r)
		r.gate.release(1, 1)
	}
}

// Locked reports whether some thread holds r. The answer may be out of date by
// the time the caller has it.
func (r *RLock) Locked() bool { return r.gate.state.Load() < 0 }

// OwnedBy reports whether the thread of ctx holds r. That does not change but
// by what this thread does.
func (r *RLock) OwnedBy(ctx context.Context) bool {
	_, err := r.holder(ctx)
	return err == nil
}

// Locker returns a [sync.Locker] that holds r for the thread of ctx, for code
// that wants one. Its Lock waits as long as ctx allows. What Acquire and Release
// would return as errors are panics there.
func (r *RLock) Locker(ctx context.Context) sync.Locker { return &rlocker{r, ctx} }

type rlocker struct {
	r   *RLock
	ctx context.Context
}

func (l *rlocker) Lock() {
	if err := l.r.Acquire(l.ctx); err != nil {
		panic(err)
	}
}

func (l *rlocker) Unlock() {
	if err := l.r.Release(l.ctx); err != nil {
		panic(err)
	}
}

// With calls fn while holding r for the thread of ctx, and returns fn's error.
// It waits for r as Acquire does, and if that fails returns its error and does
// not call fn. It releases r however fn ends, also by a panic or
// [runtime.Goexit]. Calls may be nested.
func (r *RLock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, r, fn)
}
