package threading

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestRLockLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := asThread(context.Background(), "main")
		var r RLock
		for range 3 {
			if err := r.Acquire(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if ok, err := r.TryAcquire(ctx); !ok || err != nil {
			t.Errorf("try of the holder: %v, %v", ok, err)
		}
		got := false
		go func() {
			ctx := asThread(context.Background(), "other")
			if ok, err := r.TryAcquire(ctx); ok || err != nil {
				t.Errorf("try of another: %v, %v", ok, err)
			}
			if r.OwnedBy(ctx) {
				t.Error("owned by another")
			}
			r.Acquire(ctx)
			got = true
			r.Release(ctx)
		}()
		for range 4 {
			synctest.Wait()
			if got || !r.Locked() || !r.OwnedBy(ctx) {
				t.Errorf("before the last release: got %v, locked %v", got, r.Locked())
			}
			if err := r.Release(ctx); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if !got || r.Locked() || r.OwnedBy(ctx) {
			t.Errorf("after the last release: got %v, locked %v", got, r.Locked())
		}
	})
}

// Who may do what, and that nothing changes for who may not.
func TestRLockMisuse(t *testing.T) {
	ctx, none := asThread(context.Background(), "main"), context.Background()
	stranger := asThread(none, "stranger")
	var r RLock
	c, zero := NewCondition(&r), new(Condition)
	for _, held := range []bool{false, true} {
		if held {
			r.Acquire(ctx)
			zero.Acquire(ctx)
		}
		for name, tc := range map[string]struct {
			f    func(ctx context.Context) error
			who  context.Context
			want error
		}{
			"release without a thread":      {r.Release, none, ErrNoThread},
			"acquire without a thread":      {r.Acquire, none, ErrNoThread},
			"release by a stranger":         {r.Release, stranger, ErrNotOwner},
			"wait without a thread":         {zero.Wait, none, ErrNoThread},
			"wait by a stranger":            {zero.Wait, stranger, ErrNotOwner},
			"wait of a stranger, shared":    {c.Wait, stranger, ErrNotOwner},
			"notify by a stranger":          {zero.NotifyAll, stranger, ErrNotOwner},
			"notify without a thread":       {zero.NotifyAll, none, ErrNoThread},
			"release of the condition":      {c.Release, stranger, ErrNotOwner},
			"with, without a thread":        {func(ctx context.Context) error { return r.With(ctx, notCalled(t)) }, none, ErrNoThread},
			"a condition, without a thread": {zero.Acquire, none, ErrNoThread},
			"try, without a thread":         {func(ctx context.Context) error { _, err := r.TryAcquire(ctx); return err }, none, ErrNoThread},
			"try of a condition":            {func(ctx context.Context) error { _, err := zero.TryAcquire(ctx); return err }, none, ErrNoThread},
		} {
			if err := tc.f(tc.who); !errors.Is(err, tc.want) || !errors.Is(err, ErrThread) {
				t.Errorf("%s: %v", name, err)
			}
			if r.Locked() != held || zero.Locked() != held || r.OwnedBy(ctx) != held || r.OwnedBy(none) {
				t.Fatalf("%s: changed something", name)
			}
		}
	}
	if err := errors.Join(r.Release(ctx), zero.Release(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(ctx); !errors.Is(err, ErrNotOwner) {
		t.Errorf("release when free: %v", err)
	}
}

func TestRLockLocker(t *testing.T) {
	var r RLock
	ctx := asThread(context.Background(), "main")
	l := r.Locker(ctx)
	l.Lock()
	l.Lock()
	if !r.OwnedBy(ctx) {
		t.Error("not held")
	}
	l.Unlock()
	l.Unlock()
	for name, f := range map[string]func(){
		"Unlock": l.Unlock,
		"Lock":   r.Locker(context.Background()).Lock,
	} {
		func() {
			defer func() {
				if err, _ := recover().(error); !errors.Is(err, ErrThread) {
					t.Errorf("%s: %v", name, err)
				}
			}()
			f()
		}()
	}
	if r.Locked() {
		t.Error("locked")
	}
}

func TestLockMisuse(t *testing.T) {
	var l Lock
	c := NewCondition(&l)
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"Release":           l.Release,
		"Condition.Release": func() error { return c.Release(ctx) },
		"Wait":              func() error { return c.Wait(ctx) },
		"WaitFor":           func() error { return c.WaitFor(ctx, func() bool { t.Error("called"); return true }) },
		"Notify":            func() error { return c.Notify(ctx, 1) },
		"NotifyAll":         func() error { return c.NotifyAll(ctx) },
		"Unlock": func() (err error) {
			defer func() { err, _ = recover().(error) }()
			l.Unlock()
			return nil
		},
	} {
		if err := f(); !errors.Is(err, ErrNotLocked) || !errors.Is(err, ErrThread) || l.Locked() {
			t.Errorf("%s: %v, locked %v", name, err, l.Locked())
		}
	}
	if l.Acquire(ctx) != nil || l.Release() != nil {
		t.Error("unusable afterwards")
	}
}

// Anybody may release a Lock.
func TestLockReleasedByAnother(t *testing.T) {
	var l Lock
	l.Lock()
	other(func(context.Context) {
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	})
	if !l.TryAcquire() {
		t.Error("still locked")
	}
}

// Without a function nothing is taken, and nothing given up.
func TestNilFunc(t *testing.T) {
	ctx := asThread(t.Context(), "t")
	var l Lock
	var r RLock
	s, b := new(Semaphore), new(BoundedSemaphore)
	c := NewCondition(nil)
	for _, x := range []Acquirer{&l, &r, s, b, c} {
		if err := With(ctx, x, nil); !errors.Is(err, ErrNilFunc) || !errors.Is(err, ErrThread) {
			t.Errorf("%T: %v", x, err)
		}
	}
	if l.Locked() || r.Locked() || c.Locked() || s.Value() != 1 {
		t.Error("something was taken")
	}
	if err := c.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitFor(ctx, nil); !errors.Is(err, ErrNilFunc) || !c.Locked() {
		t.Errorf("WaitFor: %v", err)
	}
}
