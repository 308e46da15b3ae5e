package dummy

import (
	"context"
	"errors"
	"sync"
	"testing"
)

var _ sync.Locker = (*Lock)(nil)

func TestLock(t *testing.T) {
	ctx := as(t)
	var l Lock
	if l.Locked() {
		t.Error("locked from the start")
	}
	check(t, "Release", l.Release(), ErrNotLocked)
	check(t, "Acquire", l.Acquire(ctx), nil)
	if !l.Locked() || l.TryAcquire() || l.TryLock() {
		t.Error("not locked")
	}
	waits(t, ctx, l.Acquire)
	check(t, "Release", l.Release(), nil)
	if l.Locked() || !l.TryAcquire() || !l.Locked() {
		t.Error("not free")
	}
	inside(t, ctx, "other", func(context.Context) { check(t, "Release by another", l.Release(), nil) })
	if !l.TryLock() {
		t.Error("not free")
	}
	l.Unlock()

	ended, cancel := context.WithCancel(ctx)
	cancel()
	check(t, "Acquire of a free one, context ended", l.Acquire(ended), nil)
}

// Who has it, where it was taken, and where it would have been waited for.
func TestLockHolder(t *testing.T) {
	ctx := as(t)
	var l Lock
	since := next()
	l.Acquire(ctx)
	inside(t, ctx, "other", func(ctx context.Context) {
		at := next()
		err := l.Acquire(ctx)
		deadlocked(t, err, want{"Lock.Acquire", "other", at, "test", since, "the lock is held by test since lock_test.go:"})
		at = next()
		err = l.With(ctx, func(context.Context) error { t.Error("called without the lock"); return nil })
		deadlocked(t, err, want{"Lock.Acquire", "other", at, "test", since, "held"})
	})
	l.Release()

	// Without a context nobody knows who it is, but where.
	since = next()
	l.Lock()
	at := next()
	err := l.Acquire(context.Background())
	deadlocked(t, err, want{"Lock.Acquire", "", at, "", since, "the lock is held since lock_test.go:"})
	l.Unlock()
	since = next()
	l.TryLock()
	func() {
		at := ""
		defer func() {
			err, _ := recover().(error)
			deadlocked(t, err, want{"Lock.Lock", "", at, "", since, "held since"})
		}()
		at = next()
		l.Lock()
		t.Error("Lock returned")
	}()
	l.Unlock()
	func() {
		defer func() {
			err, _ := recover().(error)
			check(t, "Unlock of a free one", err, ErrNotLocked)
		}()
		l.Unlock()
	}()
}

// What With has to do is the same for everything that has it.
func TestWith(t *testing.T) {
	ctx := as(t)
	s, _ := NewSemaphore(1)
	b, _ := NewBoundedSemaphore(1)
	l, r := new(Lock), new(RLock)
	c := NewCondition(l)
	for _, tc := range []struct {
		name string
		with func(context.Context, func(context.Context) error) error
		held func() bool
	}{
		{"Lock", l.With, l.Locked},
		{"RLock", r.With, r.Locked},
		{"Semaphore", s.With, func() bool { return s.Value() == 0 }},
		{"BoundedSemaphore", b.With, func() bool { return b.Value() == 0 }},
		{"Condition", c.With, l.Locked},
		{"With", func(ctx context.Context, fn func(context.Context) error) error { return With(ctx, c, fn) }, l.Locked},
	} {
		t.Run(tc.name, func(t *testing.T) {
			failure := errors.New("failure")
			for _, want := range []error{nil, failure} {
				err := tc.with(ctx, func(got context.Context) error {
					if got != ctx || !tc.held() {
						t.Error("not held, or another context")
					}
					return want
				})
				check(t, "With", err, want)
				if tc.held() {
					t.Error("not released")
				}
			}
			func() {
				defer func() { recover() }()
				tc.with(ctx, func(context.Context) error { panic(failure) })
			}()
			if tc.held() {
				t.Error("not released after a panic")
			}
			tc.with(ctx, func(ctx context.Context) error {
				inside(t, ctx, "other", func(ctx context.Context) {
					err := tc.with(ctx, func(context.Context) error { t.Error("called"); return nil })
					check(t, "With by another", err, ErrWouldDeadlock)
				})
				return nil
			})
		})
	}
	// What fn released already is not released again, and said.
	check(t, "With, released inside", l.With(ctx, func(context.Context) error { return l.Release() }), ErrNotLocked)
}

func TestRLock(t *testing.T) {
	ctx := as(t)
	var l RLock
	none := context.Background()
	check(t, "Acquire without a thread", l.Acquire(none), ErrNoThread)
	check(t, "Release without a thread", l.Release(none), ErrNoThread)
	if ok, err := l.TryAcquire(none); ok || !errors.Is(err, ErrNoThread) {
		t.Errorf("TryAcquire without a thread: %v, %v", ok, err)
	}
	check(t, "Release", l.Release(ctx), ErrNotOwner)

	since := next()
	check(t, "Acquire", l.Acquire(ctx), nil)
	check(t, "Acquire again", l.Acquire(ctx), nil)
	if ok, err := l.TryAcquire(ctx); !ok || err != nil {
		t.Errorf("TryAcquire again: %v, %v", ok, err)
	}
	check(t, "Release", l.Release(ctx), nil)
	if !l.Locked() || !l.OwnedBy(ctx) || l.OwnedBy(none) {
		t.Error("not held")
	}
	inside(t, ctx, "other", func(ctx context.Context) {
		if l.OwnedBy(ctx) {
			t.Error("owned by a thread that runs inside")
		}
		check(t, "Release by another", l.Release(ctx), ErrNotOwner)
		if ok, err := l.TryAcquire(ctx); ok || err != nil {
			t.Errorf("TryAcquire by another: %v, %v", ok, err)
		}
		at := next()
		err := l.Acquire(ctx)
		deadlocked(t, err, want{"RLock.Acquire", "other", at, "test", since, "the lock is held by test"})
		waits(t, ctx, l.Acquire)
	})
	check(t, "Release", l.Release(ctx), nil)
	check(t, "the last Release", l.Release(ctx), nil)
	if l.Locked() || l.OwnedBy(ctx) {
		t.Error("still held")
	}
	inside(t, ctx, "other", func(ctx context.Context) {
		mu := l.Locker(ctx)
		mu.Lock()
		if !l.OwnedBy(ctx) {
			t.Error("Locker locks for somebody else")
		}
		mu.Unlock()
		defer func() {
			err, _ := recover().(error)
			check(t, "Unlock of a free one", err, ErrNotOwner)
		}()
		mu.Unlock()
	})
	func() {
		defer func() {
			err, _ := recover().(error)
			check(t, "Lock without a thread", err, ErrNoThread)
		}()
		l.Locker(none).Lock()
	}()
}

// Goroutines that compete find out that they would wait; nothing is lost.
func TestLockConcurrently(t *testing.T) {
	var l Lock
	var wg sync.WaitGroup
	n := 0
	for range 4 {
		wg.Go(func() {
			for done := 0; done < 1000; {
				err := l.Acquire(context.Background())
				if err != nil {
					check(t, "Acquire", err, ErrWouldDeadlock)
					continue
				}
				n++
				done++
				l.Release()
			}
		})
	}
	wg.Wait()
	if n != 4000 {
		t.Errorf("counted %d", n)
	}
}
