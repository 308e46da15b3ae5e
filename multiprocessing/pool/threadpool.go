package pool

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
)

// A ThreadPool is a [Pool] whose workers are goroutines of this process: nothing
// is encoded, and closures can be called, by futures.Local. Its methods are those
// of Pool, and so are the rules for its use.
//
// A goroutine cannot be killed. Terminate drops what has not started, ends the
// contexts of what runs, and fails the results of both; a call that ignores its
// context goes on until it returns, and Join waits for it.
type ThreadPool struct{ Pool }

var threadPools atomic.Int64

// NewThreadPool returns a pool of goroutines. It is an error if Processes is
// negative.
func NewThreadPool(cfg ThreadConfig) (*ThreadPool, error) {
	n, err := processes(cfg.Processes)
	if err != nil {
		return nil, err
	}
	tc := futures.ThreadConfig{Workers: n, Name: fmt.Sprintf("ThreadPoolWorker-%d", threadPools.Add(1))}
	if cfg.Initializer != nil {
		tc.Init = func(ctx context.Context) error { return initialise(ctx, "Initializer", cfg.Initializer) }
	}
	ex, err := futures.NewThreadPool(tc)
	if err != nil {
		return nil, err
	}
	p := new(ThreadPool)
	p.init("ThreadPool", ex)
	return p, nil
}

func (p *ThreadPool) base() *Pool {
	if p == nil {
		return nil
	}
	return &p.Pool
}
