package process_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// The figures beside peers are in bench; these are for profiling.

// cpu reports this process's processor time: less noisy than the clock.
func cpu(b *testing.B) (report func()) {
	used := func() int64 {
		var r syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &r)
		return r.Utime.Nano() + r.Stime.Nano()
	}
	start := used()
	return func() { b.ReportMetric(float64(used()-start)/float64(b.N), "cpu-ns/op") }
}

func BenchmarkSubmit(b *testing.B) {
	p := newPool(b, process.Config{Workers: 2})
	ctx := context.Background()
	fs := make([]*futures.Future[int], b.N)
	b.ResetTimer()
	defer cpu(b)()
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
	defer cpu(b)()
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
	defer cpu(b)()
	for b.Loop() {
		futures.Submit(ctx, p, inc, 1).Result(ctx)
	}
}

func BenchmarkBytes(b *testing.B) {
	p := newPool(b, process.Config{Workers: 1})
	ctx := context.Background()
	arg := make([]byte, 100<<20)
	for i := range arg {
		arg[i] = byte(i)
	}
	b.SetBytes(int64(2 * len(arg)))
	defer cpu(b)()
	for b.Loop() {
		r, err := futures.Submit(ctx, p, echo, arg).Result(ctx)
		if err != nil || len(r) != len(arg) {
			b.Fatal(err)
		}
	}
}
