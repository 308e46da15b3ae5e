package contextvars_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

type benchKey struct{}

var (
	sink    string
	sinkCtx context.Context
	// manyVars are what programs with many variables have set.
	manyVars = makeMany(1000)
)

func makeMany(n int) []*contextvars.Var[int] {
	vars := make([]*contextvars.Var[int], n)
	for i := range vars {
		vars[i] = contextvars.NewVar[int](fmt.Sprint("many", i))
	}
	return vars
}

// inside runs fn in a Context with n more variables set.
func inside(b *testing.B, n int, fn func(ctx context.Context)) {
	contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		for i, v := range manyVars[:n] {
			if _, err := v.Set(ctx, i); err != nil {
				b.Fatal(err)
			}
		}
		fn(ctx)
		return nil
	})
}

// BenchmarkGet beside context.Value of depth 1.
func BenchmarkGet(b *testing.B) {
	v := contextvars.NewVar[string]("v")
	b.Run("peer=context.Value", func(b *testing.B) {
		ctx := context.WithValue(context.Background(), benchKey{}, "x")
		for b.Loop() {
			sink = ctx.Value(benchKey{}).(string)
		}
	})
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint("vars=", n), func(b *testing.B) {
			inside(b, n-1, func(ctx context.Context) {
				v.Set(ctx, "x")
				for b.Loop() {
					sink, _ = v.Get(ctx)
				}
			})
		})
	}
	b.Run("task", func(b *testing.B) { // what the ctx of a task is
		inside(b, 9, func(ctx context.Context) {
			v.Set(ctx, "x")
			p := threadPool(b, 1)
			futures.Go(ctx, p, func(ctx context.Context) (int, error) {
				for b.Loop() {
					sink, _ = v.Get(ctx)
				}
				return 0, nil
			}).Result(ctx)
		})
	})
	b.Run("depth=10", func(b *testing.B) {
		inside(b, 9, func(ctx context.Context) {
			v.Set(ctx, "x")
			for range 10 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				defer cancel()
			}
			for b.Loop() {
				sink, _ = v.Get(ctx)
			}
		})
	})
}

// BenchmarkSet beside context.WithValue; the token is used for a Reset where
// the name says so, and dropped elsewhere.
func BenchmarkSet(b *testing.B) {
	v := contextvars.NewVar[string]("v")
	b.Run("peer=context.WithValue", func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		for b.Loop() {
			sinkCtx = context.WithValue(ctx, benchKey{}, "x")
		}
	})
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint("vars=", n), func(b *testing.B) {
			b.ReportAllocs()
			inside(b, n-1, func(ctx context.Context) {
				for b.Loop() {
					if _, err := v.Set(ctx, "x"); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
	b.Run("reset", func(b *testing.B) {
		b.ReportAllocs()
		inside(b, 9, func(ctx context.Context) {
			for b.Loop() {
				tok, err := v.Set(ctx, "x")
				if err != nil {
					b.Fatal(err)
				}
				if err := v.Reset(ctx, tok); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("with", func(b *testing.B) {
		b.ReportAllocs()
		inside(b, 9, func(ctx context.Context) {
			for b.Loop() {
				sinkCtx = v.With(ctx, "x")
			}
		})
	})
}

func BenchmarkCopy(b *testing.B) {
	b.ReportAllocs()
	inside(b, 1000, func(ctx context.Context) {
		for b.Loop() {
			contextvars.Copy(ctx)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	c := contextvars.NewContext()
	fn := func(context.Context) error { return nil }
	ctx := b.Context()
	for b.Loop() {
		c.Run(ctx, fn)
	}
}

// BenchmarkTasks is what inheriting costs the tasks of a thread pool: their
// submitter's ctx carries no Context, or one.
func BenchmarkTasks(b *testing.B) {
	p := threadPool(b, 4)
	fn := futures.Local(func(_ context.Context, x int) (int, error) { return x + 1, nil })
	submit := func(b *testing.B, ctx context.Context) {
		b.ReportAllocs()
		fs := make([]*futures.Future[int], 0, 1000)
		for i := 0; i < b.N; i += cap(fs) {
			fs = fs[:0]
			for j := range min(cap(fs), b.N-i) {
				fs = append(fs, futures.Submit(ctx, p, fn, j))
			}
			for _, f := range fs {
				if _, err := f.Result(ctx); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	mapItems := func(b *testing.B, ctx context.Context) {
		b.ReportAllocs()
		for _, err := range futures.Map(ctx, p, fn, upTo(b.N)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	run := func(name string, fn func(b *testing.B, ctx context.Context)) {
		b.Run(name+"/none", func(b *testing.B) { fn(b, b.Context()) })
		b.Run(name+"/inherited", func(b *testing.B) {
			ctx := b.Context()
			for i, v := range manyVars[:10] {
				ctx = v.With(ctx, i)
			}
			fn(b, ctx)
		})
	}
	run("submit", submit)
	run("map", mapItems)
}

// BenchmarkProcessTasks is the same over worker processes, whose items always
// have a Context; "travelling" has one variable that leaves the process.
func BenchmarkProcessTasks(b *testing.B) {
	p := processPool(b, process.Config{Workers: 2})
	for _, name := range []string{"none", "inherited", "travelling"} {
		ctx := b.Context()
		switch name {
		case "inherited":
			ctx = local.With(ctx, 1)
		case "travelling":
			ctx = travel.With(ctx, "x")
		}
		b.Run("map/"+name, func(b *testing.B) {
			for _, err := range futures.Map(ctx, p, flat, upTo(b.N)) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("submit/"+name, func(b *testing.B) {
			fs := make([]*futures.Future[int], 0, 1000)
			for i := 0; i < b.N; i += cap(fs) {
				fs = fs[:0]
				for j := range min(cap(fs), b.N-i) {
					fs = append(fs, futures.Submit(ctx, p, nothing, j))
				}
				for _, f := range fs {
					if _, err := f.Result(ctx); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("map/nothing", func(b *testing.B) {
		for _, err := range futures.Map(b.Context(), p, nothing, upTo(b.N)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

var nothing = conex.Register("contextvars_test.nothing", func(_ context.Context, x int) (int, error) { return x, nil })
