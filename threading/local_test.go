package threading

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// isOrNil is errors.Is, with nil for success.
func isOrNil(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}

// thread runs fn in a thread of its own and waits for it.
func inThread(t *testing.T, fn func(ctx context.Context)) {
	t.Helper()
	th, err := Go(context.Background(), func(ctx context.Context) error { fn(ctx); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := th.Join(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestLocal(t *testing.T) {
	leak.Check(t)
	ctx, leave := Adopt(context.Background())
	defer leave()
	var l Local[int]
	if v, ok := l.Load(ctx); v != 0 || ok {
		t.Errorf("empty: %d, %v", v, ok)
	}
	if err := l.Delete(ctx); err != nil {
		t.Error(err)
	}
	l.Store(ctx, 42)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			inThread(t, func(ctx context.Context) {
				if v, ok := l.Load(ctx); ok {
					t.Errorf("thread %d finds %d", i, v)
				}
				l.Store(ctx, i)
				runtime.Gosched()
				l.Store(ctx, i+100)
				if v, ok := l.Load(ctx); v != i+100 || !ok {
					t.Errorf("thread %d finds %d, %v", i, v, ok)
				}
				l.Delete(ctx)
				if v, ok := l.Load(ctx); ok {
					t.Errorf("thread %d finds %d after Delete", i, v)
				}
				l.Store(ctx, i)
			})
		})
	}
	wg.Wait()
	if v, ok := l.Load(ctx); v != 42 || !ok {
		t.Errorf("the first thread finds %d, %v", v, ok)
	}
	n := 0
	l.values.Load().byThread.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d threads have a value", n)
	}
}

func TestLocalInit(t *testing.T) {
	calls := 0
	l := NewLocal(func() map[string]int { calls++; return map[string]int{"number": 2} })
	ctx, leave := Adopt(context.Background())
	defer leave()
	for range 3 {
		m, ok := l.Load(ctx)
		if !ok || m["number"] != 2 {
			t.Errorf("%v, %v", m, ok)
		}
		m["color"] = 1
	}
	inThread(t, func(ctx context.Context) {
		if m, ok := l.Load(ctx); !ok || len(m) != 1 {
			t.Errorf("another thread: %v, %v", m, ok)
		}
	})
	if calls != 2 {
		t.Errorf("%d calls for 2 threads", calls)
	}
	l.Delete(ctx)
	if m, ok := l.Load(ctx); !ok || len(m) != 1 || calls != 3 {
		t.Errorf("after Delete: %v, %v, %d calls", m, ok, calls)
	}
	inThread(t, func(ctx context.Context) {
		l.Store(ctx, nil)
		if m, ok := l.Load(ctx); m != nil || !ok || calls != 3 {
			t.Errorf("stored first: %v, %v, %d calls", m, ok, calls)
		}
	})
}

func TestLocalNoThread(t *testing.T) {
	l := NewLocal(func() int { return 1 })
	ctx := context.Background()
	ended, leave := Adopt(ctx)
	l.Store(ended, 7)
	leave()
	for name, ctx := range map[string]context.Context{"none": ctx, "ended": ended} {
		if _, ok := l.Load(ctx); ok {
			t.Errorf("%s: it has a value", name)
		}
		if err := l.Store(ctx, 3); !errors.Is(err, ErrNoThread) || !errors.Is(err, ErrThread) {
			t.Errorf("%s: Store: %v", name, err)
		}
		if err := l.Delete(ctx); name == "none" && err != ErrNoThread {
			t.Errorf("%s: Delete: %v", name, err)
		}
	}
}

// Values are dropped with their thread, and with their Local, also when they
// refer to it.
func TestLocalForgets(t *testing.T) {
	type big struct {
		_ [1 << 16]byte
		l *Local[*big]
	}
	for _, tc := range []string{"thread", "local", "cycle"} {
		t.Run(tc, func(t *testing.T) {
			gone := make(chan struct{})
			l := new(Local[*big])
			ctx, leave := Adopt(context.Background())
			func() {
				v := new(big)
				if tc == "cycle" {
					v.l = l
				}
				runtime.AddCleanup(v, func(struct{}) { close(gone) }, struct{}{})
				l.Store(ctx, v)
			}()
			if tc == "thread" {
				leave()
			} else {
				defer leave()
				l = nil
			}
			deadline := time.After(5 * time.Second)
			for {
				runtime.GC()
				select {
				case <-gone:
					runtime.KeepAlive(l)
					return
				case <-deadline:
					t.Fatal("the value is kept")
				default:
					runtime.Gosched()
				}
			}
		})
	}
}

// A thread that outlives many Locals forgets them.
func TestLocalMany(t *testing.T) {
	ctx, leave := Adopt(context.Background())
	defer leave()
	for i := range 20_000 {
		new(Local[int]).Store(ctx, i)
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	if n := cap(Current(ctx).more().locals.Load().all); n > 8192 {
		t.Errorf("it remembers %d", n)
	}
}

// Threads that end while Locals are used and dropped: the race detector's.
func TestLocalRace(t *testing.T) {
	leak.Check(t)
	shared := NewLocal(func() string { return "first" })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				inThread(t, func(ctx context.Context) {
					own := new(Local[int])
					own.Store(ctx, i)
					shared.Store(ctx, fmt.Sprint(i))
					var inner sync.WaitGroup
					inner.Go(func() { shared.Load(ctx) })
					inner.Go(func() { shared.Store(ctx, "x") })
					if i%2 == 0 {
						inner.Wait()
					}
				})
			}
		})
	}
	wg.Wait()
}
