package main

import (
	"sync"

	"github.com/alitto/pond/v2"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// threadWorkers is how many goroutines every pool of the thread cases has.
const threadWorkers = 4

// The submit cases hand in n tasks one by one, each with a result, and then read all results. Pond gives a handle for each
// task and conc collects results; with ants and errgroup every user writes the slot for the result himself.

func submitPond(s meter.Spec) (meter.Figure, error) {
	p := pond.NewResultPool[int](threadWorkers)
	defer p.StopAndWait()
	return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
		tasks := make([]pond.ResultTask[int], n)
		for i := range tasks {
			tasks[i] = p.Submit(func() int { return meter.Inc(i) })
		}
		for _, t := range tasks {
			r, err := t.Wait()
			if err != nil {
				return 0, err
			}
			sum += r
		}
		return sum, nil
	})
}

func submitAnts(s meter.Spec) (meter.Figure, error) {
	p, err := ants.NewPool(threadWorkers)
	if err != nil {
		return meter.Figure{}, err
	}
	defer p.Release()
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		results := make([]int, n)
		var wg sync.WaitGroup
		wg.Add(n)
		for i := range results {
			err := p.Submit(func() {
				results[i] = meter.Inc(i)
				wg.Done()
			})
			if err != nil {
				return 0, err
			}
		}
		wg.Wait()
		return total(results), nil
	})
}

func submitConc(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		p := pool.NewWithResults[int]().WithMaxGoroutines(threadWorkers)
		for i := range n {
			p.Go(func() int { return meter.Inc(i) })
		}
		return total(p.Wait()), nil
	})
}

func submitErrgroup(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		results := make([]int, n)
		var g errgroup.Group
		g.SetLimit(threadWorkers)
		for i := range results {
			g.Go(func() error {
				results[i] = meter.Inc(i)
				return nil
			})
		}
		err := g.Wait()
		return total(results), err
	})
}

func total(results []int) (sum int) {
	for _, r := range results {
		sum += r
	}
	return sum
}
