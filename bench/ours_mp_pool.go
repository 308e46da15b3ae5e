package main

import (
	"context"
	"errors"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/multiprocessing/pool"
)

// withMpPool makes a Pool of two, settles both sides, measures and joins it.
func withMpPool(s meter.Spec, measure func(*pool.Pool) (meter.Figure, error)) (f meter.Figure, err error) {
	cfg := pool.Config{Processes: 2}
	if s.Place == meter.TwoCore {
		_, core, err := meter.Split()
		if err != nil {
			return f, err
		}
		cfg.Initializer = settleFunc.Bind(core)
	}
	ctx := context.Background()
	p, err := pool.New(cfg)
	if err != nil {
		return f, err
	}
	defer func() {
		p.Close()
		err = errors.Join(err, p.Join(ctx))
	}()
	// All workers are up once each has had something to do.
	if _, err := pool.Map(ctx, p, napFunc, []time.Duration{100e6, 100e6}, pool.ChunkSize(1)); err != nil {
		return f, err
	}
	if err := meter.SettleCaller(s.Place); err != nil {
		return f, err
	}
	return measure(p)
}

// mpPoolMap maps the numbers below n, in chunks of the given size, 0 for the default.
func mpPoolMap(chunk int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		var opts []pool.MapOption
		if chunk > 0 {
			opts = append(opts, pool.ChunkSize(chunk))
		}
		return withMpPool(s, func(p *pool.Pool) (meter.Figure, error) {
			return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, _ error) {
				in := make([]int, n)
				for i := range in {
					in[i] = i
				}
				out, err := pool.Map(context.Background(), p, incFunc, in, opts...)
				for _, r := range out {
					sum += r
				}
				return sum, err
			})
		})
	}
}

func mpPoolApply(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	return withMpPool(s, func(p *pool.Pool) (meter.Figure, error) {
		return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) {
			return meter.Timed(i, func(i int) (int, error) { return pool.Apply(ctx, p, incFunc, i) })
		})
	})
}
