package mainctx

import (
	"context"
	"testing"
)

type key struct{}

func TestWrap(t *testing.T) {
	if ctx := context.Background(); Wrap(ctx) != ctx {
		t.Error("wrapped in nothing")
	}
	add := func(s string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			before, _ := ctx.Value(key{}).(string)
			return context.WithValue(ctx, key{}, before+s)
		}
	}
	Register(add("a"))
	Register(add("b"))
	if got := Wrap(context.Background()).Value(key{}); got != "ab" {
		t.Error(got)
	}
}
