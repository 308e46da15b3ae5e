package main

import (
	"context"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/threading"
)

func lockParties() meter.Parties {
	return meter.Parties{
		"threading/lock":                {"ours": ownLock},
		"threading/lock-contended":      {"ours": ownLockContended},
		"threading/lock-ctx":            {"ours": ownLockCtx},
		"threading/semaphore":           {"ours": ownSemaphore(1)},
		"threading/semaphore-contended": {"ours": ownSemaphore(players)},
	}
}

func ownLock(s meter.Spec) (meter.Figure, error) {
	var at struct {
		mu threading.Lock
		n  int
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		at.n = 0
		for range n {
			at.mu.Lock()
			at.n++
			at.mu.Unlock()
		}
		return at.n, nil
	})
}

func ownLockContended(s meter.Spec) (meter.Figure, error) {
	var at struct {
		mu threading.Lock
		n  int
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		at.n = 0
		_, err := meter.Together(players, n, func(lo, hi int) (int, error) {
			for range hi - lo {
				at.mu.Lock()
				at.n++
				at.mu.Unlock()
			}
			return 0, nil
		})
		return at.n, err
	})
}

// ownLockCtx acquires with a ctx that could end and does not.
func ownLockCtx(s meter.Spec) (meter.Figure, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var at struct {
		mu threading.Lock
		n  int
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		at.n = 0
		for range n {
			if err := at.mu.Acquire(ctx); err != nil {
				return 0, err
			}
			at.n++
			if err := at.mu.Release(); err != nil {
				return 0, err
			}
		}
		return at.n, nil
	})
}

// ownSemaphore has k goroutines count under a semaphore of one.
func ownSemaphore(k int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		ctx := context.Background()
		sem, err := threading.NewSemaphore(1)
		if err != nil {
			return meter.Figure{}, err
		}
		count := 0
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			count = 0
			_, err := meter.Together(k, n, func(lo, hi int) (int, error) {
				for range hi - lo {
					if err := sem.Acquire(ctx); err != nil {
						return 0, err
					}
					count++
					if err := sem.Release(); err != nil {
						return 0, err
					}
				}
				return 0, nil
			})
			return count, err
		})
	}
}
