package pool

import (
	"context"

	"github.com/conexgo/conex/futures"
)

// A Triple holds the arguments of a function of three; futures.Pair those of a
// function of two.
type Triple[A, B, C any] struct {
	First  A
	Second B
	Third  C
}

// Star2 makes a function of one argument, which pools can call, of a function of
// two: for conex.Register, and for futures.Local.
//
//	var Pow = conex.Register("pow", pool.Star2(pow))
//
//	func pow(ctx context.Context, base, exp int) (int, error) { … }
func Star2[A, B, R any](fn func(context.Context, A, B) (R, error)) func(context.Context, futures.Pair[A, B]) (R, error) {
	return func(ctx context.Context, a futures.Pair[A, B]) (R, error) { return fn(ctx, a.First, a.Second) }
}

// Star3 is [Star2] for a function of three arguments.
func Star3[A, B, C, R any](fn func(context.Context, A, B, C) (R, error)) func(context.Context, Triple[A, B, C]) (R, error) {
	return func(ctx context.Context, a Triple[A, B, C]) (R, error) { return fn(ctx, a.First, a.Second, a.Third) }
}

// StarMap2 is [Map] for a function of two arguments: Python's Pool.starmap. The
// arguments come in pairs, and the function was made by [Star2]:
//
//	pool.StarMap2(ctx, p, Pow, []futures.Pair[int, int]{{2, 3}, {3, 2}}) // [8 9]
func StarMap2[A, B, R any](ctx context.Context, p AnyPool, fn futures.Callable[futures.Pair[A, B], R], in []futures.Pair[A, B], opts ...MapOption) ([]R, error) {
	return Map(ctx, p, fn, in, opts...)
}

// StarMapAsync2 is [StarMap2] that does not wait: Python's starmap_async.
func StarMapAsync2[A, B, R any](ctx context.Context, p AnyPool, fn futures.Callable[futures.Pair[A, B], R], in []futures.Pair[A, B], opts ...MapOption) *AsyncResult[[]R] {
	return MapAsync(ctx, p, fn, in, opts...)
}

// StarMap3 is [StarMap2] for a function of three arguments, made by [Star3].
func StarMap3[A, B, C, R any](ctx context.Context, p AnyPool, fn futures.Callable[Triple[A, B, C], R], in []Triple[A, B, C], opts ...MapOption) ([]R, error) {
	return Map(ctx, p, fn, in, opts...)
}

// StarMapAsync3 is [StarMap3] that does not wait.
func StarMapAsync3[A, B, C, R any](ctx context.Context, p AnyPool, fn futures.Callable[Triple[A, B, C], R], in []Triple[A, B, C], opts ...MapOption) *AsyncResult[[]R] {
	return MapAsync(ctx, p, fn, in, opts...)
}
