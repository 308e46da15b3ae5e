package propagate

import (
	"context"
	"errors"
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
	if b, err := Inject(ctx); b != nil || err != nil {
		t.Error("something of nothing")
	}
	ctx = context.WithValue(context.WithValue(ctx, a, "x"), b, "")
	data, err := Inject(ctx)
	if err != nil {
		t.Fatal(err)
	}
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

type checker struct{ carrier }

var errNot = errors.New("not this")

func (checker) TryInject(ctx context.Context) ([]byte, error) {
	if ctx.Value(key{"bad"}) != nil {
		return nil, errNot
	}
	return []byte("checked"), nil
}

func TestChecker(t *testing.T) {
	if !Add(checker{carrier{key{"c"}}}) {
		t.Fatal("Add")
	}
	defer func() { registered.list = registered.list[:len(registered.list)-1] }()
	data, err := Inject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Extract(context.Background(), data); err != nil || got.Value(key{"c"}) != "checked" {
		t.Errorf("%v, %v", got.Value(key{"c"}), err)
	}
	bad := context.WithValue(context.Background(), key{"bad"}, true)
	if data, err := Inject(bad); data != nil || !errors.Is(err, errNot) {
		t.Errorf("%q, %v", data, err)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte{1, 'a', 1, 'x'})
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, b []byte) { Extract(context.Background(), b) })
}
