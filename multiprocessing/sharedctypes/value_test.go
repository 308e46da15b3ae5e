package sharedctypes_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
	"github.com/conexgo/conex/threading"
)

var errTest = errors.New("test error")

// ended is a context that is over, with a cause.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	return ctx
}

func TestValue(t *testing.T) {
	ctx := t.Context()
	v := must[*sharedctypes.Value[int32]](t)(sharedctypes.NewValue[int32](41))
	if n, err := v.Update(ctx, func(n int32) int32 { return n + 1 }); n != 42 || err != nil {
		t.Errorf("Update: %v, %v", n, err)
	}
	if n, err := v.Get(ctx); n != 42 || err != nil {
		t.Errorf("Get: %v, %v", n, err)
	}
	if err := v.Set(ctx, -1); err != nil || v.Load() != -1 || v.Obj().Load() != -1 {
		t.Errorf("Set: %v, %v", v, err)
	}
	v.Store(5)
	if err := v.With(ctx, func(n *int32) error { *n *= 2; return errTest }); err != errTest || v.Load() != 10 {
		t.Errorf("With: %v, %v", v, err)
	}
	if s := v.String(); s != "Value(RawValue[int32](10), Lock(free))" {
		t.Error(s)
	}
	// An expired context does for a lock that is free.
	if n, err := v.Get(ended(t)); n != 10 || err != nil {
		t.Errorf("Get: %v, %v", n, err)
	}
	// Wide values wrap like C's.
	if n := sharedctypes.Add(v, 1<<31-1); n != -1<<31+9 {
		t.Errorf("%d", n)
	}
}

// While somebody holds the lock everything that takes it waits, and its context
// ends the wait.
func TestWaits(t *testing.T) {
	leak.Check(t)
	bg := context.Background()
	lock := must[*mp.Lock](t)(mp.NewLock())
	v := must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(7, sharedctypes.WithLock(lock)))
	a := must[*sharedctypes.Array[int]](t)(sharedctypes.NewArray[int](2, sharedctypes.WithLock(lock)))
	s := must[*sharedctypes.String](t)(sharedctypes.NewString(2, sharedctypes.WithLock(lock)))
	if v.Lock() != sharedctypes.Locker(lock) || a.Lock() != v.Lock() || s.Lock() != v.Lock() {
		t.Error("another lock")
	}
	if err := v.Acquire(bg); err != nil {
		t.Fatal(err)
	}
	never := func(int) int { t.Error("called"); return 0 }
	for name, op := range map[string]func(ctx context.Context) error{
		"Acquire":      v.Acquire,
		"Get":          func(ctx context.Context) error { _, err := v.Get(ctx); return err },
		"Set":          func(ctx context.Context) error { return v.Set(ctx, 1) },
		"Update":       func(ctx context.Context) error { _, err := v.Update(ctx, never); return err },
		"With":         func(ctx context.Context) error { return v.With(ctx, func(*int) error { never(0); return nil }) },
		"At":           func(ctx context.Context) error { _, err := a.At(ctx, 0); return err },
		"SetAt":        func(ctx context.Context) error { return a.SetAt(ctx, 0, 1) },
		"Array.Update": func(ctx context.Context) error { _, err := a.Update(ctx, 0, never); return err },
		"Array.With":   func(ctx context.Context) error { return a.With(ctx, func([]int) error { never(0); return nil }) },
		"Slice":        func(ctx context.Context) error { _, err := a.Slice(ctx, 0, 2); return err },
		"SetSlice":     func(ctx context.Context) error { return a.SetSlice(ctx, 0, []int{1}) },
		"SetSlice all": func(ctx context.Context) error { return a.SetSlice(ctx, 0, []int{1, 2}) },
		"All": func(ctx context.Context) error {
			n := 0
			for _, err := range a.All(ctx) {
				if n++; err != nil {
					return err
				}
			}
			return nil
		},
		"Value":    func(ctx context.Context) error { _, err := s.Value(ctx); return err },
		"SetValue": func(ctx context.Context) error { return s.SetValue(ctx, []byte("a")) },
		"Raw":      func(ctx context.Context) error { _, err := s.Raw(ctx); return err },
		"SetRaw":   func(ctx context.Context) error { return s.SetRaw(ctx, []byte("a")) },
	} {
		if err := op(ended(t)); !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel := context.WithTimeout(bg, time.Millisecond)
		if err := op(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
	if v.Load() != 7 {
		t.Error("Load does not pass the lock by")
	}
	if err := v.Release(bg); err != nil {
		t.Error(err)
	}
	if err := v.Release(bg); !errors.Is(err, threading.ErrNotLocked) {
		t.Errorf("released twice: %v", err)
	}
}

// The lock is free again however a function ends.
func TestFunctions(t *testing.T) {
	ctx := t.Context()
	v := must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(7))
	a := must[*sharedctypes.Array[int]](t)(sharedctypes.NewArray[int](2))
	if _, err := v.Update(ctx, nil); !errors.Is(err, threading.ErrNilFunc) {
		t.Error(err)
	}
	if err := v.With(ctx, nil); !errors.Is(err, threading.ErrNilFunc) {
		t.Error(err)
	}
	if _, err := a.Update(ctx, 0, nil); !errors.Is(err, threading.ErrNilFunc) {
		t.Error(err)
	}
	if err := a.With(ctx, nil); !errors.Is(err, threading.ErrNilFunc) {
		t.Error(err)
	}
	for name, end := range map[string]func(){"panic": func() { panic("oops") }, "Goexit": runtime.Goexit} {
		for what, call := range map[string]func(){
			"Value.Update": func() { v.Update(ctx, func(int) int { end(); return 8 }) },
			"Value.With":   func() { v.With(ctx, func(*int) error { end(); return nil }) },
			"Array.Update": func() { a.Update(ctx, 1, func(int) int { end(); return 8 }) },
			"Array.With":   func() { a.With(ctx, func([]int) error { end(); return nil }) },
		} {
			done := make(chan bool)
			go func() {
				defer close(done)
				defer func() { recover() }()
				call()
			}()
			<-done
			if x, err := v.Get(ended(t)); x != 7 || err != nil {
				t.Errorf("%s, %s: %v, %v", what, name, x, err)
			}
			if x, err := a.At(ended(t), 1); x != 0 || err != nil {
				t.Errorf("%s, %s: %v, %v", what, name, x, err)
			}
		}
	}
	// A function that releases what is not its own.
	if err := v.With(ctx, func(*int) error { return v.Release(ctx) }); !errors.Is(err, threading.ErrNotLocked) {
		t.Error(err)
	}
}

// With an RLock methods can be called within each other; it needs a thread.
func TestRLock(t *testing.T) {
	lock := must[*mp.RLock](t)(mp.NewRLock())
	v := must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(7, sharedctypes.WithRLock(lock)))
	if _, err := v.Get(t.Context()); !errors.Is(err, threading.ErrNoThread) {
		t.Error(err)
	}
	ctx, leave := threading.Adopt(t.Context())
	defer leave()
	n, err := v.Update(ctx, func(n int) int {
		m, err := v.Update(ctx, func(n int) int { return n + 1 })
		if m != n+1 || err != nil {
			t.Error(m, err)
		}
		return m + 1
	})
	if n != 9 || err != nil || lock.Locked() {
		t.Error(n, err, lock)
	}
	if v.Lock() != sharedctypes.Locker(lock) || !strings.Contains(v.String(), "RLock(free)") {
		t.Error(v)
	}
	if err := v.Acquire(ctx); err != nil || !lock.OwnedBy(ctx) {
		t.Error(err)
	}
	other, leaveOther := threading.Adopt(ended(t))
	defer leaveOther()
	if err := v.Set(other, 1); !errors.Is(err, errTest) {
		t.Error(err)
	}
	if err := v.Release(other); !errors.Is(err, threading.ErrNotOwner) {
		t.Error(err)
	}
	if err := v.Release(ctx); err != nil {
		t.Error(err)
	}
}

// A lock that is none is an error, a raw form is what has no lock.
func TestOptions(t *testing.T) {
	for i, o := range []sharedctypes.Option{sharedctypes.WithLock(nil), sharedctypes.WithRLock(nil)} {
		if _, err := sharedctypes.NewValue(1, o); !errors.Is(err, sharedctypes.ErrNoLock) {
			t.Error(i, err)
		}
		if _, err := sharedctypes.NewArray[int](1, o); !errors.Is(err, sharedctypes.ErrNoLock) {
			t.Error(i, err)
		}
		if _, err := sharedctypes.NewString(1, o); !errors.Is(err, sharedctypes.ErrNoLock) {
			t.Error(i, err)
		}
	}
	if _, err := sharedctypes.NewValue(1, nil); err != nil {
		t.Error(err)
	}
	raw := must[*sharedctypes.RawValue[int]](t)(sharedctypes.NewRawValue(5))
	v := must[*sharedctypes.Value[int]](t)(sharedctypes.Synchronized(raw))
	if v.Obj() != raw {
		t.Error("another object")
	}
	c := must[*sharedctypes.RawValue[int]](t)(sharedctypes.Copy(v.Obj()))
	raw.Store(6)
	if c.Load() != 5 || v.Load() != 6 {
		t.Error("a copy is the same memory")
	}
}

type wide struct{ A, B, C int64 }

type widow struct {
	N    *sharedctypes.Value[int]
	W    *sharedctypes.Value[wide]
	A    *sharedctypes.Array[int]
	S    *sharedctypes.String
	Ours *sharedctypes.Value[int]
}

// A process that dies while it holds all locks.
var dieHolding = conex.Register("test/sharedctypes/dieHolding", func(ctx context.Context, w widow) (none, error) {
	err := errors.Join(w.N.Acquire(ctx), w.W.Acquire(ctx), w.A.Acquire(ctx), w.S.Acquire(ctx), w.Ours.Acquire(ctx))
	if err != nil {
		return none{}, err
	}
	self, _ := os.FindProcess(os.Getpid())
	self.Kill()
	select {}
})

// Whom a death concerns is told of it, once; the others go on.
func TestHolderDied(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	got := func(_ any, err error) error { return err }
	type step struct {
		name string
		do   func(w widow) error
		told bool
	}
	same := func(n int) int { return n }
	for name, steps := range map[string][]step{
		"Get of a word": {
			{"Get", func(w widow) error { return got(w.N.Get(ctx)) }, false},
			{"Set", func(w widow) error { return w.N.Set(ctx, 1) }, false},
			{"Update", func(w widow) error { return got(w.N.Update(ctx, same)) }, true},
			{"Update again", func(w widow) error { return got(w.N.Update(ctx, same)) }, false},
		},
		"With": {
			{"With", func(w widow) error { return w.N.With(ctx, func(*int) error { return nil }) }, true},
			{"With again", func(w widow) error { return w.N.With(ctx, func(*int) error { return nil }) }, false},
		},
		"Acquire": {
			{"Set", func(w widow) error { return w.N.Set(ctx, 1) }, false},
			{"Acquire", func(w widow) error {
				err := w.N.Acquire(ctx)
				if !w.N.Lock().(*mp.Lock).Locked() {
					t.Error("not taken")
				}
				return errors.Join(err, w.N.Release(ctx))
			}, true},
			{"Update", func(w widow) error { return got(w.N.Update(ctx, same)) }, false},
		},
		"a wide value": {
			{"Get", func(w widow) error { return got(w.W.Get(ctx)) }, true},
			{"Get again", func(w widow) error { return got(w.W.Get(ctx)) }, false},
		},
		"a wide value is replaced": {
			{"Set", func(w widow) error { return w.W.Set(ctx, wide{1, 2, 3}) }, false},
			{"Get", func(w widow) error { return got(w.W.Get(ctx)) }, true},
		},
		"an array": {
			{"At", func(w widow) error { return got(w.A.At(ctx, 0)) }, false},
			{"SetAt", func(w widow) error { return w.A.SetAt(ctx, 1, 5) }, false},
			{"SetSlice of all", func(w widow) error { return w.A.SetSlice(ctx, 0, []int{1, 2, 3}) }, false},
			{"Slice", func(w widow) error { return got(w.A.Slice(ctx, 0, 3)) }, true},
			{"SetSlice", func(w widow) error { return w.A.SetSlice(ctx, 0, []int{1}) }, false},
		},
		"part of an array": {
			{"SetSlice", func(w widow) error { return w.A.SetSlice(ctx, 0, []int{1}) }, true},
			{"Update", func(w widow) error { return got(w.A.Update(ctx, 0, same)) }, false},
		},
		"a string": {
			{"Value", func(w widow) error { return got(w.S.Value(ctx)) }, true},
			{"SetValue", func(w widow) error { return w.S.SetValue(ctx, []byte("x")) }, false},
		},
		"a lock from elsewhere": {
			{"Get", func(w widow) error { return got(w.Ours.Get(ctx)) }, true},
			{"Set", func(w widow) error { return w.Ours.Set(ctx, 1) }, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			lock := must[*mp.Lock](t)(mp.NewLock())
			w := widow{
				N:    must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(7)),
				W:    must[*sharedctypes.Value[wide]](t)(sharedctypes.NewValue(wide{})),
				A:    must[*sharedctypes.Array[int]](t)(sharedctypes.NewArray[int](3)),
				S:    must[*sharedctypes.String](t)(sharedctypes.NewString(3)),
				Ours: must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(7, sharedctypes.WithLock(lock))),
			}
			p, err := mp.Go(ctx, dieHolding.Bind(w))
			if err != nil {
				t.Fatal(err)
			}
			if p.Join(ctx); p.Alive() {
				t.Fatal("alive")
			}
			if code, _ := p.ExitCode(); code != -9 {
				t.Fatalf("exit code %d, %v", code, p.Err())
			}
			for _, s := range steps {
				switch err := s.do(w); {
				case s.told && !errors.Is(err, mp.ErrOwnerDied):
					t.Errorf("%s: %v", s.name, err)
				case !s.told && err != nil:
					t.Errorf("%s: %v", s.name, err)
				}
			}
		})
	}
}
