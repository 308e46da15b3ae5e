package futures

import (
	"context"
	"sort"
	"testing"
	"time"
)

func inc(_ context.Context, x int) (int, error) { return x + 1, nil }

// cpu reports the processor time of all threads beside the elapsed one: a
// machine that others use too falsifies it less.
func cpu(b *testing.B) func() {
	start := cpuTime()
	return func() { b.ReportMetric(float64(cpuTime()-start)/float64(b.N), "cpu-ns/op") }
}

func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func newTestPool(tb testing.TB, workers int) *ThreadPool {
	p, err := NewThreadPool(ThreadConfig{Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { p.Close() })
	return p
}

// BenchmarkThreadSubmit is submit, future and result of one trivial call of
// many.
func BenchmarkThreadSubmit(b *testing.B) {
	b.ReportAllocs()
	defer cpu(b)()
	p := newTestPool(b, 4)
	ctx := b.Context()
	fn := Local(inc)
	const chunk = 1000
	fs := make([]*Future[int], 0, chunk)
	for i := 0; i < b.N; i += chunk {
		fs = fs[:0]
		for j := range min(chunk, b.N-i) {
			fs = append(fs, Submit(ctx, p, fn, j))
		}
		for j, f := range fs {
			if v, err := f.Result(ctx); v != j+1 || err != nil {
				b.Fatal(v, err)
			}
		}
	}
}

// BenchmarkThreadSubmitAll keeps all futures, as a program would that submits
// everything first.
func BenchmarkThreadSubmitAll(b *testing.B) {
	b.ReportAllocs()
	defer cpu(b)()
	p := newTestPool(b, 4)
	ctx := context.Background()
	fn := Local(inc)
	fs := make([]*Future[int], b.N)
	for j := range fs {
		fs[j] = Submit(ctx, p, fn, j)
	}
	for j, f := range fs {
		if v, err := f.Result(ctx); v != j+1 || err != nil {
			b.Fatal(v, err)
		}
	}
}

func BenchmarkThreadCall(b *testing.B) {
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": b.Context()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			p := newTestPool(b, 4)
			fn := Local(inc)
			lat := make([]time.Duration, 0, 1<<20)
			for b.Loop() {
				t := time.Now()
				if v, err := Submit(ctx, p, fn, 1).Result(ctx); v != 2 || err != nil {
					b.Fatal(v, err)
				}
				lat = append(lat, time.Since(t))
			}
			sort.Slice(lat, func(i, j int) bool { return lat[i] < lat[j] })
			b.ReportMetric(float64(lat[len(lat)/2]), "p50-ns")
			b.ReportMetric(float64(lat[len(lat)*99/100]), "p99-ns")
		})
	}
}

func BenchmarkThreadMap(b *testing.B) {
	b.ReportAllocs()
	defer cpu(b)()
	p := newTestPool(b, 4)
	i := 0
	for v, err := range Map(b.Context(), p, Local(inc), count(b.N)) {
		if i++; v != i || err != nil {
			b.Fatal(v, i, err)
		}
	}
	if i != b.N {
		b.Fatal(i, b.N)
	}
}

func BenchmarkThreadMapUnordered(b *testing.B) {
	b.ReportAllocs()
	defer cpu(b)()
	p := newTestPool(b, 4)
	i := 0
	for it, err := range MapUnordered(b.Context(), p, Local(inc), count(b.N)) {
		if i++; it.Value != it.Arg+1 || it.Index != it.Arg || err != nil {
			b.Fatal(it, err)
		}
	}
	if i != b.N {
		b.Fatal(i, b.N)
	}
}

func BenchmarkWaitDone(b *testing.B) {
	fs := make([]AnyFuture, 100_000)
	for i := range fs {
		f := NewFuture[int]()
		f.SetResult(i)
		fs[i] = f
	}
	for b.Loop() {
		done, _, _ := Wait(b.Context(), AllCompleted, fs...)
		if len(done) != len(fs) {
			b.Fatal(len(done))
		}
	}
}
