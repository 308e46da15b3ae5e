package contextvars_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/internal/leak"
)

func TestZeroContext(t *testing.T) {
	var c contextvars.Context
	v := contextvars.NewVar[int]("v")
	if c.Len() != 0 || c.Has(v) || !c.Equal(contextvars.NewContext()) || c.Copy().Len() != 0 {
		t.Error("the zero Context is not empty")
	}
	run(t, &c, func(ctx context.Context) { set(t, ctx, v, 1) })
	if n, err := contextvars.Value(&c, v); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestRunResult(t *testing.T) {
	c, want := contextvars.NewContext(), errors.New("want")
	if err := c.Run(context.Background(), func(context.Context) error { return want }); err != want {
		t.Error(err)
	}
	fails(t, c.Run(context.Background(), nil), contextvars.ErrNilFunc)
	for range 2 { // it can be entered again after a panic
		func() {
			defer func() {
				if r := recover(); r != "oops" {
					t.Error("recovered", r)
				}
			}()
			c.Run(context.Background(), func(context.Context) error { panic("oops") })
		}()
	}
}

func TestRunKeepsTheRest(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "x"))
	runIn(t, ctx, contextvars.NewContext(), func(inner context.Context) {
		if inner.Value(key{}) != "x" {
			t.Error("the values of ctx are lost")
		}
		cancel()
		if inner.Err() != context.Canceled {
			t.Error("the end of ctx is lost")
		}
	})
}

func TestRunNested(t *testing.T) {
	c1, c2 := contextvars.NewContext(), contextvars.NewContext()
	v := contextvars.NewVar[string]("v")
	run(t, c1, func(ctx context.Context) {
		unset(t, ctx, v)
		set(t, ctx, v, "spam")
		runIn(t, ctx, c2, func(ctx context.Context) { unset(t, ctx, v) })
		is(t, ctx, v, "spam")
		cur := contextvars.Copy(ctx)
		if s, err := contextvars.Value(cur, v); cur.Len() != 1 || s != "spam" || err != nil || !cur.Equal(c1) {
			t.Errorf("%d variables, %q, %v", cur.Len(), s, err)
		}
	})
	unset(t, context.Background(), v)
	if s, ok := contextvars.Lookup(c1, v); s != "spam" || !ok || !c1.Has(v) {
		t.Error("what was set is not in the Context afterwards")
	}
}

// An error does not undo what was set, but who called Run does not see it.
func TestRunError(t *testing.T) {
	c := contextvars.NewContext()
	v := contextvars.NewVar[string]("v")
	in(t, func(outer context.Context) {
		err := c.Run(outer, func(ctx context.Context) error {
			_, err := v.Set(ctx, "spam")
			return errors.Join(err, errors.ErrUnsupported)
		})
		fails(t, err, errors.ErrUnsupported)
		unset(t, outer, v)
		if !c.Has(v) {
			t.Error("lost")
		}
	})
}

func TestLookupInside(t *testing.T) {
	c := contextvars.NewContext()
	v := contextvars.NewVar("v", contextvars.WithDefault(42))
	run(t, c, func(ctx context.Context) {
		is(t, ctx, v, 42)
		_, err := contextvars.Value(c, v)
		fails(t, err, contextvars.ErrKey)
		fails(t, err, contextvars.ErrLookup)
		if n, ok := contextvars.Lookup(c, v); n != 0 || ok || c.Has(v) || c.Len() != 0 {
			t.Error("the default was consulted")
		}
		tok := set(t, ctx, v, 1)
		if got := slices.Collect(c.Vars()); len(got) != 1 || got[0] != contextvars.AnyVar(v) {
			t.Error(got)
		}
		if n, err := contextvars.Value(c, v); n != 1 || err != nil {
			t.Error(n, err)
		}
		fails(t, v.Reset(ctx, tok), nil)
		if _, err := contextvars.Value(c, v); !errors.Is(err, contextvars.ErrKey) || c.Len() != 0 {
			t.Error("still there")
		}
	})
}

func TestEntered(t *testing.T) {
	leak.Check(t)
	c := contextvars.NewContext()
	v := contextvars.NewVar[int]("v")
	again := func(ctx context.Context) {
		t.Helper()
		fails(t, c.Run(ctx, func(context.Context) error { t.Error("entered twice"); return nil }), contextvars.ErrEntered)
	}
	run(t, c, func(ctx context.Context) {
		again(ctx)
		runIn(t, ctx, contextvars.NewContext(), again) // further in, too
		<-contextvars.Go(ctx, again)                   // and from another goroutine
		set(t, ctx, v, 1)
		runIn(t, ctx, c.Copy(), func(ctx context.Context) { // a copy is another
			is(t, ctx, v, 1)
			set(t, ctx, v, 2)
		})
		is(t, ctx, v, 1)
	})
	<-contextvars.Go(context.Background(), func(ctx context.Context) {
		runIn(t, ctx, c, func(ctx context.Context) { is(t, ctx, v, 1) })
	})
	run(t, c, func(ctx context.Context) { is(t, ctx, v, 1) })
}

// Of many who try at once, one gets in at a time.
func TestEnteredRace(t *testing.T) {
	leak.Check(t)
	c := contextvars.NewContext()
	v := contextvars.NewVar("v", contextvars.WithDefault(0))
	var wg sync.WaitGroup
	total := 0 // protected by c being entered
	for range 4 {
		wg.Go(func() {
			for n := 0; n < 200; {
				err := c.Run(context.Background(), func(ctx context.Context) error {
					got, _ := v.Get(ctx)
					v.Set(ctx, got+1)
					total++
					n++
					return nil
				})
				if err != nil && err != contextvars.ErrEntered {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n, _ := contextvars.Value(c, v); n != 800 || total != 800 {
		t.Errorf("%d, %d; want 800", n, total)
	}
}

func TestCopy(t *testing.T) {
	c1 := contextvars.NewContext()
	v := contextvars.NewVar("v", contextvars.WithDefault(42))
	value := func(c *contextvars.Context, want int) {
		t.Helper()
		if n, err := contextvars.Value(c, v); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	run(t, c1, func(ctx context.Context) {
		set(t, ctx, v, 10)
		c2 := c1.Copy() // while it is entered
		value(c2, 10)
		set(t, ctx, v, 20)
		value(c1, 20)
		value(c2, 10)
		runIn(t, ctx, c2, func(ctx context.Context) {
			is(t, ctx, v, 10)
			set(t, ctx, v, 30)
			is(t, ctx, v, 30)
		})
		value(c1, 20)
		value(c2, 30)
	})
}

// A reset after a copy is not seen in the copy, and a token of before the copy
// still works.
func TestCopyThenReset(t *testing.T) {
	a, b := contextvars.NewVar[int]("a"), contextvars.NewVar[int]("b")
	in(t, func(ctx context.Context) {
		set(t, ctx, b, 1)
		tok := set(t, ctx, a, 1)
		tok2 := set(t, ctx, a, 2)
		c := contextvars.Copy(ctx)
		fails(t, a.Reset(ctx, tok2), nil)
		is(t, ctx, a, 1)
		d := contextvars.Copy(ctx)
		fails(t, a.Reset(ctx, tok), nil)
		unset(t, ctx, a)
		if n, _ := contextvars.Value(c, a); n != 2 {
			t.Error("the first copy changed:", n)
		}
		if n, _ := contextvars.Value(d, a); n != 1 {
			t.Error("the second copy changed:", n)
		}
		is(t, ctx, b, 1)
	})
}

func TestIterate(t *testing.T) {
	vars := make([]*contextvars.Var[int], 100)
	for i := range vars {
		vars[i] = contextvars.NewVar[int]("v")
	}
	s := contextvars.NewVar[string]("s")
	c := contextvars.NewContext()
	run(t, c, func(ctx context.Context) {
		set(t, ctx, s, "spam")
		for i := range vars {
			set(t, ctx, vars[99-i], 99-i)
		}
	})
	if c.Len() != 101 {
		t.Error(c.Len())
	}
	i := 0
	for v, val := range c.All() { // in the order in which they were made
		if i < 100 && (v != contextvars.AnyVar(vars[i]) || val != i) || i == 100 && (v != contextvars.AnyVar(s) || val != "spam") {
			t.Errorf("%d: %v = %v", i, v, val)
		}
		i++
	}
	keys, values := slices.Collect(c.Vars()), slices.Collect(c.Values())
	if len(keys) != 101 || len(values) != 101 || keys[7] != contextvars.AnyVar(vars[7]) || values[7] != 7 || values[100] != "spam" {
		t.Error(keys, values)
	}
	n := 0
	for range c.Vars() {
		if n++; n == 40 {
			break
		}
	}
	if n != 40 {
		t.Error("break did not end the loop")
	}
	for range contextvars.NewContext().All() {
		t.Error("something of nothing")
	}
}

// What is set during an iteration is not seen by it.
func TestIterateMoment(t *testing.T) {
	a, b := contextvars.NewVar[int]("a"), contextvars.NewVar[int]("b")
	c := contextvars.NewContext()
	run(t, c, func(ctx context.Context) {
		set(t, ctx, a, 1)
		set(t, ctx, b, 1)
		all := c.All()
		for v, val := range all {
			if val != 1 {
				t.Errorf("%v = %v", v, val)
			}
			set(t, ctx, b, 2)
		}
		is(t, ctx, b, 2)
	})
}

func TestEqual(t *testing.T) {
	n, s := contextvars.NewVar[int]("n"), contextvars.NewVar[string]("s")
	list, fn, f := contextvars.NewVar[[]int]("list"), contextvars.NewVar[func()]("fn"), contextvars.NewVar[float64]("f")
	anything := contextvars.NewVar[any]("any")
	with := func(fns ...func(ctx context.Context)) *contextvars.Context {
		c := contextvars.NewContext()
		run(t, c, func(ctx context.Context) {
			for _, fn := range fns {
				fn(ctx)
			}
		})
		return c
	}
	setN := func(x int) func(context.Context) { return func(ctx context.Context) { set(t, ctx, n, x) } }
	setS := func(x string) func(context.Context) { return func(ctx context.Context) { set(t, ctx, s, x) } }
	setList := func(x ...int) func(context.Context) { return func(ctx context.Context) { set(t, ctx, list, x) } }
	setAny := func(x any) func(context.Context) { return func(ctx context.Context) { set(t, ctx, anything, x) } }
	function := with(func(ctx context.Context) { set(t, ctx, fn, func() {}) })
	nan := with(func(ctx context.Context) { set(t, ctx, f, math.NaN()) })
	for i, x := range []struct {
		a, b *contextvars.Context
		want bool
	}{
		{with(), with(), true},
		{with(setN(1)), with(), false},
		{with(setN(1)), with(setN(1)), true},
		{with(setN(1)), with(setN(2)), false},
		{with(setN(1), setS("x")), with(setS("x"), setN(1)), true},
		{with(setN(1), setS("x")), with(setN(1)), false},
		{with(setN(1)), with(setS("x")), false},
		{with(setList(1, 2)), with(setList(1, 2)), true},
		{with(setList(1, 2)), with(setList(1, 3)), false},
		{with(setAny([]int{1})), with(setAny([]int{1})), true},
		{with(setAny([]int{1})), with(setAny(1)), false},
		{with(setAny(nil)), with(setAny(nil)), true},
		{with(setAny(nil)), with(setAny(1)), false},
		{function, function.Copy(), true},
		{function, with(func(ctx context.Context) { set(t, ctx, fn, func() {}) }), false},
		{nan, nan.Copy(), true}, // the same value, as in Python
		{nan, with(func(ctx context.Context) { set(t, ctx, f, math.NaN()) }), false},
	} {
		if x.a.Equal(x.b) != x.want || x.b.Equal(x.a) != x.want {
			t.Errorf("case %d: not %v", i, x.want)
		}
	}
}

func TestGo(t *testing.T) {
	leak.Check(t)
	v := contextvars.NewVar[int]("v")
	in(t, func(ctx context.Context) {
		set(t, ctx, v, 1)
		gate := make(chan struct{})
		done := contextvars.Go(ctx, func(ctx context.Context) {
			<-gate
			is(t, ctx, v, 1) // as it was when Go was called
			set(t, ctx, v, 3)
		})
		set(t, ctx, v, 2)
		close(gate)
		<-done
		is(t, ctx, v, 2)
	})
	<-contextvars.Go(context.Background(), func(ctx context.Context) {
		set(t, ctx, v, 1)
		is(t, ctx, v, 1)
	})
	defer func() {
		if recover() == nil {
			t.Error("no panic for a nil function")
		}
	}()
	contextvars.Go(context.Background(), nil)
}

// Values that are pointers are shared; that is how CPython's lists behave, too.
func TestSharedValues(t *testing.T) {
	v := contextvars.NewVar[*[]int]("v")
	in(t, func(ctx context.Context) {
		set(t, ctx, v, new([]int))
		runIn(t, ctx, contextvars.Copy(ctx), func(ctx context.Context) {
			set(t, ctx, v, new([]int))
			p, _ := v.Get(ctx)
			*p = append(*p, 42)
			if p, _ := v.Get(ctx); len(*p) != 1 {
				t.Error(*p)
			}
		})
		if p, _ := v.Get(ctx); len(*p) != 0 {
			t.Error(*p)
		}
	})
}
