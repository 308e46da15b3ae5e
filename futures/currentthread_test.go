package futures_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/threading"
)

// identity is the thread that a call sees, for pools that need a name.
var identity = conex.Register("futures_test.identity", func(ctx context.Context, name string) (uint64, error) {
	if got := threading.Current(ctx).Name(); got != futures.ThreadName(ctx) {
		panic("a call of " + futures.ThreadName(ctx) + " runs in thread " + got)
	}
	return uint64(threading.Ident(ctx)), nil
})

// A call's current thread is its worker, not who submitted it.
func TestCurrentThread(t *testing.T) {
	for name, make := range map[string]func(futures.ThreadConfig) (*futures.ThreadPool, error){
		"thread pool":   futures.NewThreadPool,
		"isolated pool": futures.NewIsolatedPool,
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			before := threading.ActiveCount()
			ctx, leave := threading.Adopt(context.Background(), threading.WithName("submitter"))
			defer leave()
			var inInit threading.ID
			pool, err := make(futures.ThreadConfig{Workers: 1, Name: "pool", Init: func(ctx context.Context) error {
				inInit = threading.Ident(ctx)
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			ids := map[uint64]int{}
			for range 3 {
				id, err := futures.Submit(ctx, pool, identity, "").Result(ctx)
				if err != nil {
					t.Fatal(err)
				}
				ids[id]++
			}
			for id, err := range futures.Map(ctx, pool, identity, slices.Values([]string{"", "", ""})) {
				if err != nil {
					t.Fatal(err)
				}
				ids[id]++
			}
			if len(ids) != 1 || ids[uint64(inInit)] != 6 || inInit == threading.Ident(ctx) || inInit == 0 {
				t.Errorf("calls by threads %v, Init by %d, submitted by %d", ids, inInit, threading.Ident(ctx))
			}
			if all := threading.Enumerate(); !slices.ContainsFunc(all, func(th *threading.Thread) bool { return th.Name() == "pool_0" && !th.Daemon() }) {
				t.Errorf("the worker is not among %v", all)
			}
			pool.Close()
			if n := threading.ActiveCount(); n != before+1 {
				t.Errorf("%d threads afterwards: %v", n, threading.Enumerate())
			}
		})
	}
}

// Who takes over from a worker that was ended by its call is another thread:
// what the call has locked is not its own.
func TestCurrentThreadGoexit(t *testing.T) {
	leak.Check(t)
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx := context.Background()
	var first *threading.Thread
	futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
		first = threading.Current(ctx)
		runtime.Goexit()
		return 0, nil
	}).Err(ctx)
	second, err := futures.Go(ctx, pool, func(ctx context.Context) (*threading.Thread, error) {
		return threading.Current(ctx), nil
	}).Result(ctx)
	if err != nil || first == second || first == nil || second == nil || first.Alive() || !second.Alive() {
		t.Errorf("first %v, then %v, %v", first, second, err)
	}
}

// What a submitter holds its call does not: it would have to wait.
func TestCurrentThreadOwnsNothing(t *testing.T) {
	leak.Check(t)
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	var mu threading.RLock
	if err := mu.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
	try := func(ctx context.Context) (bool, error) {
		if mu.OwnedBy(ctx) {
			t.Error("it owns the lock")
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		err := mu.Acquire(over)
		if err == nil {
			return true, mu.Release(ctx)
		}
		return false, nil
	}
	if got, err := futures.Go(ctx, pool, try).Result(ctx); got || err != nil {
		t.Errorf("a call took its submitter's lock: %v, %v", got, err)
	}
	if err := mu.Release(ctx); err != nil {
		t.Error(err)
	}
	if got, err := futures.Go(ctx, pool, try).Result(ctx); !got || err != nil {
		t.Errorf("a call did not get a free lock: %v, %v", got, err)
	}
}
