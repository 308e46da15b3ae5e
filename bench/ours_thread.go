package main

import (
	"context"
	"errors"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures"
)

// threadWorkers is how many workers every pool of the thread cases has, ours and the peers'.
const threadWorkers = 4

// localInc is the task as a closure: a thread pool needs no registered function.
var localInc = futures.Local(func(_ context.Context, i int) (int, error) { return meter.Inc(i), nil })

func withThreads(measure func(*futures.ThreadPool) (meter.Figure, error)) (f meter.Figure, err error) {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: threadWorkers})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, pool.Shutdown(context.Background())) }()
	return measure(pool)
}

func threadSubmit(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return withThreads(func(pool *futures.ThreadPool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
			fs := make([]*futures.Future[int], n)
			for i := range fs {
				fs[i] = futures.Submit(ctx, pool, localInc, i)
			}
			for _, f := range fs {
				r, err := f.Result(ctx)
				if err != nil {
					return sum, err
				}
				sum += r
			}
			return sum, nil
		})
	})
}

func threadCall(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return withThreads(func(pool *futures.ThreadPool) (meter.Figure, error) {
		return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) {
			return meter.Timed(i, func(i int) (int, error) { return futures.Submit(ctx, pool, localInc, i).Result(ctx) })
		})
	})
}

func threadMap(s meter.Spec) (meter.Figure, error) {
	return withThreads(func(pool *futures.ThreadPool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) { return mapSum(pool, localInc, n) })
	})
}
