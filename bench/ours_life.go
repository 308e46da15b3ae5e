package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// idleCPU returns the processor time of the pool's process and its workers over the budget, in percent of one core. The pool
// was busy just before, so that whatever winds down has something to wind down from.
func idleCPU(s meter.Spec) (meter.Figure, error) {
	return withPool(s, process.Config{}, func(pool *process.Pool) (f meter.Figure, err error) {
		for i := range 1000 {
			if _, err := inc(pool, i); err != nil {
				return f, err
			}
		}
		time.Sleep(300 * time.Millisecond)
		used := func() (sum int64) {
			pids := []int{os.Getpid()}
			for _, w := range pool.Stats().Workers {
				pids = append(pids, w.PID)
			}
			for _, pid := range pids {
				t, cerr := meter.CPUTime(pid)
				sum, err = sum+t, errors.Join(err, cerr)
			}
			return sum
		}
		start, before := time.Now(), used()
		time.Sleep(s.Budget)
		spent := used() - before
		return meter.Figure{Value: 100 * float64(spent) / float64(time.Since(start)), N: 1}, err
	})
}

// poolStart times a pool's whole short life: made, one result, shut down.
func poolStart(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return meter.Calls(s, 1, func(i int) (time.Duration, error) {
		return meter.Timed(i, func(i int) (int, error) {
			pool, err := process.NewPool(process.Config{Workers: 2})
			if err != nil {
				return 0, err
			}
			r, err := inc(pool, i)
			return r, errors.Join(err, pool.Shutdown(ctx))
		})
	})
}

// spare times a task that needs a new worker while there is a spare: of two tasks submitted together to one worker that is
// replaced after each task, the time from the first one's result to the second one's.
func spare(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	cfg := process.Config{Workers: 1, Spares: 2, MaxTasks: 1}
	return withPool(s, cfg, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Calls(s, 1, func(i int) (time.Duration, error) {
			time.Sleep(40 * time.Millisecond) // the stock is filled up in the background
			first, second := futures.Submit(ctx, pool, incFunc, i), futures.Submit(ctx, pool, incFunc, i)
			if _, err := first.Result(ctx); err != nil {
				return 0, err
			}
			return meter.Timed(i, func(int) (int, error) { return second.Result(ctx) })
		})
	})
}

// stuck works for a time without ever looking at its ctx.
func stuck(_ context.Context, d time.Duration) (int, error) {
	var sum uint64
	for start := time.Now(); time.Since(start) < d; {
		sum += meter.Busy(1000)
	}
	return int(sum & 1), nil
}

// kill times how long a task that ignores the end of its ctx stands in the way of the next one, beyond the grace it is
// given: until it is killed, its worker is replaced, and the next task is answered.
func kill(s meter.Spec) (meter.Figure, error) {
	const grace, deadline, tooLong = 10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Second
	cfg := process.Config{Workers: 1, Grace: grace}
	return withPool(s, cfg, func(pool *process.Pool) (meter.Figure, error) {
		return meter.Calls(s, 2, func(i int) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(context.Background(), deadline)
			defer cancel()
			end, _ := ctx.Deadline()
			victim := futures.Submit(ctx, pool, stuckFunc, tooLong)
			r, err := inc(pool, i)
			took := time.Since(end.Add(grace))
			if err == nil && r != i+1 {
				err = fmt.Errorf("wrong result: %d for %d", r, i)
			}
			if verr := victim.Err(context.Background()); verr == nil {
				err = errors.Join(err, errors.New("the stuck task was not killed"))
			}
			return took, err
		})
	})
}
