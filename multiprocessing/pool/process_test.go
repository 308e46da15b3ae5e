package pool_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// newPool makes a pool of processes that is gone when the test is over.
func newPool(t testing.TB, cfg pool.Config) (context.Context, *pool.Pool) {
	t.Helper()
	leak.Check(t)
	return anotherPool(t, cfg)
}

// anotherPool is newPool for a test that has one already, which leak.Check would
// mistake for a leak.
func anotherPool(t testing.TB, cfg pool.Config) (context.Context, *pool.Pool) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	p, err := pool.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Terminate()
		if err := p.Join(context.Background()); err != nil {
			t.Errorf("Join: %v", err)
		}
	})
	return ctx, p
}

func TestConfig(t *testing.T) {
	leak.Check(t)
	for _, cfg := range []pool.Config{{Processes: -1}, {Processes: 1 << 20}, {MaxTasksPerChild: -1}} {
		if p, err := pool.New(cfg); err == nil || p != nil {
			t.Errorf("%+v: %v, %v", cfg, p, err)
		}
	}
	if p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: -1}); err == nil || p != nil {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := pool.Over(nil); err == nil || p != nil {
		t.Errorf("%v, %v", p, err)
	}
	ctx, p := anotherPool(t, pool.Config{})
	want(t, p.Processes(), nil, runtime.GOMAXPROCS(0))
	if err := new(pool.Pool).Join(ctx); !errors.Is(err, pool.ErrNotRunning) {
		t.Errorf("zero Pool: %v", err)
	}
	var none *pool.Pool
	none.Close()
	none.Terminate()
	new(pool.Pool).Terminate()
	new(pool.ThreadPool).Close()
	if err := none.Join(ctx); !errors.Is(err, pool.ErrNotRunning) {
		t.Errorf("nil Pool: %v", err)
	}
}

// A worker that dies fails the call that it ran, and nothing else.
func TestWorkerDies(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 2})
	r := pool.ApplyAsync(ctx, p, exits, 7)
	var died *futures.WorkerDiedError
	if _, err := r.Get(ctx); !errors.As(err, &died) || died.ExitCode != 7 || errors.Is(err, pool.ErrTerminated) {
		t.Errorf("got %v", err)
	}
	if _, err := pool.Map(ctx, p, exits, []int{-1, -1, 3, -1}); !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("got %v", err)
	}
	in := []int{-1, -2, 5, -3, -4}
	it := pool.IMap(ctx, p, exits, slices.Values(in))
	for _, x := range in {
		v, err := it.Next(ctx)
		if x >= 0 && !errors.Is(err, futures.ErrWorkerDied) || x < 0 && (err != nil || v != x) {
			t.Errorf("%d: %v, %v", x, v, err)
		}
	}
	out, err := pool.Map(ctx, p, square, ints(1000))
	want(t, out, err, squares(1000))
}

// bothWays runs body over a pool that sends items and one that sends chunks.
func bothWays(t *testing.T, n int, body func(t *testing.T, ctx context.Context, p *pool.Pool)) {
	for _, max := range []int{0, 1000} {
		t.Run(fmt.Sprint(max), func(t *testing.T) {
			ctx, p := newPool(t, pool.Config{Processes: n, MaxTasksPerChild: max})
			body(t, ctx, p)
		})
	}
}

// A result that cannot be sent back fails its own call, and says why.
func TestEncodingError(t *testing.T) {
	bothWays(t, 2, func(t *testing.T, ctx context.Context, p *pool.Pool) {
		check := func(err error) {
			t.Helper()
			var ee *pool.EncodingError
			if !errors.As(err, &ee) || ee.Func != opaque.Name() || ee.Err == nil {
				t.Fatalf("got %v", err)
			}
			if !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, multiprocessing.ErrProcess) || !strings.Contains(err.Error(), "secret int") {
				t.Errorf("got %v", err)
			}
		}
		for range 20 {
			var told error
			_, err := pool.ApplyAsync(ctx, p, opaque, 0).OnError(func(err error) { told = err }).Get(ctx)
			check(err)
			check(told)
		}
		for _, chunk := range []int{1, 5} {
			it := pool.IMap(ctx, p, opaque, slices.Values([]int{1, 0, 2, 0, 3}), pool.ChunkSize(chunk))
			for _, x := range []int{1, 0, 2, 0, 3} {
				v, err := it.Next(ctx)
				if x == 0 {
					check(err)
				} else {
					want(t, v, err, any(x))
				}
			}
		}
		// A type that can never be sent is found before the call is made.
		var ee *pool.EncodingError
		if _, err := pool.Apply(ctx, p, channel, 0); !errors.As(err, &ee) || !strings.Contains(err.Error(), "chan int") {
			t.Errorf("got %v", err)
		}
	})
}

// A task that cannot be sent fails its own result.
func TestUnencodableTask(t *testing.T) {
	bothWays(t, 1, func(t *testing.T, ctx context.Context, p *pool.Pool) {
		bad := struct{ secret int }{1}
		var ee *pool.EncodingError
		if _, err := pool.Apply(ctx, p, describe, any(bad)); !errors.Is(err, futures.ErrNotEncodable) || errors.As(err, &ee) {
			t.Errorf("Apply: %v", err)
		}
		if _, err := pool.Map(ctx, p, describe, []any{1, bad, 2}); !errors.Is(err, futures.ErrNotEncodable) {
			t.Errorf("Map: %v", err)
		}
		it := pool.IMap(ctx, p, describe, slices.Values([]any{1, bad, 2}))
		v, err := it.Next(ctx)
		want(t, v, err, "1")
		if _, err = it.Next(ctx); !errors.Is(err, futures.ErrNotEncodable) {
			t.Errorf("IMap: %v", err)
		}
		v, err = it.Next(ctx)
		want(t, v, err, "2")
		// Nor can a function without a name.
		local := futures.Local(func(context.Context, int) (int, error) { return 0, nil })
		if _, err := pool.Apply(ctx, p, local, 1); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "conex.Register") {
			t.Errorf("closure: %v", err)
		}
		if _, err := pool.Map(ctx, p, local, ints(100)); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "conex.Register") {
			t.Errorf("closure: %v", err)
		}
	})
}

var usePool = conex.Register("test/pool/usepool", func(context.Context, *pool.Pool) (int, error) { return 0, nil })

func TestNotSendable(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 1})
	if _, err := pool.Apply(ctx, p, usePool, p); !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, pool.ErrNotSendable) {
		t.Errorf("got %v", err)
	}
	if err := p.AppendHandle(nil); !errors.Is(err, pool.ErrNotSendable) || !errors.Is(err, multiprocessing.ErrProcess) {
		t.Errorf("got %v", err)
	}
	if err := p.ReadHandle(nil); !errors.Is(err, pool.ErrNotSendable) {
		t.Errorf("got %v", err)
	}
	r := pool.ApplyAsync(ctx, p, square, 1)
	it := pool.IMap(ctx, p, square, count(1))
	for _, err := range []error{r.AppendHandle(nil), r.ReadHandle(nil), it.AppendHandle(nil), it.ReadHandle(nil)} {
		if !errors.Is(err, pool.ErrNotSendable) {
			t.Errorf("got %v", err)
		}
	}
}

// A worker is replaced after as many tasks as it may run; a chunk is one task.
func TestMaxTasksPerChild(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 3, MaxTasksPerChild: 10})
	used := make(map[int]int)
	var rs []*pool.AsyncResult[int]
	for i := range 100 {
		rs = append(rs, pool.ApplyAsync(ctx, p, pid, i))
	}
	for _, r := range rs {
		id, err := r.Get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		used[id]++
	}
	for id, n := range used {
		if n > 10 {
			t.Errorf("worker %d ran %d tasks", id, n)
		}
	}
	_, one := anotherPool(t, pool.Config{Processes: 1, MaxTasksPerChild: 1})
	out, err := pool.Map(ctx, one, pid, ints(12), pool.ChunkSize(4))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if same := out[i] == out[i/4*4]; !same {
			t.Errorf("the chunk of item %d ran in several workers: %v", i, out)
		}
	}
	if distinct := slices.Compact(slices.Clone(out)); len(distinct) != 3 {
		t.Errorf("three chunks ran in %d workers", len(distinct))
	}
}

// Closing a pool of short-lived workers does not lose what waits.
func TestMaxTasksEarlyClose(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 3, MaxTasksPerChild: 1})
	var rs []*pool.AsyncResult[time.Duration]
	for range 6 {
		rs = append(rs, pool.ApplyAsync(ctx, p, nap, 30*time.Millisecond))
	}
	p.Close()
	if err := p.Join(ctx); err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		v, err := r.Get(ctx)
		want(t, v, err, 30*time.Millisecond)
	}
}

func TestWorkerNames(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 1})
	name, err := pool.Apply(ctx, p, nameOf, 0)
	if err != nil || !strings.HasPrefix(name, "SpawnPoolWorker-") {
		t.Errorf("%q, %v", name, err)
	}
	same, err := pool.Apply(ctx, p, offspring, 0)
	want(t, same, err, name)
	_, q := anotherPool(t, pool.Config{Processes: 1})
	other, err := pool.Apply(ctx, q, nameOf, 0)
	if err != nil || other == name || !strings.HasPrefix(other, "SpawnPoolWorker-") {
		t.Errorf("%q after %q, %v", other, name, err)
	}
	want(t, pool.WorkerName(ctx), nil, "")
}

func TestInitializer(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 2, Initializer: remember.Bind("the word")})
	for range 50 {
		s, err := pool.Apply(ctx, p, recall, 0)
		want(t, s, err, "the word")
	}
	// It runs also in a worker that was replaced.
	pool.Apply(ctx, p, exits, 1)
	out, err := pool.Map(ctx, p, recall, ints(3))
	want(t, out, err, []string{"the word", "the word", "the word"})
}

// Handles travel in arguments, results and initialisers, in chunks too.
func TestHandles(t *testing.T) {
	bothWays(t, 2, func(t *testing.T, ctx context.Context, p *pool.Pool) {
		var in []*conex.Buffer
		for i := range 10 {
			b, err := conex.NewBuffer(4096)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			b.Bytes()[0] = byte(10 * i)
			in = append(in, b)
		}
		out, err := pool.Map(ctx, p, fill, in, pool.ChunkSize(4))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range out {
			if got := b.Bytes()[0]; got != byte(10*i+1) || in[i].Bytes()[0] != got {
				t.Errorf("buffer %d: %d and %d", i, got, in[i].Bytes()[0])
			}
			b.Close()
		}
	})
	t.Run("initializer", func(t *testing.T) {
		b, err := conex.NewBuffer(4096)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		copy(b.Bytes(), "hello")
		ctx, p := newPool(t, pool.Config{Processes: 1, Initializer: keep.Bind(b)})
		s, err := pool.Apply(ctx, p, recall, 0)
		want(t, s, err, "hello")
		want(t, string(b.Bytes()[:5]), nil, "Hello")
	})
}

// An initialiser that fails ends the pool instead of being tried for ever.
func TestInitializerFails(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		init conex.Bound
		text string
	}{
		{refuse.Bind(0), "test error"},
		{explode.Bind(0), "boom"},
	} {
		ctx, p := anotherPool(t, pool.Config{Processes: 2, Initializer: c.init})
		for range 3 {
			_, err := pool.Apply(ctx, p, square, 1)
			if !errors.Is(err, pool.ErrInitializer) || !errors.Is(err, futures.ErrBroken) || !strings.Contains(err.Error(), c.text) ||
				!strings.Contains(err.Error(), c.init.Name()) || !errors.Is(err, multiprocessing.ErrProcess) {
				t.Errorf("%s: %v", c.text, err)
			}
			if _, err := pool.Map(ctx, p, square, ints(10)); !errors.Is(err, pool.ErrInitializer) {
				t.Errorf("%s: Map: %v", c.text, err)
			}
			for _, err := range pool.IMap(ctx, p, square, count(1<<30)).All(ctx) {
				if !errors.Is(err, pool.ErrInitializer) {
					t.Errorf("%s: IMap: %v", c.text, err)
				}
			}
		}
	}
	ctx, p := anotherPool(t, pool.Config{Initializer: usePool.Bind(new(pool.Pool))})
	if _, err := pool.Apply(ctx, p, square, 1); !errors.Is(err, futures.ErrNotEncodable) {
		t.Errorf("an argument that cannot be sent: %v", err)
	}
}

// Everything works within one process too, for debuggers.
func TestInline(t *testing.T) {
	t.Setenv("CONEX_ENGINE", "inline")
	ctx, p := newPool(t, pool.Config{Processes: 1, Initializer: remember.Bind("inline")})
	out, err := pool.Map(ctx, p, square, ints(100))
	want(t, out, err, squares(100))
	s, err := pool.Apply(ctx, p, recall, 0)
	want(t, s, err, "inline")
	hang := make(chan struct{})
	stuck = hang
	r := pool.ApplyAsync(ctx, p, ignores, 0)
	p.Terminate()
	if _, err := r.Get(ctx); !errors.Is(err, pool.ErrTerminated) {
		t.Errorf("got %v", err)
	}
	close(hang)
	if err := p.Join(ctx); err != nil {
		t.Error(err)
	}
	_, q := anotherPool(t, pool.Config{Initializer: refuse.Bind(0)})
	if _, err := pool.Apply(ctx, q, square, 1); !errors.Is(err, pool.ErrInitializer) {
		t.Errorf("got %v", err)
	}
}

var stuck chan struct{}

var ignores = conex.Register("test/pool/ignores", func(context.Context, int) (int, error) { <-stuck; return 0, nil })

// announce tells who listens at addr that it has begun, and goes on for ever.
var announce = conex.Register("test/pool/announce", func(_ context.Context, addr string) (int, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	select {}
})

// A worker that ignores the end of its context is ended by Terminate.
func TestTerminateStuckWorker(t *testing.T) {
	ctx, p := newPool(t, pool.Config{Processes: 1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := pool.ApplyAsync(ctx, p, announce, l.Addr().String())
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	behind := pool.MapAsync(ctx, p, nap, slices.Repeat([]time.Duration{time.Hour}, 1000), pool.ChunkSize(1))
	p.Terminate()
	var died *futures.WorkerDiedError
	_, err = r.Get(ctx)
	if !errors.Is(err, pool.ErrTerminated) || !errors.As(err, &died) || died.PID == 0 || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("got %v", err)
	}
	if _, err := behind.Get(ctx); err != pool.ErrTerminated {
		t.Errorf("got %v", err)
	}
	if err := p.Join(ctx); err != nil {
		t.Error(err)
	}
}

func TestStartMethods(t *testing.T) {
	for _, m := range multiprocessing.AllStartMethods() {
		t.Run(string(m), func(t *testing.T) {
			c, err := multiprocessing.GetContext(m)
			if err != nil {
				t.Fatal(err)
			}
			ctx, p := newPool(t, pool.Config{Processes: 2, Context: c})
			out, err := pool.Map(ctx, p, square, ints(100))
			want(t, out, err, squares(100))
		})
	}
	if p, err := pool.New(pool.Config{Context: multiprocessing.Context{Method: multiprocessing.Fork}}); !errors.Is(err, multiprocessing.ErrStartMethod) || p != nil {
		t.Errorf("fork: %v, %v", p, err)
	}
}
