package dummy

import (
	"context"
	"sync"
)

// A Lock is a lock that is never waited for: see [threading.Lock], whose
// methods it has. Like that it belongs to no thread, and anybody may release
// it.
//
// The zero value is unlocked and ready. A Lock must not be copied after first
// use. Its methods are safe for concurrent use, and a release synchronizes
// before the acquire that follows; but goroutines that compete for it find out
// that they would have waited, and do not.
type Lock struct {
	mu   sync.Mutex
	held bool   // protected by mu
	by   holder // protected by mu: who took it last
}

// take locks l, or reports who has it.
func (l *Lock) take(h holder) (by holder, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held {
		return l.by, false
	}
	l.held, l.by = true, h
	trackTake(l, h)
	return h, true
}

// Acquire locks l. If it is locked, nobody can unlock it while the caller
// waits: then Acquire returns a *[DeadlockError] that says who has it, or the
// end of ctx if that has ended.
func (l *Lock) Acquire(ctx context.Context) error {
	if by, ok := l.take(newHolder(ctx)); !ok {
		return deadlock(ctx, "Lock.Acquire", by, "the lock is held")
	}
	return nil
}

// TryAcquire locks l if it is unlocked and reports whether it did.
func (l *Lock) TryAcquire() bool {
	_, ok := l.take(newHolder(nobody))
	return ok
}

// Release unlocks l. It returns [ErrNotLocked] if l is not locked.
func (l *Lock) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		return ErrNotLocked
	}
	l.held, l.by = false, holder{}
	trackFree(l)
	return nil
}

// Locked reports whether l is locked.
func (l *Lock) Locked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// Lock locks l, for sync.Locker. It panics with a *[DeadlockError] if l is
// locked.
func (l *Lock) Lock() {
	if by, ok := l.take(newHolder(nobody)); !ok {
		panic(deadlock(nobody, "Lock.Lock", by, "the lock is held"))
	}
}

// TryLock is TryAcquire under the name that sync.Mutex gives it.
func (l *Lock) TryLock() bool { return l.TryAcquire() }

// Unlock unlocks l, for sync.Locker. It panics with [ErrNotLocked] if l is not
// locked.
func (l *Lock) Unlock() {
	if err := l.Release(); err != nil {
		panic(err)
	}
}

// With calls fn while holding l: see the function [With].
func (l *Lock) With(ctx context.Context, fn func(ctx context.Context) error) error {
	return With(ctx, l, fn)
}
