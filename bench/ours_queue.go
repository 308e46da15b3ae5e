package main

import (
	"context"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/queue"
)

func queueParties() meter.Parties {
	return meter.Parties{
		"queue/1p1c":        {"ours": boundedQueue(1)},
		"queue/4p4c":        {"ours": boundedQueue(4)},
		"queue/simple-1p1c": {"ours": simpleQueue(1)},
		"queue/simple-4p4c": {"ours": simpleQueue(4)},
		"queue/priority":    {"ours": priorityJobs},
	}
}

func boundedQueue(k int) meter.Party {
	ctx := context.Background()
	return func(s meter.Spec) (meter.Figure, error) {
		q := queue.New[int](queueSize)
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
			return move(k, n, func(lo, hi int) error {
				for i := lo; i < hi; i++ {
					if err := q.Put(ctx, i); err != nil {
						return err
					}
				}
				return nil
			}, func(count int) (sum int, _ error) {
				for range count {
					i, err := q.Get(ctx)
					if err != nil {
						return 0, err
					}
					sum += meter.Inc(i)
				}
				return sum, nil
			})
		})
	}
}

func simpleQueue(k int) meter.Party {
	ctx := context.Background()
	return func(s meter.Spec) (meter.Figure, error) {
		var q queue.SimpleQueue[int]
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
			return move(k, n, func(lo, hi int) error {
				for i := lo; i < hi; i++ {
					q.Put(i)
				}
				return nil
			}, func(count int) (sum int, _ error) {
				for range count {
					i, err := q.Get(ctx)
					if err != nil {
						return 0, err
					}
					sum += meter.Inc(i)
				}
				return sum, nil
			})
		})
	}
}

func priorityJobs(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	q := queue.NewPriority(0, func(a, b job) bool { return a.due < b.due }) // equals come out as they came in
	return jobs(s, func(j job) error { return q.Put(ctx, j) }, func() (job, error) { return q.Get(ctx) })
}
