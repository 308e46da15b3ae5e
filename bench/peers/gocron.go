package main

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/go-co-op/gocron/v2"
)

// The sched cases with a scheduler that knows jobs rather than events: one that is to run once and at once, and one in an
// hour that is removed before.

// withGocron measures with a running scheduler.
func withGocron(measure func(gocron.Scheduler) (meter.Figure, error)) (f meter.Figure, err error) {
	sched, err := gocron.NewScheduler()
	if err != nil {
		return f, err
	}
	sched.Start()
	defer func() { err = errors.Join(err, sched.Shutdown()) }()
	return measure(sched)
}

func runGocron(s meter.Spec) (meter.Figure, error) {
	return withGocron(func(sched gocron.Scheduler) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
			var sum, left atomic.Int64
			left.Store(int64(n))
			done := make(chan struct{})
			run := func(i int) {
				sum.Add(int64(meter.Inc(i)))
				if left.Add(-1) == 0 {
					close(done)
				}
			}
			for i := range n {
				once := gocron.OneTimeJob(gocron.OneTimeJobStartImmediately())
				if _, err := sched.NewJob(once, gocron.NewTask(run, i)); err != nil {
					return 0, err
				}
			}
			<-done
			return int(sum.Load()), nil
		})
	})
}

// pending is how many jobs there are beside the one that comes and goes.
const pending = 1000

func cancelGocron(s meter.Spec) (meter.Figure, error) {
	return withGocron(func(sched gocron.Scheduler) (meter.Figure, error) {
		add := func() (gocron.Job, error) {
			return sched.NewJob(gocron.DurationJob(time.Hour), gocron.NewTask(func() {}))
		}
		for range pending {
			if _, err := add(); err != nil {
				return meter.Figure{}, err
			}
		}
		return meter.Bulk(s.N, meter.Count, func(n int) (removed int, _ error) {
			for range n {
				job, err := add()
				if err != nil {
					return 0, err
				}
				if err := sched.RemoveJob(job.ID()); err != nil {
					return 0, err
				}
				removed++
			}
			return removed, nil
		})
	})
}
