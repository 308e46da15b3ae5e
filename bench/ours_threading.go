package main

import (
	"context"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/threading"
)

func threadingParties() meter.Parties {
	return meter.Parties{
		"threading/thread": {"ours": ownThread},
		"threading/timer":  {"ours": ownTimer},
		"threading/memory": {"ours": ownMemory},
	}
}

func ownThread(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return meter.Bulk(s.N, meter.Count, func(n int) (ran int, _ error) {
		body := func(context.Context) error {
			ran++
			return nil
		}
		for range n {
			t, err := threading.Go(ctx, body)
			if err != nil {
				return 0, err
			}
			if err := t.Join(ctx); err != nil {
				return 0, err
			}
		}
		return ran, nil
	})
}

func ownTimer(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	return meter.Bulk(s.N, meter.Count, func(n int) (stopped int, _ error) {
		for range n {
			t := threading.NewTimer(farOff, nothing)
			if err := t.Start(ctx); err != nil {
				return 0, err
			}
			if t.Cancel() {
				stopped++
			}
		}
		return stopped, nil
	})
}

func ownMemory(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return idleMemory(s.N, func(n int, body func()) (func() error, error) {
		threads := make([]*threading.Thread, n)
		for i := range threads {
			t, err := threading.Go(ctx, func(context.Context) error {
				body()
				return nil
			})
			if err != nil {
				return nil, err
			}
			threads[i] = t
		}
		return func() error {
			for _, t := range threads {
				if err := t.Join(ctx); err != nil {
					return err
				}
			}
			return nil
		}, nil
	})
}
