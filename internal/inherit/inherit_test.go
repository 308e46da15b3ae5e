package inherit

import (
	"context"
	"testing"
	"unsafe"
)

type key struct{}

// carried is what the Source of this test finds in a ctx.
func carried(ctx context.Context) *string {
	p, _ := ctx.Value(key{}).(*string)
	return p
}

func TestNoSource(t *testing.T) {
	ctx := context.Background()
	if Take(ctx).Any() || TakeOrEmpty(ctx).Any() || Own(ctx) != ctx {
		t.Error("something of nothing")
	}
	var v Values
	if v.Give(ctx) != ctx || v.Each(ctx, 3) != nil || v.Reuse(ctx) != nil || v.Travelling() != nil || v.Root() != nil {
		t.Error("zero Values do something")
	}
}

func TestSource(t *testing.T) {
	empty := new(string)
	Register(Source{
		Empty: Of(unsafe.Pointer(empty)),
		Take: func(ctx context.Context) Values {
			if p := carried(ctx); p != nil {
				return Of(unsafe.Pointer(p))
			}
			return Values{}
		},
		Give: func(ctx context.Context, v Values) context.Context {
			s := *(*string)(v.Root())
			return context.WithValue(ctx, key{}, &s)
		},
		Each: func(ctx context.Context, v Values, n int) func() context.Context {
			return func() context.Context { return v.Give(ctx) }
		},
		Reuse:      func(ctx context.Context, v Values) func() context.Context { return v.Each(ctx, 1) },
		Travelling: func(v Values) unsafe.Pointer { return v.Root() },
	})
	defer func() { source = nil }()
	bare := context.Background()
	if Take(bare).Any() || TakeOrEmpty(bare).Root() != unsafe.Pointer(empty) || *carried(Own(bare)) != "" {
		t.Error("a ctx that carries nothing")
	}
	s := "x"
	ctx := context.WithValue(bare, key{}, &s)
	v := Take(ctx)
	if !v.Any() || v.Root() != unsafe.Pointer(&s) || v.Travelling() != unsafe.Pointer(&s) {
		t.Error("not what ctx carries")
	}
	next, reused := v.Each(bare, 2), v.Reuse(bare)
	for _, ctx := range []context.Context{v.Give(bare), Own(ctx), next(), next(), reused()} {
		if p := carried(ctx); p == &s || *p != "x" {
			t.Error("not a copy")
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("registered twice")
		}
	}()
	Register(Source{})
}
