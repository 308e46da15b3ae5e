package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/multiprocessing"
)

var nothingFunc = conex.Register("bench.mp.nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

// mpStart times start and join of a process.
func mpStart(m multiprocessing.StartMethod) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		ctx := context.Background()
		method, err := multiprocessing.GetContext(m)
		if err != nil {
			return meter.Figure{}, err
		}
		multiprocessing.SetExecutable(os.Getenv(smallEnv))
		target, opt := nothingFunc.Bind(struct{}{}), multiprocessing.WithContext(method)
		if m == multiprocessing.ForkServer {
			if err := multiprocessing.WarmForkServer(ctx); err != nil {
				return meter.Figure{}, err
			}
		}
		return meter.Calls(s, 3, func(int) (time.Duration, error) {
			if m == multiprocessing.ForkServer {
				// CPython's server is there at any time. Our stock is filled between starts: a program that starts faster
				// than that pays for a spawn.
				if err := multiprocessing.WarmForkServer(ctx); err != nil {
					return 0, err
				}
			}
			start := time.Now()
			p, err := multiprocessing.Go(ctx, target, opt)
			if err != nil {
				return 0, err
			}
			if err := p.Join(ctx); err != nil {
				return 0, err
			}
			took := time.Since(start)
			if code, ok := p.ExitCode(); code != 0 || !ok {
				return 0, fmt.Errorf("the child's exit code is %d: %w", code, p.Err())
			}
			return took, p.Close()
		})
	}
}

// mpHeap is mp/spawn with 2 GiB in use.
func mpHeap(s meter.Spec) (meter.Figure, error) {
	size := int64(2) << 30
	heap := make([]byte, size)
	for i := 0; i < len(heap); i += 4096 {
		heap[i] = 1
	}
	f, err := mpStart(multiprocessing.Spawn)(s)
	if heap[len(heap)/2] != 1 {
		err = fmt.Errorf("the heap has changed")
	}
	return f, err
}

// mpWorkerMemory is the private memory of an idle worker of a pool.
func mpWorkerMemory(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (f meter.Figure, err error) {
		time.Sleep(300 * time.Millisecond)
		for _, w := range pool.Stats().Workers {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", w.PID))
			if err != nil {
				return f, err
			}
			for line := range strings.Lines(string(b)) {
				var kb float64
				if n, _ := fmt.Sscanf(line, "Private_Clean: %f", &kb); n == 0 {
					fmt.Sscanf(line, "Private_Dirty: %f", &kb)
				}
				f.Value += kb * 1024
			}
			f.N++
		}
		f.Value /= float64(max(1, f.N))
		return f, nil
	})
}

// mpWaiters has goroutines wait for a semaphore that another process holds, and measures what they cost.
func mpWaiters(cost func() (float64, error)) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		sem, err := multiprocessing.NewSemaphore(1)
		if err != nil {
			return f, err
		}
		if err := sem.Acquire(context.Background()); err != nil {
			return f, err
		}
		before, err := cost()
		if err != nil {
			return f, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for range s.N {
			wg.Go(func() {
				if sem.Acquire(ctx) == nil {
					sem.Release()
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		after, err := cost()
		cancel()
		wg.Wait()
		_ = before // the bound is for the whole process
		return meter.Figure{Value: after, N: s.N}, err
	}
}

func waiterThreads() (float64, error) {
	list, err := os.ReadDir("/proc/self/task")
	return float64(len(list)), err
}

func waiterMemory() (float64, error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size, resident float64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0, err
	}
	return resident * float64(os.Getpagesize()), nil
}
