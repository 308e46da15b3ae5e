package threading_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/threading"
)

var engineLock threading.RLock

// inThread names the thread that it runs in, holding a lock that belongs to
// that thread.
var inThread = conex.Register("threading.inThread", func(ctx context.Context, _ int) (name string, err error) {
	err = engineLock.With(ctx, func(ctx context.Context) error {
		return engineLock.With(ctx, func(ctx context.Context) error {
			name = threading.Current(ctx).Name()
			return nil
		})
	})
	return name, err
})

// What a task owns belongs to the thread that runs it, whatever the engine; the
// submitter's thread, which holds the lock here, is another one.
func TestEngines(t *testing.T) {
	ctx, leave := threading.Adopt(t.Context(), threading.WithName("submitter"))
	defer leave()
	threads := futures.ThreadConfig{Workers: 1, Name: "pool"}
	for _, tt := range []struct {
		name   string
		pool   func() (futures.Executor, error)
		want   string
		shared bool // the task's lock is the submitter's
	}{
		{"thread", func() (futures.Executor, error) { return futures.NewThreadPool(threads) }, "pool_0", true},
		{"isolated", func() (futures.Executor, error) { return futures.NewIsolatedPool(threads) }, "pool_0", true},
		{"process", func() (futures.Executor, error) { return process.NewPool(process.Config{Workers: 1}) }, "MainThread", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pool, err := tt.pool()
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip("no worker processes on this system")
			}
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Shutdown(context.Background())
			if got, err := futures.Submit(ctx, pool, inThread, 0).Result(ctx); got != tt.want || err != nil {
				t.Errorf("in thread %q, %v; want %q", got, err, tt.want)
			}
			for got, err := range futures.Map(ctx, pool, inThread, func(yield func(int) bool) { yield(1) }) {
				if got != tt.want || err != nil {
					t.Errorf("Map: in thread %q, %v; want %q", got, err, tt.want)
				}
			}
			if err := engineLock.Acquire(ctx); err != nil {
				t.Fatal(err)
			}
			f := futures.Submit(ctx, pool, inThread, 0)
			if tt.shared {
				brief, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
				if _, err := f.Result(brief); !errors.Is(err, futures.ErrStillRunning) {
					t.Errorf("a task entered a lock that its submitter holds: %v", err)
				}
			}
			if err := engineLock.Release(ctx); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Result(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
