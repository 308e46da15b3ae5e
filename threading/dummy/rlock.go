package dummy

import (
	"context"
	"sync"
)

// An RLock is a lock that the thread that holds it can take again, and is never
// waited for: see [threading.RLock], whose methods it has. Its owner is the
// dummy thread of the context, so that a thread that runs inside another one
// does not own what that holds.
//
// The zero value is unlocked and ready. An RLock must not be copied after first
// use. Its methods are safe for concurrent use, and the release that unlocks it
// synchronizes before the acquire that follows.
type RLock struct {
	mu    sync.Mutex
	depth int    // protected by mu: 0 is unlocked
	by    holder // protected by mu: the owner, and where it first took it
}

// take enters l one level deeper for h, or reports who owns it.
func (l *RLock) take(h holder) (by holder, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.depth > 0 && l.by.thread != h.thread {
		return l.by, false
	}
	if l.depth++; l.depth == 1 {
		l.by = h
		trackTake(l, h)
	}
	return l.by, true
}

// Acquire locks l for the thread of ctx, once more if that has it already. It
// returns [ErrNoThread] if ctx carries no thread. If another thread holds l,
// which the caller runs inside of, Acquire returns a *[DeadlockError] that says
// which, or the end of ctx if that has ended.
func (l *RLock) Acquire(ctx context.Context) error {
	h := newHolder(ctx)
	if h.thread == nil {
		return ErrNoThread
	}
	if by, ok := l.take(h); !ok {
		return deadlock(ctx, "RLock.Acquire", by, "the lock is held")
	}
	return nil
}

// TryAcquire locks l for the thread of ctx if no other holds it, and reports
// whether it did. It returns [ErrNoThread] if ctx carries no thread.
func (l *RLock) TryAcquire(ctx context.Context) (bool, error) {
	h := newHolder(ctx)
	if h.thread == nil {
		return false, ErrNoThread
	}
	_, ok := l.take(h)
	return ok, nil
}

// Release takes back one Acquire of the thread of ctx; the last one unlocks l.
// It returns [ErrNoThread] if ctx carries no thread, and [ErrNotOwner] if
// another thread holds l, or none does.
func (l *RLock) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.heldByLocked(ctx); err != nil {
		return err
	}
	if l.depth--; l.depth == 0 {
		l.by = holder{}
		trackFree(l)
	}
	return nil
}

// Locked reports whether any thread holds l.
func (l *RLock) Locked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.depth > 0
}

// OwnedBy reports whether the thread of ctx holds l.
func (l *RLock) OwnedBy(ctx context.Context) bool {
	return l.heldBy(ctx) == nil
}

func (l *RLock) heldBy(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heldByLocked(ctx)
}

// heldByLocked returns nil if the thread of ctx holds l. The caller holds mu.
func (l *RLock) heldByLocked(ctx context.Context) error {
	switch t := Current(ctx); {
	case t == nil:
		return ErrNoThread
	case l.by.thread != t:
		return ErrNotOwner
	}
	return nil
}

// Locker returns l as a sync.Locker for the thread of ctx. Its methods panic
// with the errors of Acquire and Release.
func (l *RLock) Locker(ctx context.Context) sync.Locker { return &rlocker{l, ctx} }

type rlocker struct {
	l   *RLock
	ctx context.Context
}

func (r *rlocker) Lock() {
	if err := r.l.Acquire(r.ctx); err != nil {
		panic(err)
	}
}

func (r *rlocker) Unlock() {
	if err := r.l.Release(r.ctx); err != nil {
		panic(err)
	}
}

// With calls fn while holding l: see the function [With].
func (l *RLock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, l, fn)
}
