package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

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
