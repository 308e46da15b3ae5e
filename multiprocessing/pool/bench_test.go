package pool_test

import (
	"context"
	"testing"

	"github.com/conexgo/conex/multiprocessing/pool"
)

func ints(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

// overBoth runs a benchmark over processes and over threads.
func overBoth(b *testing.B, body func(b *testing.B, ctx context.Context, p pool.AnyPool)) {
	b.Run("Pool", func(b *testing.B) {
		p, err := pool.New(pool.Config{Processes: 2})
		if err != nil {
			b.Fatal(err)
		}
		defer p.Join(context.Background())
		defer p.Terminate()
		body(b, context.Background(), p)
	})
	b.Run("ThreadPool", func(b *testing.B) {
		p, err := pool.NewThreadPool(pool.ThreadConfig{Processes: 2})
		if err != nil {
			b.Fatal(err)
		}
		defer p.Join(context.Background())
		defer p.Terminate()
		body(b, context.Background(), p)
	})
}

// perItem reports the time of one item of a Map over n.
func perItem(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/item")
}

func BenchmarkMap(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		in := ints(1_000_000)
		for b.Loop() {
			if out, err := pool.Map(ctx, p, square, in); err != nil || out[3] != 9 {
				b.Fatal(out, err)
			}
		}
		perItem(b, len(in))
	})
}

func BenchmarkMapChunk1(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		in := ints(100_000)
		for b.Loop() {
			if out, err := pool.Map(ctx, p, square, in, pool.ChunkSize(1)); err != nil || out[3] != 9 {
				b.Fatal(out, err)
			}
		}
		perItem(b, len(in))
	})
}

func BenchmarkApply(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		b.ReportAllocs()
		for b.Loop() {
			if v, err := pool.Apply(ctx, p, square, 7); err != nil || v != 49 {
				b.Fatal(v, err)
			}
		}
	})
}

func BenchmarkApplyAsync(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		b.ReportAllocs()
		var rs [1000]*pool.AsyncResult[int]
		for b.Loop() {
			for i := range rs {
				rs[i] = pool.ApplyAsync(ctx, p, square, 7)
			}
			for _, r := range rs {
				if v, err := r.Get(ctx); err != nil || v != 49 {
					b.Fatal(v, err)
				}
			}
		}
		perItem(b, len(rs))
	})
}

func BenchmarkIMap(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		const n = 100_000
		for b.Loop() {
			i := 0
			for v, err := range pool.IMap(ctx, p, square, count(n), pool.ChunkSize(100)).All(ctx) {
				if err != nil || v != i*i {
					b.Fatal(v, err)
				}
				i++
			}
		}
		perItem(b, n)
	})
}

func BenchmarkIMapChunk1(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		const n = 100_000
		for b.Loop() {
			i := 0
			for v, err := range pool.IMap(ctx, p, square, count(n)).All(ctx) {
				if err != nil || v != i*i {
					b.Fatal(v, err)
				}
				i++
			}
		}
		perItem(b, n)
	})
}

func BenchmarkMapSmall(b *testing.B) {
	overBoth(b, func(b *testing.B, ctx context.Context, p pool.AnyPool) {
		in := ints(10)
		for b.Loop() {
			if out, err := pool.Map(ctx, p, square, in); err != nil || out[3] != 9 {
				b.Fatal(out, err)
			}
		}
	})
}
