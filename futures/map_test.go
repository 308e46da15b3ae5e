package futures_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/futures"
)

// TestIgnoredContext: Map does not wait for a goroutine that ignores its
// context.
func TestIgnoredContext(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		t.Run(fmt.Sprint(unordered), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPool(t, 2)
				stop := make(chan bool)
				fn := futures.Local(func(ctx context.Context, x int) (int, error) {
					switch x {
					case 0:
						<-stop // ignores ctx
					case 1:
						<-ctx.Done() // heeds it
						return 0, errTest
					}
					return x, nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				errs := make(map[int]error)
				input := func(yield func(int) bool) {
					for i := range 100 {
						if !yield(i) {
							return
						}
					}
					<-stop // the input does not end either
				}
				if unordered {
					for it, err := range futures.MapUnordered(ctx, p, fn, input) {
						errs[it.Index] = err
					}
				} else {
					i := 0
					for _, err := range futures.Map(ctx, p, fn, input) {
						errs[i] = err
						i++
					}
					errs[-1] = errs[i-1]
				}
				if d := time.Since(start); d < time.Second || d > 2*time.Second {
					t.Errorf("the map took %v", d)
				}
				if err := errs[0]; !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the item that goes on: %v", err)
				}
				if err := errs[1]; err != errTest {
					t.Errorf("the item that heeds its context: %v", err)
				}
				if err := errs[2]; !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrStillRunning) {
					t.Errorf("an item that waited: %v", err)
				}
				if err := errs[-1]; !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the end: %v", err)
				}
				close(stop)
				p.Close()
			})
		})
	}
}

// TestMapSlow: items that take long are sent one by one, and those that arrive
// slowly at once.
func TestMapSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, 4)
		defer p.Close()
		slow := futures.Local(func(_ context.Context, x int) (int, error) { time.Sleep(time.Second); return x, nil })
		start := time.Now()
		n := 0
		for v, err := range futures.Map(t.Context(), p, slow, numbers(40)) {
			if v != n || err != nil {
				t.Errorf("item %d: %v, %v", n, v, err)
			}
			n++
			if got, want := time.Since(start), time.Duration((n+3)/4)*time.Second; got != want {
				t.Errorf("item %d came after %v, want %v", n-1, got, want)
			}
		}
		if n != 40 {
			t.Errorf("%d items", n)
		}
		// One item an hour, each through at once.
		hourly := func(yield func(int) bool) {
			for i := range 20 {
				if !yield(i) {
					return
				}
				time.Sleep(time.Hour)
			}
		}
		start, n = time.Now(), 0
		for range futures.Map(t.Context(), p, slow, hourly) {
			if got, want := time.Since(start), time.Duration(n)*time.Hour+time.Second; got != want {
				t.Errorf("item %d came after %v, want %v", n, got, want)
			}
			n++
		}
	})
}

// TestStuckItem: what MapUnordered has yielded does not pile up behind an item
// that takes for ever.
func TestStuckItem(t *testing.T) {
	p := newPool(t, 2)
	defer p.Close()
	stop := make(chan bool)
	big := futures.Local(func(_ context.Context, x int) (*[1000]int, error) {
		if x == 0 {
			<-stop
		}
		return new([1000]int), nil
	})
	heap := func() uint64 {
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return ms.HeapAlloc
	}
	before := heap()
	n := 0
	for it, err := range futures.MapUnordered(t.Context(), p, big, numbers(50_000), futures.ChunkSize(1)) {
		if n++; err != nil || it.Index == 0 && n < 50_000 {
			t.Fatalf("item %d, as number %d: %v", it.Index, n, err)
		}
		if n == 49_999 {
			if after := heap(); after > before+8<<20 {
				t.Errorf("%d bytes have piled up", after-before)
			}
			close(stop)
		}
	}
	if n != 50_000 {
		t.Errorf("%d items", n)
	}
}

func numbers(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestZip(t *testing.T) {
	for _, tt := range []struct{ a, b, want int }{{0, 0, 0}, {3, 3, 3}, {2, 5, 2}, {5, 2, 2}, {0, 4, 0}, {4, 0, 0}} {
		n := 0
		for p := range futures.Zip(numbers(tt.a), numbers(tt.b)) {
			if p.First != n || p.Second != n {
				t.Errorf("pair %d: %+v", n, p)
			}
			n++
		}
		if n != tt.want {
			t.Errorf("Zip of %d and %d: %d pairs", tt.a, tt.b, n)
		}
	}
	for range futures.Zip(numbers(5), numbers(5)) {
		break
	}
}

// TestGoexitWhenBroken: a worker whose goroutine is ended while another breaks
// the pool leaves nothing undone.
func TestGoexitWhenBroken(t *testing.T) {
	quiet(t)
	var inits atomic.Int64
	hold := make(chan bool)
	p, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 2, Init: func(context.Context) error {
		if inits.Add(1) == 2 {
			return errTest
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	fn := futures.Local(func(_ context.Context, x int) (int, error) {
		if x == 0 {
			<-hold
			runtime.Goexit()
		}
		return x, nil
	})
	ended := make(chan []error)
	go func() {
		var errs []error
		for _, err := range futures.Map(t.Context(), p, fn, numbers(10), futures.ChunkSize(10)) {
			errs = append(errs, err)
		}
		ended <- errs
	}()
	for p.Stats().Running == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := futures.Go(t.Context(), p, nothing).Err(t.Context()); !errors.Is(err, futures.ErrBroken) {
		t.Errorf("the call that broke the pool: %v", err)
	}
	close(hold)
	errs := <-ended
	if len(errs) != 10 || !errors.Is(errs[0], futures.ErrGoexit) || !errors.Is(errs[1], futures.ErrBroken) || !errors.Is(errs[9], futures.ErrBroken) {
		t.Errorf("%v", errs)
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
