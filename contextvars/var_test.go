package contextvars_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/contextvars"
)

func TestVarName(t *testing.T) {
	v := contextvars.NewVar[int]("aaa")
	if v.Name() != "aaa" || contextvars.NewVar[int]("").Name() != "" {
		t.Errorf("name %q", v.Name())
	}
	w := contextvars.NewVar[int]("aaa")
	in(t, func(ctx context.Context) {
		set(t, ctx, v, 1)
		unset(t, ctx, w) // the name does not matter
	})
}

func TestVarString(t *testing.T) {
	type minutes int
	list := new([]any)
	recursive := contextvars.NewVar("a", contextvars.WithDefault(list))
	*list = append(*list, recursive)
	for _, x := range []struct {
		got, want string
	}{
		{contextvars.NewVar[int]("a").String(), `Var("a")`},
		{contextvars.NewVar("a", contextvars.WithDefault(123)).String(), `Var("a", default 123)`},
		{contextvars.NewVar("a", contextvars.WithDefault("x y")).String(), `Var("a", default "x y")`},
		{contextvars.NewVar("a", contextvars.WithDefault(true)).String(), `Var("a", default true)`},
		{contextvars.NewVar("a", contextvars.WithDefault(time.Second)).String(), `Var("a", default 1s)`},
		{contextvars.NewVar("a", contextvars.WithDefault(minutes(3))).String(), `Var("a", default 3)`},
		{contextvars.NewVar("a", contextvars.WithDefault[error](nil)).String(), `Var("a", default of type <nil>)`},
		{recursive.String(), `Var("a", default of type *[]interface {})`},
	} {
		if x.got != x.want {
			t.Errorf("%s, want %s", x.got, x.want)
		}
	}
	in(t, func(ctx context.Context) {
		tok := set(t, ctx, recursive, nil)
		if s := tok.String(); !strings.Contains(s, recursive.String()) || strings.Contains(s, "used") {
			t.Error(s)
		}
		if err := recursive.Reset(ctx, tok); err != nil {
			t.Error(err)
		}
		if s := tok.String(); !strings.Contains(s, "used") {
			t.Error(s)
		}
	})
	if s := new(contextvars.Token[int]).String(); s != "Token()" {
		t.Error(s)
	}
}

func TestDefault(t *testing.T) {
	plain := contextvars.NewVar[int]("plain")
	with := contextvars.NewVar("with", contextvars.WithDefault(42), nil)
	check := func(ctx context.Context) {
		t.Helper()
		unset(t, ctx, plain)
		is(t, ctx, with, 42)
		if plain.GetOr(ctx, 7) != 7 || with.GetOr(ctx, 7) != 7 {
			t.Error("the default of the call does not win")
		}
	}
	check(context.Background())
	in(t, check)
	in(t, func(ctx context.Context) {
		set(t, ctx, with, 0) // a zero value is a value
		is(t, ctx, with, 0)
		if with.GetOr(ctx, 7) != 0 {
			t.Error("a default beside a value")
		}
	})
}

func TestGetSet(t *testing.T) {
	c := contextvars.NewVar[any]("c")
	in(t, func(ctx context.Context) {
		unset(t, ctx, c)
		t0 := set(t, ctx, c, any(42))
		is(t, ctx, c, any(42))
		if old, ok := t0.Old(); old != nil || ok || t0.Var() != c {
			t.Errorf("token: %v, %v, %v", old, ok, t0.Var())
		}
		t1 := set(t, ctx, c, any("spam"))
		is(t, ctx, c, any("spam"))
		if old, ok := t1.Old(); old != 42 || !ok {
			t.Errorf("token: %v, %v", old, ok)
		}
		fails(t, c.Reset(ctx, t1), nil)
		is(t, ctx, c, any(42))

		set(t, ctx, c, any("spam2"))
		fails(t, c.Reset(ctx, t1), contextvars.ErrTokenUsed)
		is(t, ctx, c, any("spam2"))
		before := contextvars.Copy(ctx)

		fails(t, c.Reset(ctx, t0), nil) // not in the order of the sets
		fails(t, c.Reset(ctx, t0), contextvars.ErrTokenUsed)
		unset(t, ctx, c)

		if v, err := contextvars.Value(before, c); v != "spam2" || err != nil || before.Len() != 1 || !before.Has(c) {
			t.Errorf("the copy: %v, %v, %d", v, err, before.Len())
		}
		if after := contextvars.Copy(ctx); after.Len() != 0 || after.Has(c) {
			t.Error("the later copy is not empty")
		}
	})
}

// One token for several Sets, in an order of its own.
func TestResetOutOfOrder(t *testing.T) {
	v := contextvars.NewVar[int]("v")
	in(t, func(ctx context.Context) {
		a, b, c := set(t, ctx, v, 1), set(t, ctx, v, 2), set(t, ctx, v, 3)
		fails(t, v.Reset(ctx, b), nil)
		is(t, ctx, v, 1)
		fails(t, v.Reset(ctx, c), nil)
		is(t, ctx, v, 2)
		fails(t, v.Reset(ctx, a), nil)
		unset(t, ctx, v)
	})
}

func TestResetMistakes(t *testing.T) {
	v1, v2 := contextvars.NewVar[int]("v1"), contextvars.NewVar("v2", contextvars.WithDefault(42))
	in(t, func(ctx context.Context) {
		tok := set(t, ctx, v1, 42)
		fails(t, v2.Reset(ctx, tok), contextvars.ErrWrongVar)
		fails(t, v1.Reset(ctx, nil), contextvars.ErrWrongVar)
		fails(t, v1.Reset(ctx, new(contextvars.Token[int])), contextvars.ErrWrongVar)
		fails(t, v1.Reset(context.Background(), tok), contextvars.ErrWrongContext)
		run(t, contextvars.NewContext(), func(ctx context.Context) {
			fails(t, v1.Reset(ctx, tok), contextvars.ErrWrongContext)
		})
		run(t, contextvars.Copy(ctx), func(ctx context.Context) {
			fails(t, v1.Reset(ctx, tok), contextvars.ErrWrongContext)
			is(t, ctx, v1, 42)
		})
		// None of this has used it up.
		is(t, ctx, v1, 42)
		fails(t, v1.Reset(ctx, tok), nil)
		unset(t, ctx, v1)
	})
}

func TestNoContext(t *testing.T) {
	v := contextvars.NewVar[int]("v")
	for name, ctx := range map[string]context.Context{"background": context.Background(), "nil": nil} {
		t.Run(name, func(t *testing.T) {
			unset(t, ctx, v)
			if v.GetOr(ctx, 7) != 7 {
				t.Error("GetOr")
			}
			tok, err := v.Set(ctx, 1)
			fails(t, err, contextvars.ErrNoContext)
			if tok != nil {
				t.Error("a token beside an error")
			}
			fails(t, v.Do(ctx, 1, func(context.Context) error { t.Error("called"); return nil }), contextvars.ErrNoContext)
			if contextvars.Copy(ctx).Len() != 0 {
				t.Error("Copy")
			}
		})
	}
}

func TestZeroVar(t *testing.T) {
	var v contextvars.Var[int]
	in(t, func(ctx context.Context) {
		unset(t, ctx, &v)
		_, err := v.Get(ctx)
		fails(t, err, contextvars.ErrZeroVar)
		_, err = v.Set(ctx, 1)
		fails(t, err, contextvars.ErrZeroVar)
		fails(t, v.Reset(ctx, nil), contextvars.ErrZeroVar)
		fails(t, v.Do(ctx, 1, func(context.Context) error { return nil }), contextvars.ErrZeroVar)
		defer func() {
			if err, ok := recover().(error); !ok || !errors.Is(err, contextvars.ErrZeroVar) {
				t.Error("With:", err)
			}
		}()
		v.With(ctx, 1)
	})
}

func TestWith(t *testing.T) {
	a, b := contextvars.NewVar[string]("a"), contextvars.NewVar[string]("b")
	outer := a.With(context.Background(), "1")
	is(t, outer, a, "1")
	inner := b.With(outer, "2")
	is(t, inner, a, "1")
	is(t, inner, b, "2")
	unset(t, outer, b)
	// They are Contexts of their own.
	set(t, inner, a, "3")
	is(t, outer, a, "1")
	set(t, outer, a, "4")
	is(t, inner, a, "3")
	again := a.With(inner, "5")
	is(t, inner, a, "3")
	is(t, again, a, "5")
	is(t, again, b, "2")
	if _, ok := again.Deadline(); ok {
		t.Error("a deadline out of nothing")
	}
}

func TestDo(t *testing.T) {
	v := contextvars.NewVar("v", contextvars.WithDefault("default"))
	other := errors.New("other")
	in(t, func(ctx context.Context) {
		err := v.Do(ctx, "x", func(inner context.Context) error {
			is(t, inner, v, "x")
			is(t, ctx, v, "x") // it is the current Context that has it
			set(t, inner, v, "y")
			return other
		})
		if err != other {
			t.Error(err)
		}
		is(t, ctx, v, "default")
		if contextvars.Copy(ctx).Has(v) {
			t.Error("still set")
		}
		set(t, ctx, v, "before")
		func() {
			defer func() { recover() }()
			v.Do(ctx, "x", func(context.Context) error { panic("oops") })
		}()
		is(t, ctx, v, "before")
		fails(t, v.Do(ctx, "x", nil), contextvars.ErrNilFunc)
		is(t, ctx, v, "before")
	})
}
