package main

import (
	"context"

	"github.com/conexgo/conex/bench/internal/meter"
	"golang.org/x/sync/semaphore"
)

// The semaphore cases count under a semaphore of one, so that a number tells whether it kept others out.

func lockSemaphore(s meter.Spec) (meter.Figure, error) { return countSemaphore(s, 1) }

func contendSemaphore(s meter.Spec) (meter.Figure, error) { return countSemaphore(s, 2) }

// countSemaphore has k goroutines count.
func countSemaphore(s meter.Spec, k int) (meter.Figure, error) {
	ctx := context.Background()
	sem := semaphore.NewWeighted(1)
	count := 0
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		count = 0
		_, err := meter.Together(k, n, func(lo, hi int) (int, error) {
			for range hi - lo {
				if err := sem.Acquire(ctx, 1); err != nil {
					return 0, err
				}
				count++
				sem.Release(1)
			}
			return 0, nil
		})
		return count, err
	})
}
