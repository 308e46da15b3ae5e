package main

import (
	"context"
	"errors"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/threading"
)

func wakeParties() meter.Parties {
	return meter.Parties{
		"threading/event-pingpong":     {"ours": ownEvent},
		"threading/condition-pingpong": {"ours": ownCondition},
	}
}

// ownEvent has two goroutines hand a ball to and fro, each with an event of its own to wait for.
func ownEvent(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	var turn [players]threading.Event
	return meter.Bulk(s.N, twice, func(n int) (int, error) {
		ball := 0
		turn[0].Set()
		_, err := meter.Together(players, players, func(me, _ int) (int, error) {
			for range n {
				if err := turn[me].Wait(ctx); err != nil {
					return 0, err
				}
				turn[me].Clear()
				ball++
				turn[1-me].Set()
			}
			return 0, nil
		})
		return ball, err
	})
}

func ownCondition(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	c := threading.NewCondition(new(threading.Lock))
	return meter.Bulk(s.N, twice, func(n int) (int, error) {
		turn, ball := 0, 0
		_, err := meter.Together(players, players, func(me, _ int) (int, error) {
			for range n {
				if err := c.Acquire(ctx); err != nil {
					return 0, err
				}
				for turn != me {
					if err := c.Wait(ctx); err != nil {
						return 0, err
					}
				}
				ball++
				turn = 1 - me
				if err := errors.Join(c.Notify(ctx, 1), c.Release(ctx)); err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		return ball, err
	})
}
