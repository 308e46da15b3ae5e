package pool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// A lockedBuffer takes in logs.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// The kinds of pool that every test of this file is run over.
var kinds = []struct {
	name string
	make func(n int) (pool.AnyPool, error)
}{
	{"Pool", func(n int) (pool.AnyPool, error) { return pool.New(pool.Config{Processes: n}) }},
	{"Bundled", func(n int) (pool.AnyPool, error) {
		return pool.New(pool.Config{Processes: n, MaxTasksPerChild: 1000})
	}},
	{"ThreadPool", func(n int) (pool.AnyPool, error) {
		return pool.NewThreadPool(pool.ThreadConfig{Processes: n})
	}},
	{"OverIsolated", func(n int) (pool.AnyPool, error) {
		ex, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: n})
		if err != nil {
			return nil, err
		}
		return pool.Over(ex)
	}},
	{"OverProcesses", func(n int) (pool.AnyPool, error) {
		ex, err := process.NewPool(process.Config{Workers: n, OnDeath: process.Retry(1)})
		if err != nil {
			return nil, err
		}
		return pool.Over(ex)
	}},
}

// everywhere runs body over every kind of pool, with n workers.
func everywhere(t *testing.T, n int, body func(t *testing.T, ctx context.Context, p pool.AnyPool)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			leak.Check(t)
			ctx := within(t, 30*time.Second)
			p, err := k.make(n)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				p.Terminate()
				if err := p.Join(ctx); err != nil {
					t.Errorf("Join: %v", err)
				}
			}()
			body(t, ctx, p)
		})
	}
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func want[T any](t *testing.T, got T, err error, expected T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, expected) {
		t.Fatalf("got %v, want %v", got, expected)
	}
}

func squares(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i * i
	}
	return out
}

func TestApply(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		v, err := pool.Apply(ctx, p, square, 5)
		want(t, v, err, 25)
		s, err := pool.Apply(ctx, p, upper, "five")
		want(t, s, err, "FIVE")
		if v, err := pool.Apply(ctx, p, picky, 3); !errors.Is(err, errTest) || v != 0 || !strings.Contains(err.Error(), "3: test error") {
			t.Errorf("got %v, %v", v, err)
		}
	})
}

func TestMap(t *testing.T) {
	everywhere(t, 4, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, n := range []int{0, 1, 2, 10, 100, 1000} {
			for _, opts := range [][]pool.MapOption{nil, {pool.ChunkSize(1)}, {pool.ChunkSize(7)}, {pool.ChunkSize(math.MaxInt)}} {
				out, err := pool.Map(ctx, p, square, ints(n), opts...)
				want(t, out, err, squares(n))
			}
		}
		words := strings.Fields(strings.Repeat("a bc def ghij ", 50))
		out, err := pool.Map(ctx, p, upper, words)
		want(t, out, err, strings.Fields(strings.ToUpper(strings.Join(words, " "))))
	})
}

func TestMapCopiesInput(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		in := ints(5000)
		r := pool.MapAsync(ctx, p, square, in)
		clear(in)
		out, err := r.Get(ctx)
		want(t, out, err, squares(5000))
	})
}

func TestStarMap(t *testing.T) {
	everywhere(t, 4, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		var in []futures.Pair[int, int]
		var expected []int
		for i := range 100 {
			in = append(in, futures.Pair[int, int]{First: i, Second: 99 - i})
			expected = append(expected, i*(99-i))
		}
		out, err := pool.StarMap2(ctx, p, mul, in)
		want(t, out, err, expected)
		out, err = pool.StarMap2(ctx, p, mul, in, pool.ChunkSize(20))
		want(t, out, err, expected)
		out, err = pool.StarMapAsync2(ctx, p, mul, in).Get(ctx)
		want(t, out, err, expected)
		three := []pool.Triple[int, float64, string]{{1, 2.5, "a"}, {2, 0.5, "b"}}
		s, err := pool.StarMap3(ctx, p, volume, three)
		want(t, s, err, []string{"1 2.5a", "2 0.5b"})
		s, err = pool.StarMapAsync3(ctx, p, volume, three, pool.ChunkSize(2)).Get(ctx)
		want(t, s, err, []string{"1 2.5a", "2 0.5b"})
	})
}

// A failing item fails the map, once all others have ended.
func TestMapFails(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, opt := range []pool.MapOption{pool.ChunkSize(1), pool.ChunkSize(4), pool.ChunkSize(100)} {
			out, err := pool.Map(ctx, p, picky, ints(20), opt)
			if !errors.Is(err, errTest) || out != nil {
				t.Errorf("got %v, %v", out, err)
			}
			// The same for arguments that are no plain numbers.
			if _, err := pool.Map(ctx, p, panics, []string{"a", "b"}, opt); !isPanic(err, "oops ") {
				t.Errorf("got %v", err)
			}
		}
		v, err := pool.Apply(ctx, p, square, 3) // all workers are well
		want(t, v, err, 9)
	})
}

func isPanic(err error, text string) bool {
	var pe *futures.PanicError
	return errors.As(err, &pe) && strings.Contains(fmt.Sprint(pe.Value), text) && len(pe.Stack) > 0
}

func TestPanic(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		_, err := pool.Apply(ctx, p, panics, "dear")
		var pe *futures.PanicError
		if !errors.As(err, &pe) || fmt.Sprint(pe.Value) != "oops dear" {
			t.Fatalf("got %v", err)
		}
		if !strings.Contains(string(pe.Stack), "main_test.go") {
			t.Errorf("the stack does not show where it happened:\n%s", pe.Stack)
		}
	})
}

func TestGoexit(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		it := pool.IMap(ctx, p, goexits, slices.Values(ints(10)), pool.ChunkSize(5))
		for i := range 10 {
			v, err := it.Next(ctx)
			if i%5 == 3 {
				if !errors.Is(err, futures.ErrGoexit) {
					t.Errorf("%d: %v, %v", i, v, err)
				}
			} else if v != i || err != nil {
				t.Errorf("%d: %v, %v", i, v, err)
			}
		}
	})
}

func TestCallbacks(t *testing.T) {
	var logged lockedBuffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(old)
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		var got []any
		note := func(v []int) { got = append(got, v) }
		fail := func(err error) { got = append(got, err) }
		pool.MapAsync(ctx, p, picky, []int{1}).OnResult(note).OnError(fail).Wait(ctx)
		if len(got) != 1 || !reflect.DeepEqual(got[0], []int{1}) {
			t.Fatalf("got %v", got)
		}
		pool.MapAsync(ctx, p, picky, []int{3}).OnResult(note).OnError(fail).Wait(ctx)
		if err, ok := got[len(got)-1].(error); len(got) != 2 || !ok || !errors.Is(err, errTest) {
			t.Fatalf("got %v", got)
		}
		got = nil
		r := pool.ApplyAsync(ctx, p, square, 3).OnResult(func(v int) { got = append(got, v, "first") })
		r.OnResult(nil).OnError(nil).OnError(fail).OnResult(func(int) { panic("not my day") }).OnResult(func(int) { got = append(got, "last") })
		want(t, r.Wait(ctx), nil, nil)
		want(t, got, nil, []any{9, "first", "last"})
		r.OnResult(func(v int) { got = append(got, "late") }) // at once
		want(t, got, nil, []any{9, "first", "last", "late"})
		if !strings.Contains(logged.String(), "not my day") {
			t.Errorf("the panic was not logged: %s", logged.String())
		}
		logged.Reset()
	})
}

// However late callbacks come, they run in the order of adding, one at a time,
// and those that came before a Get have returned when it does.
func TestCallbackOrder(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for range 50 {
			r := pool.ApplyAsync(ctx, p, square, 3)
			var got []int
			for i := range 100 {
				r.OnResult(func(int) { got = append(got, i) })
			}
			want(t, r.Wait(ctx), nil, nil)
			want(t, got, nil, ints(100))
		}
		r := pool.ApplyAsync(ctx, p, nap, 20*time.Millisecond)
		ended := false
		r.OnResult(func(time.Duration) { r.OnResult(func(time.Duration) { ended = true }) })
		want(t, r.Wait(ctx), nil, nil)
		want(t, ended, nil, true)
	})
}

func TestGetTimeout(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		r := pool.ApplyAsync(ctx, p, nap, 120*time.Millisecond)
		over, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		for range 2 {
			_, err := r.Get(over)
			for _, target := range []error{multiprocessing.ErrTimeout, multiprocessing.ErrProcess, context.DeadlineExceeded, futures.ErrStillRunning} {
				if !errors.Is(err, target) {
					t.Errorf("%v does not match %v", err, target)
				}
			}
			if errors.Is(err, context.Canceled) {
				t.Errorf("%v matches context.Canceled", err)
			}
		}
		why := errors.New("no patience")
		gone, stop := context.WithCancelCause(ctx)
		stop(why)
		err := r.Wait(gone)
		if !errors.Is(err, why) || !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, multiprocessing.ErrTimeout) {
			t.Errorf("cancelled: %v", err)
		}
		if _, err := r.Successful(); !errors.Is(err, pool.ErrNotReady) || r.Ready() {
			t.Errorf("Successful while it runs: %v", err)
		}
		v, err := r.Get(ctx) // the call went on
		want(t, v, err, 120*time.Millisecond)
		v, err = r.Get(over)
		want(t, v, err, 120*time.Millisecond)
		ok, err := r.Successful()
		want(t, ok, err, true)
		<-r.Done()
		bad := pool.ApplyAsync(ctx, p, picky, 3)
		bad.Wait(ctx)
		ok, err = bad.Successful()
		want(t, ok, err, false)
	})
}

func TestEmpty(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		gone, cancel := context.WithCancel(ctx)
		r := pool.MapAsync(gone, p, square, nil)
		cancel()
		if !r.Ready() {
			t.Error("an empty map is not ready at once")
		}
		out, err := r.Get(gone)
		want(t, out, err, []int{})
		if _, err := pool.IMap(ctx, p, square, slices.Values([]int{})).Next(ctx); err != pool.ErrStop {
			t.Errorf("got %v", err)
		}
	})
}
