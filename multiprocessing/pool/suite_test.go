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

	"github.com/conexgo/conex"
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

func TestIMap(t *testing.T) {
	everywhere(t, 3, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, opts := range [][]pool.IMapOption{nil, {pool.ChunkSize(7)}, {pool.ChunkSize(100), pool.Buffer(3)}, {pool.Buffer(1)}, {pool.ChunkSize(math.MaxInt)}} {
			for _, n := range []int{0, 1, 10, 1000} {
				var got []int
				for v, err := range pool.IMap(ctx, p, square, slices.Values(ints(n)), opts...).All(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if !slices.Equal(got, squares(n)) {
					t.Fatalf("%v: got %v", opts, got)
				}
				it := pool.IMapUnordered(ctx, p, square, slices.Values(ints(n)), opts...)
				got = nil
				for range n {
					v, err := it.Next(ctx)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if _, err := it.Next(ctx); err != pool.ErrStop {
					t.Fatalf("at the end: %v", err)
				}
				slices.Sort(got)
				if !slices.Equal(got, squares(n)) {
					t.Fatalf("unordered, %v: got %v", opts, got)
				}
			}
		}
	})
}

// A failing item is an error in its place, and the iteration goes on.
func TestIMapFails(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, chunk := range []int{1, 3, 20} {
			it := pool.IMap(ctx, p, picky, slices.Values(ints(20)), pool.ChunkSize(chunk))
			for i := range 20 {
				v, err := it.Next(ctx)
				if i%5 == 3 && !errors.Is(err, errTest) || i%5 != 3 && (v != i || err != nil) {
					t.Errorf("chunk %d, item %d: %v, %v", chunk, i, v, err)
				}
			}
			bad, sum := 0, 0
			for v, err := range pool.IMapUnordered(ctx, p, picky, slices.Values(ints(20)), pool.ChunkSize(chunk)).All(ctx) {
				if sum += v; err != nil {
					bad++
				}
			}
			if bad != 4 || sum != 190-(3+8+13+18) {
				t.Errorf("chunk %d: %d errors, sum %d", chunk, bad, sum)
			}
		}
	})
}

// An input that panics ends the iteration behind what was read before.
func TestIMapInputPanics(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, chunk := range []int{1, 2, 4} {
			for _, when := range []int{0, 3, 7} {
				it := pool.IMap(ctx, p, square, func(yield func(int) bool) {
					for i := 0; i != when && yield(i); i++ {
					}
					panic("say when")
				}, pool.ChunkSize(chunk))
				for i := range when - when%chunk { // the chunk that was not full is lost, as in Python
					v, err := it.Next(ctx)
					want(t, v, err, i*i)
				}
				for range 2 {
					if _, err := it.Next(ctx); !isPanic(err, "say when") {
						t.Errorf("chunk %d, panic at %d: %v", chunk, when, err)
					}
				}
			}
		}
	})
}

// A wait for the next item that runs out loses nothing.
func TestNextTimeout(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, unordered := range []bool{false, true} {
			in := slices.Values([]time.Duration{time.Millisecond, 80 * time.Millisecond, 2 * time.Millisecond})
			it := pool.IMap(ctx, p, nap, in)
			if unordered {
				it = pool.IMapUnordered(ctx, p, nap, in)
			}
			v, err := it.Next(ctx)
			want(t, v, err, time.Millisecond)
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			if _, err := it.Next(short); !errors.Is(err, multiprocessing.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			for _, err := range it.All(short) {
				if !errors.Is(err, multiprocessing.ErrTimeout) {
					t.Errorf("got %v", err)
				}
			}
			cancel()
			v, err = it.Next(ctx)
			want(t, v, err, 80*time.Millisecond)
			v, err = it.Next(ctx)
			want(t, v, err, 2*time.Millisecond)
			if _, err = it.Next(short); err != pool.ErrStop {
				t.Errorf("the end, under a ctx that is over: %v", err)
			}
		}
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

var noContext context.Context

func TestRefusals(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		if err := p.Join(ctx); !errors.Is(err, pool.ErrRunning) || !errors.Is(err, multiprocessing.ErrProcess) {
			t.Errorf("Join of a running pool: %v", err)
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		var noFunc *conex.Func[int, int]
		for name, r := range map[string]*pool.AsyncResult[[]int]{
			"chunk size 0":  pool.MapAsync(ctx, p, square, ints(3), pool.ChunkSize(0)),
			"chunk size -1": pool.MapAsync(ctx, p, square, ints(3), pool.ChunkSize(-1)),
			"ctx is over":   pool.MapAsync(gone, p, square, ints(3)),
			"nil function":  pool.MapAsync(ctx, p, noFunc, ints(3)),
			"no function":   pool.MapAsync[int, int](ctx, p, nil, ints(3)),
			"nil ctx":       pool.MapAsync(noContext, p, square, ints(3)),
			"nil pool":      pool.MapAsync(ctx, nil, square, ints(3)),
			"nil Pool":      pool.MapAsync(ctx, (*pool.Pool)(nil), square, ints(3)),
			"nil threads":   pool.MapAsync(ctx, (*pool.ThreadPool)(nil), square, ints(3)),
			"zero Pool":     pool.MapAsync(ctx, new(pool.Pool), square, ints(3)),
		} {
			if _, err := r.Get(ctx); err == nil || !r.Ready() {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, it := range map[string]*pool.Iterator[int]{
			"chunk size 0": pool.IMap(ctx, p, square, slices.Values(ints(3)), pool.ChunkSize(0)),
			"buffer 0":     pool.IMap(ctx, p, square, slices.Values(ints(3)), pool.Buffer(0)),
			"ctx is over":  pool.IMapUnordered(gone, p, square, slices.Values(ints(3))),
			"nil input":    pool.IMap(ctx, p, square, nil),
			"nil pool":     pool.IMap(ctx, nil, square, slices.Values(ints(3))),
		} {
			if v, err := it.Next(ctx); err == nil || err == pool.ErrStop {
				t.Errorf("%s: %v, %v", name, v, err)
			}
			it.Close()
		}
		if _, err := pool.Apply(gone, p, square, 1); !errors.Is(err, context.Canceled) || !errors.Is(err, multiprocessing.ErrTimeout) {
			t.Errorf("Apply under a ctx that is over: %v", err)
		}
		if _, err := pool.Apply(noContext, p, square, 1); err == nil {
			t.Error("Apply without a ctx")
		}
		if _, err := pool.Map(noContext, p, square, ints(1)); err == nil {
			t.Error("Map without a ctx")
		}
		p.Close()
		p.Close()
		if v, err := pool.Apply(ctx, p, square, 1); !errors.Is(err, pool.ErrNotRunning) || !errors.Is(err, multiprocessing.ErrProcess) {
			t.Errorf("Apply after Close: %v, %v", v, err)
		}
		if _, err := pool.Map(ctx, p, square, ints(1)); !errors.Is(err, pool.ErrNotRunning) {
			t.Errorf("Map after Close: %v", err)
		}
		if _, err := pool.IMap(ctx, p, square, slices.Values(ints(1))).Next(ctx); !errors.Is(err, pool.ErrNotRunning) {
			t.Errorf("IMap after Close: %v", err)
		}
	})
}

// What was submitted before Close is done, inputs that are still read included.
func TestClose(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		var rs []*pool.AsyncResult[int]
		for i := range 50 {
			rs = append(rs, pool.ApplyAsync(ctx, p, square, i))
		}
		m := pool.MapAsync(ctx, p, upper, []string{"a", "b"}, pool.ChunkSize(1))
		// More than is read ahead, and nobody takes it.
		it := pool.IMap(ctx, p, square, count(500), pool.Buffer(10))
		p.Close()
		if err := p.Join(ctx); err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			v, err := r.Get(ctx)
			want(t, v, err, i*i)
		}
		out, err := m.Get(ctx)
		want(t, out, err, []string{"A", "B"})
		i := 0
		for v, err := range it.All(ctx) {
			want(t, v, err, i*i)
			i++
		}
		want(t, i, nil, 500)
		if err := p.Join(ctx); err != nil {
			t.Errorf("joined again: %v", err)
		}
	})
}

func TestJoinTimeout(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		r := pool.ApplyAsync(ctx, p, nap, 80*time.Millisecond)
		p.Close()
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		if err := p.Join(short); !errors.Is(err, multiprocessing.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := p.Join(ctx); err != nil {
			t.Errorf("joined again: %v", err)
		}
		v, err := r.Get(ctx)
		want(t, v, err, 80*time.Millisecond)
	})
}

// After Terminate nobody waits in vain.
func TestTerminate(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		ok, err := pool.Apply(ctx, p, square, 2)
		want(t, ok, err, 4)
		m := pool.MapAsync(ctx, p, waitCtx, ints(1000), pool.ChunkSize(1))
		a := pool.ApplyAsync(ctx, p, waitCtx, 0)
		told := make(chan error, 1)
		a.OnError(func(err error) { told <- err })
		it := pool.IMap(ctx, p, waitCtx, count(1<<30))
		un := pool.IMapUnordered(ctx, p, waitCtx, count(1<<30), pool.ChunkSize(3))
		p.Terminate()
		p.Terminate()
		p.Close()
		if _, err := m.Get(ctx); !errors.Is(err, pool.ErrTerminated) || !errors.Is(err, multiprocessing.ErrProcess) {
			t.Errorf("Map: %v", err)
		}
		if _, err := a.Get(ctx); !errors.Is(err, pool.ErrTerminated) {
			t.Errorf("Apply: %v", err)
		}
		if err := <-told; !errors.Is(err, pool.ErrTerminated) {
			t.Errorf("callback: %v", err)
		}
		for _, it := range []*pool.Iterator[int]{it, un} {
			n := 0
			for _, err := range it.All(ctx) {
				if n++; !errors.Is(err, pool.ErrTerminated) {
					t.Errorf("item: %v", err)
				}
			}
			if n < 1 {
				t.Error("no error at the end")
			}
		}
		if err := p.Join(ctx); err != nil {
			t.Error(err)
		}
		if !strings.Contains(p.String(), "TERMINATE") {
			t.Errorf("it is %v", p)
		}
		if _, err := pool.Apply(ctx, p, square, 1); !errors.Is(err, pool.ErrNotRunning) {
			t.Errorf("Apply after Terminate: %v", err)
		}
	})
}

// The context of a call ends the call, not its neighbours.
func TestCallContext(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		why := errTest // known in other processes
		own, cancel := context.WithCancelCause(ctx)
		r := pool.ApplyAsync(own, p, waitCtx, 0)
		other := pool.ApplyAsync(ctx, p, nap, 50*time.Millisecond)
		cancel(why)
		if _, err := r.Get(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
		v, err := other.Get(ctx)
		want(t, v, err, 50*time.Millisecond)
	})
}

func TestIMapContext(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		own, cancel := context.WithCancel(ctx)
		it := pool.IMap(own, p, square, count(1<<30))
		for i := range 10 {
			v, err := it.Next(ctx)
			want(t, v, err, i*i)
		}
		cancel()
		var last error
		for _, err := range it.All(ctx) {
			if last = err; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("the last error is %v", last)
		}
		// An input that never yields does not keep the reader.
		own, cancel = context.WithCancel(ctx)
		block := make(chan struct{})
		it = pool.IMap(own, p, square, func(yield func(int) bool) { <-block })
		cancel()
		if _, err := it.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(block)
		v, err := pool.Apply(ctx, p, square, 4)
		want(t, v, err, 16)
	})
}

func TestIteratorClose(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		it := pool.IMap(ctx, p, square, count(1<<30))
		for v, err := range it.All(ctx) {
			want(t, v, err, 0)
			break
		}
		v, err := it.Next(ctx) // the loop has left it where it was
		want(t, v, err, 1)
		it.Close()
		it.Close()
		if _, err := it.Next(ctx); err != pool.ErrStop {
			t.Errorf("got %v", err)
		}
		stuck := pool.IMap(ctx, p, waitCtx, slices.Values(ints(1)))
		stuck.Close() // ends the call, which keeps the only worker
		v, err = pool.Apply(ctx, p, square, 4)
		want(t, v, err, 16)
		new(pool.Iterator[int]).Close()
		if _, err := new(pool.Iterator[int]).Next(ctx); err != pool.ErrStop {
			t.Errorf("zero Iterator: %v", err)
		}
	})
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		p    fmt.Stringer
		want string
	}{
		{new(pool.Pool), "Pool(state=INIT, size=0)"},
		{new(pool.ThreadPool), "Pool(state=INIT, size=0)"},
		{(*pool.Pool)(nil), "Pool(nil)"},
	} {
		want(t, c.p.String(), nil, c.want)
	}
	everywhere(t, 3, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		kind := "Pool"
		if _, ok := p.(*pool.ThreadPool); ok {
			kind = "ThreadPool"
		}
		want(t, p.String(), nil, kind+"(state=RUN, size=3)")
		want(t, p.Processes(), nil, 3)
		r := pool.ApplyAsync(ctx, p, nap, time.Millisecond)
		r.Wait(ctx)
		want(t, r.String(), nil, "AsyncResult(time.Duration)")
		want(t, new(pool.AsyncResult[int]).String(), nil, "AsyncResult(running)")
		p.Close()
		want(t, p.String(), nil, kind+"(state=CLOSE, size=3)")
		p.Terminate()
		want(t, p.String(), nil, kind+"(state=TERMINATE, size=3)")
	})
}
