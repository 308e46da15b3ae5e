package futex

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// eachKernel runs the test on this kernel and as on one without futex_waitv.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	for name, without := range map[string]bool{"waitv": false, "no waitv": true} {
		t.Run(name, func(t *testing.T) {
			defer noWaitv.Store(noWaitv.Load())
			noWaitv.Store(without || noWaitv.Load())
			test(t)
		})
	}
}

func TestWait(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		leak.Check(t)
		var w atomic.Uint32
		if err := Wait(t.Context(), &w, 1, 0); err != nil {
			t.Errorf("another value: %v", err)
		}
		ended, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		cancel(cause)
		if err := Wait(ended, &w, 1, 0); err != nil {
			t.Errorf("a wait that need not block: %v", err)
		}
		if err := Wait(ended, &w, 0, 0); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := Wait(t.Context(), &w, 0, time.Millisecond); err != nil {
			t.Errorf("bounded: %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		for err := error(nil); err == nil; {
			err = Wait(short, &w, 0, 0)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// Many goroutines wait for words of their own, more than have threads, and more
// than one dispatcher takes.
func TestManyWords(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		leak.Check(t)
		const n = 400
		before := threads(t)
		words := make([]atomic.Uint32, n)
		var wg sync.WaitGroup
		var bad atomic.Int32
		for i := range words {
			wg.Go(func() {
				ctx := t.Context()
				if i%3 == 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, time.Duration(i)*100*time.Microsecond)
					defer stop()
				}
				for words[i].Load() == 0 {
					if err := Wait(ctx, &words[i], 0, 0); err != nil {
						if i%3 != 0 || !errors.Is(err, context.DeadlineExceeded) {
							bad.Add(1)
						}
						return
					}
				}
			})
		}
		for waiting() < n/2 {
			runtime.Gosched()
		}
		if now := threads(t); now > before+ownThreads+10 {
			t.Errorf("%d threads, %d before", now, before)
		}
		for i := range words {
			words[i].Store(1)
			Wake(&words[i], 1)
		}
		wg.Wait()
		if bad.Load() > 0 {
			t.Errorf("%d waits failed", bad.Load())
		}
	})
}

// waiting is how many wait in the kernel, or think so.
func waiting() int {
	mu.Lock()
	n := count
	mu.Unlock()
	for d := &disp; d != nil; d = d.following() {
		d.mu.Lock()
		n += len(d.list)
		d.mu.Unlock()
	}
	return n
}

func threads(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestNudge(t *testing.T) {
	for name, c := range map[string]struct {
		ctx  context.Context
		most time.Duration
	}{"interruptible": {t.Context(), 0}, "not": {context.Background(), time.Hour}} {
		t.Run(name, func(t *testing.T) { testNudge(t, c.ctx, c.most) })
	}
}

func testNudge(t *testing.T, ctx context.Context, most time.Duration) {
	eachKernel(t, func(t *testing.T) {
		leak.Check(t)
		const n = ownThreads + 5
		var w [n]atomic.Uint32
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if err := Wait(ctx, &w[i], 0, most); err != nil {
					t.Error(err)
				}
			})
		}
		for waiting() < n {
			runtime.Gosched()
		}
		all := make(chan bool)
		go func() { wg.Wait(); close(all) }()
		for {
			Nudge() // again, for those that had not gone to sleep yet
			select {
			case <-all:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
}

func TestTurn(t *testing.T) {
	leak.Check(t)
	var turn Turn
	if !turn.TryAcquire() || turn.TryAcquire() {
		t.Fatal("TryAcquire")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := turn.Acquire(ended, &turn); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var order []int
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if err := turn.Acquire(t.Context(), &turn); err != nil {
				t.Error(err)
				return
			}
			order = append(order, i)
			turn.Release()
		})
		for turn.Waiting() != i+1 {
			runtime.Gosched()
		}
	}
	turn.Release()
	wg.Wait()
	for i, x := range order {
		if i != x {
			t.Fatalf("order %v", order)
		}
	}
	if err := turn.Acquire(ended, &turn); err != nil {
		t.Errorf("a free turn: %v", err)
	}
}

// All of a group go on at a change, whoever gave up before.
func TestGroup(t *testing.T) {
	leak.Check(t)
	for range 20 {
		var g Group
		var w atomic.Uint32
		var wg sync.WaitGroup
		const n = 100
		for i := range n {
			wg.Go(func() {
				ctx := t.Context()
				if i%2 == 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, time.Duration(i)*20*time.Microsecond)
					defer stop()
				}
				for w.Load() == 0 {
					if err := g.Wait(ctx, &w, 0, time.Millisecond, &g); err != nil {
						if i%2 != 0 || !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		time.Sleep(500 * time.Microsecond) // some are still coming, some gone
		w.Store(1)
		Wake(&w, 1<<30)
		wg.Wait()
	}
}

func TestPoll(t *testing.T) {
	var p Poll
	var got []string
	for range 7 {
		got = append(got, p.Next().String())
	}
	if s := strings.Join(got, " "); s != "5ms 10ms 20ms 40ms 80ms 100ms 100ms" {
		t.Error(s)
	}
}

func BenchmarkPingPong(b *testing.B) {
	var w atomic.Uint32
	go func() {
		for i := uint32(1); i <= uint32(2*b.N); i += 2 {
			for w.Load() != i {
				Wait(b.Context(), &w, i-1, 0)
			}
			w.Store(i + 1)
			Wake(&w, 1)
		}
	}()
	for i := uint32(1); i < uint32(2*b.N); i += 2 {
		w.Store(i)
		Wake(&w, 1)
		for w.Load() != i+1 {
			Wait(b.Context(), &w, i, 0)
		}
	}
}
