package main

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/contextvars"
)

func contextvarsParties() meter.Parties {
	return meter.Parties{
		"contextvars/get-1":    {"ours": getVar(1), "ours-of-1": getVar(1)},
		"contextvars/get-1000": {"ours": getVar(1000)},
		"contextvars/set":      {"ours": setVar},
	}
}

// getVar reads one of so many variables, from a Context in which all are set.
func getVar(variables int) meter.Party {
	return func(s meter.Spec) (f meter.Figure, err error) {
		err = contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
			vars := make([]*contextvars.Var[int], variables)
			for i := range vars {
				vars[i] = contextvars.NewVar[int](fmt.Sprint("bench.get.", i))
				if _, err := vars[i].Set(ctx, 1); err != nil {
					return err
				}
			}
			v := vars[variables/2]
			f, err = meter.Bulk(s.N, meter.Count, func(n int) (sum int, _ error) {
				for range n {
					x, err := v.Get(ctx)
					if err != nil {
						return 0, err
					}
					sum += x
				}
				return sum, nil
			})
			return err
		})
		return f, err
	}
}

func setVar(s meter.Spec) (f meter.Figure, err error) {
	v := contextvars.NewVar[int]("bench.set")
	err = contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		f, err = meter.Bulk(s.N, meter.Count, func(n int) (sum int, _ error) {
			for lo := 0; lo < n; lo += setBatch {
				for x := range min(setBatch, n-lo) {
					if _, err := v.Set(ctx, x); err != nil {
						return 0, err
					}
				}
				last, err := v.Get(ctx)
				if err != nil {
					return 0, err
				}
				sum += meter.Inc(last)
			}
			return sum, nil
		})
		return err
	})
	return f, err
}
