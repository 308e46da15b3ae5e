package process_test

import (
	"context"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// The figures beside peers are in bench; these are for profiling.

func BenchmarkSubmit(b *testing.B) {
	p := newPool(b, process.Config{Workers: 2})
	ctx := context.Background()
	fs := make([]*futures.Future[int], b.N)
	b.ResetTimer()
	for i := range fs {
		fs[i] = futures.Submit(ctx, p, inc, i)
	}
	for i, f := range fs {
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkMap(b *testing.B) {
	p := newPool(b, process.Config{Workers: 2})
	ctx := context.Background()
	b.ResetTimer()
	i := 0
	for r, err := range futures.Map(ctx, p, inc, count(b.N)) {
		if r != i+1 || err != nil {
			b.Fatal(r, err)
		}
		i++
	}
}

func BenchmarkCall(b *testing.B) {
	p := newPool(b, process.Config{Workers: 1})
	ctx := context.Background()
	for b.Loop() {
		futures.Submit(ctx, p, inc, 1).Result(ctx)
	}
}
