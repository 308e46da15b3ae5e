package dummy

import (
	"context"
	"github.com/conexgo/conex/contextvars"
	"testing"
)

func TestLocal(t *testing.T) {
	ctx := as(t)
	var l Local[int]
	if _, ok := l.Load(ctx); ok {
		t.Error("a value from nowhere")
	}
	check(t, "Store", l.Store(ctx, 42), nil)
	var after context.Context
	inside(t, ctx, "other", func(ctx context.Context) {
		if v, ok := l.Load(ctx); ok {
			t.Errorf("another's value %v", v)
		}
		check(t, "Store", l.Store(ctx, 11), nil)
		if v, ok := l.Load(ctx); v != 11 || !ok {
			t.Errorf("%v, %v", v, ok)
		}
		after = ctx
	})
	if v, ok := l.Load(ctx); v != 42 || !ok {
		t.Errorf("%v, %v", v, ok)
	}
	if _, ok := l.Load(after); ok || len(l.byThread) != 1 {
		t.Error("a value outlives its thread")
	}
	check(t, "Store, thread ended", l.Store(after, 1), ErrNoThread)
	check(t, "Delete", l.Delete(ctx), nil)
	if _, ok := l.Load(ctx); ok {
		t.Error("deleted, but there")
	}
	none := context.Background()
	if _, ok := l.Load(none); ok {
		t.Error("a value without a thread")
	}
	check(t, "Store without a thread", l.Store(none, 1), ErrNoThread)
	check(t, "Delete without a thread", l.Delete(none), ErrNoThread)

	n := 0
	counted := NewLocal(func() int { n++; return n * 10 })
	for range 2 {
		if v, ok := counted.Load(ctx); v != 10 || !ok {
			t.Errorf("%v, %v", v, ok)
		}
	}
	inside(t, ctx, "other", func(ctx context.Context) {
		if v, _ := counted.Load(ctx); v != 20 {
			t.Errorf("%v", v)
		}
	})
	counted.Delete(ctx)
	if v, ok := counted.Load(ctx); v != 30 || !ok {
		t.Errorf("%v, %v", v, ok)
	}
	if _, ok := counted.Load(none); ok || n != 3 {
		t.Error("initialised without a thread")
	}
}

// A thread has a copy of its starter's context variables, or what it is given.
func TestVariables(t *testing.T) {
	v := contextvars.NewVar[string]("spam")
	read := func(ctx context.Context) string { return v.GetOr(ctx, "nothing") }
	ctx, leave := Adopt(t.Context())
	defer leave()
	if _, err := v.Set(ctx, "ham"); err != nil {
		t.Fatal(err)
	}
	set := func(ctx context.Context) error {
		if got := read(ctx); got != "ham" {
			t.Errorf("inherited %s", got)
		}
		_, err := v.Set(ctx, "eggs")
		return err
	}
	th := New(set)
	check(t, "Start", th.Start(ctx), nil)
	check(t, "Err", th.Err(), nil)
	if got := read(ctx); got != "ham" {
		t.Errorf("the starter sees %s", got)
	}
	vars := contextvars.Copy(ctx)
	th = New(set, WithContext(vars))
	check(t, "Start", th.Start(ctx), nil)
	check(t, "Err", th.Err(), nil)
	vars.Run(ctx, func(ctx context.Context) error {
		if got := read(ctx); got != "eggs" {
			t.Errorf("what was given has %s", got)
		}
		hooked(t)
		th := New(set, WithContext(vars))
		check(t, "Start", th.Start(ctx), nil)
		check(t, "in what the starter is in", th.Err(), contextvars.ErrEntered)
		return nil
	})
	adopted, leave := Adopt(ctx)
	defer leave()
	v.Set(adopted, "eggs")
	if got := read(ctx); got != "ham" {
		t.Errorf("the adopter sees %s", got)
	}
}
