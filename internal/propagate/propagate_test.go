package propagate

import (
	"context"
	"testing"
)

type key struct{ name string }

type carrier struct{ key }

func (c carrier) Name() string { return c.name }
func (c carrier) Inject(ctx context.Context) []byte {
	s, ok := ctx.Value(c.key).(string)
	if !ok {
		return nil
	}
	return []byte(s)
}
func (c carrier) Extract(ctx context.Context, b []byte) context.Context {
	return context.WithValue(ctx, c.key, string(b))
}

func TestRoundTrip(t *testing.T) {
	a, b := key{"a"}, key{"b"}
	if !Add(carrier{a}) || !Add(carrier{b}) || Add(carrier{a}) {
		t.Error("Add")
	}
	ctx := context.Background()
	if Inject(ctx) != nil {
		t.Error("something of nothing")
	}
	ctx = context.WithValue(context.WithValue(ctx, a, "x"), b, "")
	data := Inject(ctx)
	got, err := Extract(context.Background(), data)
	if err != nil || got.Value(a) != "x" || got.Value(b) != "" {
		t.Errorf("%v, %v, %v", got.Value(a), got.Value(b), err)
	}
	for i := range data {
		if _, err := Extract(context.Background(), data[:i]); err == nil && i != 0 && i != 4 {
			t.Errorf("cut at %d of %d is not noticed", i, len(data))
		}
	}
	if _, err := Extract(context.Background(), []byte{3, 'x', 'y', 'z', 0}); err != nil {
		t.Errorf("an unknown propagator: %v", err)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte{1, 'a', 1, 'x'})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) { Extract(context.Background(), b) })
}
