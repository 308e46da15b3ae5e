package contextvars_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/conexgo/conex/contextvars"
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
