package main

import (
	"time"

	"github.com/alitto/pond/v2"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// The call cases hand in one task and wait for its result, again and again. Where a library has no handle to wait on, a
// channel made for the call is what its users take.

func calls(s meter.Spec, call func(int) (int, error)) (meter.Figure, error) {
	return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) { return meter.Timed(i, call) })
}

func callPond(s meter.Spec) (meter.Figure, error) {
	p := pond.NewResultPool[int](threadWorkers)
	defer p.StopAndWait()
	return calls(s, func(i int) (int, error) { return p.Submit(func() int { return meter.Inc(i) }).Wait() })
}

func callAnts(s meter.Spec) (meter.Figure, error) {
	p, err := ants.NewPool(threadWorkers)
	if err != nil {
		return meter.Figure{}, err
	}
	defer p.Release()
	return calls(s, func(i int) (int, error) {
		c := make(chan int, 1)
		if err := p.Submit(func() { c <- meter.Inc(i) }); err != nil {
			return 0, err
		}
		return <-c, nil
	})
}

func callConc(s meter.Spec) (meter.Figure, error) {
	p := pool.New().WithMaxGoroutines(threadWorkers)
	defer p.Wait()
	return calls(s, func(i int) (int, error) {
		c := make(chan int, 1)
		p.Go(func() { c <- meter.Inc(i) })
		return <-c, nil
	})
}

func callErrgroup(s meter.Spec) (meter.Figure, error) {
	var g errgroup.Group
	g.SetLimit(threadWorkers)
	f, err := calls(s, func(i int) (int, error) {
		c := make(chan int, 1)
		g.Go(func() error {
			c <- meter.Inc(i)
			return nil
		})
		return <-c, nil
	})
	if werr := g.Wait(); err == nil {
		err = werr
	}
	return f, err
}
