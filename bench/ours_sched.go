package main

import (
	"context"
	"errors"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/sched"
)

func schedParties() meter.Parties {
	return meter.Parties{
		"sched/run":    {"ours": runEvents},
		"sched/cancel": {"ours": cancelEvents},
	}
}

// A skippingClock is at once where somebody wants to sleep until.
type skippingClock struct{ now time.Time }

func (c *skippingClock) Now() time.Time { return c.now }

func (c *skippingClock) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

// runEvents enters all events in one order and runs them in another, by a clock that costs no time.
func runEvents(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, _ error) {
		due := func(i int) time.Duration { return time.Duration(i) * 7919 % time.Duration(n) }
		sch := sched.New(sched.Config{Clock: &skippingClock{now: time.Unix(0, 0)}})
		var ran []int
		for i := range n {
			_, err := sch.Enter(due(i), 0, func(context.Context) error {
				ran = append(ran, i)
				return nil
			})
			if err != nil {
				return 0, err
			}
		}
		if err := sch.Run(context.Background()); err != nil {
			return 0, err
		}
		last := time.Duration(0)
		for _, i := range ran {
			if due(i) < last {
				return 0, errors.New("events in the wrong order")
			}
			last = due(i)
			sum += meter.Inc(i)
		}
		return sum, nil
	})
}

// pendingEvents is how many others there are while one is entered and cancelled.
const pendingEvents = 1000

func cancelEvents(s meter.Spec) (meter.Figure, error) {
	var sch sched.Scheduler
	nothing := func(context.Context) error { return nil }
	due := func(i int) time.Duration { return time.Hour + time.Duration(i%pendingEvents)*time.Second }
	for i := range pendingEvents {
		if _, err := sch.Enter(due(i), 0, nothing); err != nil {
			return meter.Figure{}, err
		}
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		for i := range n {
			ev, err := sch.Enter(due(i), 0, nothing)
			if err != nil {
				return 0, err
			}
			if err := sch.Cancel(ev); err != nil {
				return 0, err
			}
		}
		return n + sch.Len() - pendingEvents, nil
	})
}
