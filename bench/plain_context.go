package main

import (
	"context"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What package context has in place of package contextvars.

type valueKey struct{}

// ctxValue reads a value that the ctx itself holds, not one of its parents.
func ctxValue(s meter.Spec) (meter.Figure, error) {
	ctx := context.WithValue(context.Background(), valueKey{}, 1)
	return meter.Bulk(s.N, meter.Count, func(n int) (sum int, _ error) {
		for range n {
			sum += ctx.Value(valueKey{}).(int)
		}
		return sum, nil
	})
}

// setBatch is how many values are set between two looks at what became of it. Numbers that small are boxed without an
// allocation, so that nobody pays for more than the setting.
const setBatch = 128

func withValue(s meter.Spec) (meter.Figure, error) {
	base := context.Background()
	return meter.Bulk(s.N, meter.Count, func(n int) (sum int, _ error) {
		for lo := 0; lo < n; lo += setBatch {
			var ctx context.Context
			for v := range min(setBatch, n-lo) {
				ctx = context.WithValue(base, valueKey{}, v)
			}
			sum += meter.Inc(ctx.Value(valueKey{}).(int))
		}
		return sum, nil
	})
}
