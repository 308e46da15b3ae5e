package pool_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// newThreads makes a pool of goroutines that is gone when the test is over.
func newThreads(t testing.TB, cfg pool.ThreadConfig) *pool.ThreadPool {
	t.Helper()
	p, err := pool.NewThreadPool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Terminate()
		if err := p.Join(context.Background()); err != nil {
			t.Errorf("Join: %v", err)
		}
	})
	return p
}

// Closures and values that could not leave the process are fine.
func TestThreadPoolNoCopies(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	p := newThreads(t, pool.ThreadConfig{Processes: 2})
	sum := 0
	add := futures.Local(func(_ context.Context, ch chan int) (*int, error) { sum += <-ch; return &sum, nil })
	ch := make(chan int, 1)
	ch <- 42
	got, err := pool.Apply(ctx, p, add, ch)
	if err != nil || got != &sum || *got != 42 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestThreadPoolInitializer(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	var started atomic.Int64
	p := newThreads(t, pool.ThreadConfig{Processes: 3, Initializer: func(ctx context.Context) error {
		if pool.WorkerName(ctx) == "" {
			t.Error("no name")
		}
		started.Add(1)
		return nil
	}})
	gate := make(chan struct{})
	meet := futures.Local(func(context.Context, int) (int, error) { <-gate; return 0, nil })
	r := pool.MapAsync(ctx, p, meet, ints(3), pool.ChunkSize(1))
	close(gate)
	r.Wait(ctx)
	if n := started.Load(); n < 1 || n > 3 {
		t.Errorf("%d workers", n)
	}
	why := errors.New("why")
	for _, init := range []func(context.Context) error{
		func(context.Context) error { return why },
		func(context.Context) error { panic(why) },
	} {
		bad := newThreads(t, pool.ThreadConfig{Processes: 1, Initializer: init})
		_, err := pool.Apply(ctx, bad, square, 1)
		if !errors.Is(err, pool.ErrInitializer) || !errors.Is(err, futures.ErrBroken) {
			t.Errorf("got %v", err)
		}
		if _, err = pool.Map(ctx, bad, square, ints(9)); !errors.Is(err, pool.ErrInitializer) {
			t.Errorf("got %v", err)
		}
	}
}

func TestThreadPoolNames(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	a, b := newThreads(t, pool.ThreadConfig{Processes: 1}), newThreads(t, pool.ThreadConfig{Processes: 1})
	x, err := pool.Apply(ctx, a, nameOf, 0)
	y, err2 := pool.Apply(ctx, b, nameOf, 0)
	if err != nil || err2 != nil || x == y || len(x) < len("ThreadPoolWorker-1-1") || x[:len("ThreadPoolWorker-")] != "ThreadPoolWorker-" || x[len(x)-2:] != "-1" {
		t.Errorf("%q and %q", x, y)
	}
}

// Terminate gives up a call that ignores its context: who waits for the result
// is told, who joins waits for the goroutine.
func TestTerminateStuckThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		p := newThreads(t, pool.ThreadConfig{Processes: 1})
		hang := make(chan struct{})
		ignores := futures.Local(func(context.Context, int) (int, error) { <-hang; return 1, nil })
		heeds := futures.Local(func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, context.Cause(ctx) })
		q := newThreads(t, pool.ThreadConfig{Processes: 1})
		r, m := pool.ApplyAsync(ctx, p, ignores, 0), pool.MapAsync(ctx, p, ignores, ints(10))
		it := pool.IMap(ctx, p, ignores, count(1<<30), pool.ChunkSize(4))
		h := pool.ApplyAsync(ctx, q, heeds, 0)
		synctest.Wait()
		p.Terminate()
		q.Terminate()
		if _, err := r.Get(ctx); err != pool.ErrTerminated {
			t.Errorf("Apply: %v", err)
		}
		if _, err := m.Get(ctx); err != pool.ErrTerminated {
			t.Errorf("Map: %v", err)
		}
		for _, err := range it.All(ctx) {
			if err != pool.ErrTerminated {
				t.Errorf("IMap: %v", err)
			}
		}
		if _, err := h.Get(ctx); err != pool.ErrTerminated {
			t.Errorf("Apply: %v", err)
		}
		if err := q.Join(ctx); err != nil {
			t.Error(err)
		}
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := p.Join(short); !errors.Is(err, multiprocessing.ErrTimeout) {
			t.Errorf("Join: %v", err)
		}
		close(hang)
		if err := p.Join(ctx); err != nil {
			t.Error(err)
		}
		if _, err := r.Get(ctx); err != pool.ErrTerminated {
			t.Errorf("it has changed its mind: %v", err)
		}
	})
}

// Waits take the time that their contexts say, and no more.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		p := newThreads(t, pool.ThreadConfig{Processes: 3})
		begin := time.Now()
		r := pool.ApplyAsync(ctx, p, nap, time.Hour)
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if _, err := r.Get(short); !errors.Is(err, multiprocessing.ErrTimeout) || time.Since(begin) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if _, err := pool.IMap(ctx, p, nap, slices.Values([]time.Duration{time.Hour})).Next(short); !errors.Is(err, multiprocessing.ErrTimeout) {
			t.Errorf("got %v", err)
		}
		v, err := r.Get(ctx)
		want(t, v, err, time.Hour)
		want(t, time.Since(begin), nil, time.Hour)
		// Nine naps on three workers.
		p = newThreads(t, pool.ThreadConfig{Processes: 3})
		begin = time.Now()
		if _, err := pool.Map(ctx, p, nap, slices.Repeat([]time.Duration{time.Second}, 9), pool.ChunkSize(1)); err != nil {
			t.Error(err)
		}
		want(t, time.Since(begin), nil, 3*time.Second)
	})
}

// A recorder notes the lengths of the tasks that an executor gets.
type recorder struct {
	futures.Executor
	mu   sync.Mutex
	lens []int
}

func (r *recorder) Submit(t futures.Task) error {
	r.mu.Lock()
	r.lens = append(r.lens, t.Len())
	r.mu.Unlock()
	return r.Executor.Submit(t)
}

func (r *recorder) take() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	lens := r.lens
	r.lens = nil
	return lens
}

// Python's rule for Map is four chunks for each worker; IMap takes items one by
// one; the last chunk may be smaller.
func TestChunkRules(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	for _, c := range []struct {
		workers, items int
		opts           []pool.MapOption
		want           []int
	}{
		{1, 1, nil, []int{1}},
		{1, 4, nil, []int{1, 1, 1, 1}},
		{1, 5, nil, []int{2, 2, 1}},
		{2, 100, nil, []int{13, 13, 13, 13, 13, 13, 13, 9}},
		{4, 10, nil, slices.Repeat([]int{1}, 10)},
		{4, 17, nil, []int{2, 2, 2, 2, 2, 2, 2, 2, 1}},
		{2, 10, []pool.MapOption{pool.ChunkSize(4)}, []int{4, 4, 2}},
		{2, 3, []pool.MapOption{pool.ChunkSize(1), pool.ChunkSize(1 << 30)}, []int{3}},
		{2, 0, nil, nil},
	} {
		ex, err := futures.NewThreadPool(futures.ThreadConfig{Workers: c.workers})
		if err != nil {
			t.Fatal(err)
		}
		rec := &recorder{Executor: ex}
		p, err := pool.Over(rec)
		if err != nil {
			t.Fatal(err)
		}
		out, err := pool.Map(ctx, p, square, ints(c.items), c.opts...)
		want(t, out, err, squares(c.items))
		want(t, rec.take(), nil, c.want)
		for range pool.IMap(ctx, p, square, count(5)).All(ctx) {
		}
		want(t, rec.take(), nil, []int{1, 1, 1, 1, 1})
		for range pool.IMapUnordered(ctx, p, square, count(5), pool.ChunkSize(3)).All(ctx) {
		}
		want(t, rec.take(), nil, []int{3, 2})
		p.Terminate()
		if err := p.Join(ctx); err != nil {
			t.Error(err)
		}
	}
}

// Every call has been made before the error is reported, and the first to arrive
// is the one.
func TestMapWaitsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		p := newThreads(t, pool.ThreadConfig{Processes: 2})
		early, late := errors.New("early"), errors.New("late")
		var ran atomic.Int64
		fn := futures.Local(func(_ context.Context, i int) (int, error) {
			defer ran.Add(1)
			switch i {
			case 0:
				time.Sleep(time.Minute)
				return 0, late
			case 1:
				time.Sleep(time.Second)
				return 0, early
			}
			time.Sleep(time.Hour)
			return 0, nil
		})
		if _, err := pool.Map(ctx, p, fn, ints(8), pool.ChunkSize(1)); err != early {
			t.Errorf("got %v", err)
		}
		want(t, ran.Load(), nil, 8)
	})
}

// What a call needed is not kept once it has succeeded, nor are results that
// nobody has.
func TestReleased(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 20*time.Second)
	p := newThreads(t, pool.ThreadConfig{Processes: 2})
	type thing struct{ _ [1 << 10]byte }
	use := futures.Local(func(_ context.Context, x *thing) (*thing, error) { return new(thing), nil })
	var args []weak.Pointer[thing]
	var results []*pool.AsyncResult[*thing]
	for range 10 {
		x := new(thing)
		args = append(args, weak.Make(x))
		results = append(results, pool.ApplyAsync(ctx, p, use, x))
	}
	in := make([]*thing, 10)
	for i := range in {
		in[i] = new(thing)
		args = append(args, weak.Make(in[i]))
	}
	mapped := pool.MapAsync(ctx, p, use, in)
	out, err := mapped.Get(ctx)
	if err != nil {
		t.Fatal(err)
	}
	in = nil
	for _, r := range results {
		r.Wait(ctx)
	}
	// The workers' last tasks are in the past only when they have new ones.
	pool.Map(ctx, p, square, ints(100), pool.ChunkSize(1))
	gone := func() bool {
		runtime.GC()
		for _, w := range args {
			if w.Value() != nil {
				return false
			}
		}
		return true
	}
	for !gone() {
		if ctx.Err() != nil {
			t.Fatal("arguments are kept")
		}
		runtime.Gosched()
	}
	runtime.KeepAlive(results)
	runtime.KeepAlive(mapped)
	runtime.KeepAlive(out)
}

// A call may use its own pool, as long as workers are left.
func TestNested(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	p := newThreads(t, pool.ThreadConfig{Processes: 2})
	outer := futures.Local(func(ctx context.Context, x int) (int, error) {
		return pool.Apply(ctx, p, square, x)
	})
	v, err := pool.Apply(ctx, p, outer, 3)
	want(t, v, err, 9)
}

// An executor that somebody else has ended is a pool that does not run.
func TestOverEnded(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 10*time.Second)
	ex, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	p, err := pool.Over(ex)
	if err != nil {
		t.Fatal(err)
	}
	ex.Close()
	if _, err := pool.Apply(ctx, p, square, 1); !errors.Is(err, pool.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	if _, err := pool.Map(ctx, p, square, ints(9)); !errors.Is(err, pool.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	it := pool.IMap(ctx, p, square, count(1<<30))
	if _, err := it.Next(ctx); !errors.Is(err, pool.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	p.Close()
	if err := p.Join(ctx); err != nil {
		t.Error(err)
	}
}
