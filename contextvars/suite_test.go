package contextvars_test

import (
	"context"
	"errors"
	"testing"

	"github.com/conexgo/conex/contextvars"
)

// in runs fn in a new Context.
func in(t *testing.T, fn func(ctx context.Context)) {
	t.Helper()
	run(t, contextvars.NewContext(), fn)
}

func run(t *testing.T, c *contextvars.Context, fn func(ctx context.Context)) {
	t.Helper()
	runIn(t, context.Background(), c, fn)
}

func runIn(t *testing.T, ctx context.Context, c *contextvars.Context, fn func(ctx context.Context)) {
	t.Helper()
	err := c.Run(ctx, func(ctx context.Context) error {
		fn(ctx)
		return nil
	})
	if err != nil {
		t.Fatal("Run:", err)
	}
}

// set sets v, which must succeed.
func set[T any](t *testing.T, ctx context.Context, v *contextvars.Var[T], val T) *contextvars.Token[T] {
	t.Helper()
	tok, err := v.Set(ctx, val)
	if err != nil {
		t.Fatal("Set:", err)
	}
	return tok
}

// is checks the value of v.
func is[T comparable](t *testing.T, ctx context.Context, v *contextvars.Var[T], want T) {
	t.Helper()
	if got, err := v.Get(ctx); got != want || err != nil {
		t.Errorf("%v is %v, %v; want %v", v, got, err, want)
	}
}

// unset checks that v has no value.
func unset[T comparable](t *testing.T, ctx context.Context, v *contextvars.Var[T]) {
	t.Helper()
	var zero T
	if got, err := v.Get(ctx); got != zero || !errors.Is(err, contextvars.ErrLookup) {
		t.Errorf("%v is %v, %v; want it unset", v, got, err)
	}
}

func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}
