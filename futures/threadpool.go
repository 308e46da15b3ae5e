package futures

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// A ThreadPool is an [Executor] that runs calls on goroutines of this process,
// in the order of submission, closures included. It starts its workers as they
// are needed. Make one with [NewThreadPool], or [NewIsolatedPool], and end it
// with Close or Shutdown.
//
// A call runs under a context derived from that of its Submit. A goroutine
// cannot be stopped: a call that ignores its context keeps its worker, and
// keeps Shutdown waiting. Calls that wait for other calls of the same pool can
// wait for ever, when those find no worker.
//
// A pool that is forgotten without being closed ends when the garbage collector
// finds it: its workers finish what is queued and end.
//
// The zero value refuses every call. A ThreadPool must not be copied; its
// methods are safe for concurrent use, also from its own calls.
type ThreadPool struct {
	_ [0]func() // not comparable by accident, not convertible
	p *threads
}

var _ Executor = (*ThreadPool)(nil)

// A ThreadConfig configures a [ThreadPool]. Its zero value is the default.
type ThreadConfig struct {
	// Workers is how many calls can run at the same time; 0 means 4 more
	// than GOMAXPROCS, but not more than 32. The extra ones are for calls
	// that wait.
	Workers int

	// Name begins the workers' names, which are Name_0, Name_1 and so on:
	// ThreadName gives them to calls, and profiles show them as the label
	// "thread". The default is ThreadPool-1, ThreadPool-2 and so on.
	Name string

	// Init, if not nil, runs in every worker before its first call. If it
	// fails or panics the pool is broken: what is queued fails, and what is
	// submitted later, with an error matching ErrBroken and this one.
	Init func(ctx context.Context) error
}

var poolCount atomic.Int64

// NewThreadPool returns a pool of goroutines. It is an error if Workers is
// negative.
func NewThreadPool(cfg ThreadConfig) (*ThreadPool, error) {
	return newThreadPool(cfg, false)
}

func newThreadPool(cfg ThreadConfig, isolated bool) (*ThreadPool, error) {
	if cfg.Workers < 0 {
		return nil, fmt.Errorf("futures: ThreadConfig.Workers is %d: it must be positive, or 0 for the default", cfg.Workers)
	}
	if cfg.Workers == 0 {
		cfg.Workers = min(32, runtime.GOMAXPROCS(0)+4)
	}
	if cfg.Name == "" {
		cfg.Name = fmt.Sprintf("ThreadPool-%d", poolCount.Add(1))
	}
	p := newThreads(cfg, isolated)
	tp := &ThreadPool{p: p}
	// Workers know p only, so that tp can be found to be forgotten.
	runtime.AddCleanup(tp, (*threads).forget, p)
	return tp, nil
}

// Submit takes t over; use [Submit], [Go] and [Map] instead. It does not block.
func (tp *ThreadPool) Submit(t Task) error {
	if tp.p == nil {
		return fmt.Errorf("%w: zero ThreadPool", ErrShutdown)
	}
	err := tp.p.submit(t)
	runtime.KeepAlive(tp)
	return err
}

// Workers returns how many calls can run at the same time.
func (tp *ThreadPool) Workers() int {
	if tp.p == nil {
		return 0
	}
	return tp.p.limit
}

// Shutdown refuses further calls, waits until those submitted are done and the
// workers have ended, and returns nil. If ctx ends first it returns an error
// matching [ErrStillRunning], and the shutdown goes on in the background. It
// may be called again, and at the same time. Within a call of the pool itself,
// given that call's context, it does not wait, which would be for ever, and
// returns such an error at once.
func (tp *ThreadPool) Shutdown(ctx context.Context) error { return tp.end(ctx, false) }

// ShutdownNow is Shutdown, but calls that have not started are cancelled.
func (tp *ThreadPool) ShutdownNow(ctx context.Context) error { return tp.end(ctx, true) }

// Close is Shutdown without a limit, for defer. It always returns nil.
func (tp *ThreadPool) Close() error { return tp.end(context.Background(), false) }

func (tp *ThreadPool) end(ctx context.Context, cancel bool) error {
	if tp.p == nil {
		return nil
	}
	err := tp.p.shutdown(ctx, cancel)
	runtime.KeepAlive(tp)
	return err
}

// ThreadStats is what a [ThreadPool] does at one moment. Calls made by [Map]
// count one by one.
type ThreadStats struct {
	Queued     int64         // calls that wait for a worker
	Running    int64         // calls that a worker has
	Done       int64         // calls that returned without an error
	Failed     int64         // calls that failed, also before they started
	Workers    int           // goroutines, working or idle
	OldestWait time.Duration // how long the first in the queue has waited, about; 0 if none waits
}

// Stats returns the current figures.
func (tp *ThreadPool) Stats() ThreadStats {
	if tp.p == nil {
		return ThreadStats{}
	}
	return tp.p.stats()
}

// ThreadName returns the name of the [ThreadPool] worker that runs the call
// with this context, or "" outside of one.
func ThreadName(ctx context.Context) string {
	if w, ok := ctx.Value(threadKey{}).(*thread); ok {
		return w.name
	}
	return ""
}
