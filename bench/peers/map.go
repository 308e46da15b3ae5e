package main

import (
	"github.com/alitto/pond/v2"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/sourcegraph/conc/iter"
)

// The map cases apply a function to n numbers and give the results in the order of the input. Conc has a Map; pond's task
// groups keep the order; with ants and errgroup it is the same loop over slots as for submitting.

func mapPond(s meter.Spec) (meter.Figure, error) {
	p := pond.NewResultPool[int](threadWorkers)
	defer p.StopAndWait()
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		g := p.NewGroup()
		for i := range n {
			g.Submit(func() int { return meter.Inc(i) })
		}
		results, err := g.Wait()
		return total(results), err
	})
}

func mapAnts(s meter.Spec) (meter.Figure, error) { return submitAnts(s) }

func mapConc(s meter.Spec) (meter.Figure, error) {
	m := iter.Mapper[int, int]{MaxGoroutines: threadWorkers}
	return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
		in := make([]int, n)
		for i := range in {
			in[i] = i
		}
		return total(m.Map(in, func(i *int) int { return meter.Inc(*i) })), nil
	})
}

func mapErrgroup(s meter.Spec) (meter.Figure, error) { return submitErrgroup(s) }
