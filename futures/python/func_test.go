package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/wire"
)

func TestKeys(t *testing.T) {
	type keywords struct {
		A int `python:"a"`
	}
	for _, test := range []struct {
		e    *wire.Entry
		key  string
		name string
	}{
		{&Func[int, int]("m:f").Wire().Entry, "f1m:f", "m:f"},
		{&Func[struct{}, int]("m:f").Wire().Entry, "f0m:f", "m:f"},
		{&Func[Args, int]("m:C.f").Wire().Entry, "f*m:C.f", "m:C.f"},
		{&Func[onlyPositional, int]("m:f").Wire().Entry, "f*m:f", "m:f"},
		{&Func[Call, int]("m:f").Wire().Entry, "f&m:f", "m:f"},
		{&Func[keywords, int]("m:f").Wire().Entry, "f&m:f", "m:f"},
		{&Func[*keywords, int]("m:f").Wire().Entry, "f&m:f", "m:f"},
		{&Func[person, int]("m:f").Wire().Entry, "f1m:f", "m:f"},
		{&Func[any, int]("m:f").Wire().Entry, "f1m:f", "m:f"},
		{&Expr[float64, float64]("x * 2").Wire().Entry, "e1x * 2", "x * 2"},
		{&Method[Args, int]("a.b").Wire().Entry, "m*a.b", "a.b"},
		{&Inline[int, int]("def f(x): return x", "f").Wire().Entry, "s1f\x00def f(x): return x", "f"},
	} {
		if string(test.e.Key) != test.key || test.e.Name != test.name || test.e.Engine != "python" || test.e.Err != nil || test.e.Flags != 0 {
			t.Errorf("%+v; want key %q", test.e, test.key)
		}
	}
	if e := &Func[int, struct{}]("m:f").Wire().Entry; e.Flags != flagNoResult {
		t.Error("a struct{} is a result")
	}
}

// The wire form of a function is made once, for each type.
func TestWireKept(t *testing.T) {
	if Func[int, int]("m:kept").Wire() != Func[int, int]("m:"+strings.Clone("kept")).Wire() {
		t.Error("made twice")
	}
	a, b := Func[int, int]("m:kept").Wire(), Func[int, float64]("m:kept").Wire()
	if a.ID != b.ID || &a.Entry == &b.Entry {
		t.Error("one function has two numbers")
	}
	if c := Func[Args, int]("m:kept").Wire(); c.ID == a.ID {
		t.Error("two keys have one number")
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for _, test := range []struct {
		e    *wire.Entry
		is   error
		want string
	}{
		{&Func[int, int]("").Wire().Entry, ErrNotFound, "empty"},
		{&Func[int, int]("sqrt").Wire().Entry, ErrNotFound, `"sqrt" names no function: write "package.module:function"`},
		{&Func[int, int]("math:").Wire().Entry, ErrNotFound, "names no function"},
		{&Func[int, int](":sqrt").Wire().Entry, ErrNotFound, "names no function"},
		{&Func[int, int]("a:b:c").Wire().Entry, ErrNotFound, "names no function"},
		{&Func[int, int]("a:b\x00").Wire().Entry, nil, "NUL"},
		{&Func[int, int]("a:\xff").Wire().Entry, nil, "UTF-8"},
		{&Expr[int, int](Expr[int, int](long)).Wire().Entry, nil, "put it into a module"},
		{&Expr[int, int]("").Wire().Entry, ErrNotFound, "empty"},
		{&Inline[int, int]("x", "").Wire().Entry, ErrNotFound, "empty"},
		{&Inline[int, int](long, "f").Wire().Entry, nil, "put it into a module"},
		{&Inline[int, int]("x", "f\x00").Wire().Entry, nil, "NUL"},
	} {
		if test.e.Err == nil || !strings.Contains(test.e.Err.Error(), test.want) || test.is != nil && !errors.Is(test.e.Err, test.is) {
			t.Errorf("%v; want %q", test.e.Err, test.want)
		}
		if len(test.e.Err.Error()) > 300 {
			t.Errorf("an error of %d bytes", len(test.e.Err.Error()))
		}
	}
}

// A function of Python does not run here, and says where it does.
func TestNotPython(t *testing.T) {
	ctx := context.Background()
	const want = `"math:sqrt" is a function of Python: it runs in a pool of package futures/python`
	sqrt := Func[float64, float64]("math:sqrt")
	if _, err := sqrt.Call(ctx, 2); !errors.Is(err, ErrNotPython) || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	for _, err := range []error{second(Expr[int, int]("x").Call(ctx, 2)), second(Method[int, int]("m").Call(ctx, 2)),
		second(Inline[int, int]("x", "f").Call(ctx, 2)), second(InlineFunc[int, int]{}.Call(ctx, 2))} {
		if !errors.Is(err, ErrNotPython) {
			t.Error(err)
		}
	}
	threads, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer threads.Close()
	if err := futures.Submit(ctx, threads, sqrt, 2).Err(ctx); !errors.Is(err, ErrNotPython) || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	isolated, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer isolated.Close()
	err = futures.Submit(ctx, isolated, sqrt, 2).Err(ctx)
	if !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, ErrNotPython) || !strings.Contains(err.Error(), want) {
		t.Error(err)
	}
	for _, err := range futures.Map(ctx, isolated, sqrt, func(yield func(float64) bool) { yield(2) }) {
		if !errors.Is(err, futures.ErrNotEncodable) {
			t.Error(err)
		}
	}
	if err := futures.Submit(ctx, nowhere{}, InlineFunc[int, int]{}, 2).Err(ctx); err == nil {
		t.Error("a zero InlineFunc")
	}
}

func second(_ int, err error) error { return err }

// A pool of Python refuses functions of Go, and methods without an object.
func TestCheckTask(t *testing.T) {
	ctx := context.Background()
	closure := futures.Local(func(context.Context, int) (int, error) { return 0, nil })
	if err := futures.Submit(ctx, nowhere{}, closure, 1).Err(ctx); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "closure of Go") {
		t.Error(err)
	}
	method := makeStream(ctx, Method[int, int]("m").Wire(), 1, 1)
	defer method.leave()
	if checkTask(method, true) != nil {
		t.Error("a method of an object")
	}
	if err := checkTask(method, false); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "NewObject") {
		t.Error(err)
	}
}

func TestBound(t *testing.T) {
	if b := (Bound{}); !b.IsZero() || b.Name() != "" {
		t.Error("the zero value")
	}
	b := Func[Args, struct{}]("logging:basicConfig").Bind(Args{1})
	key, arg, handles, err := b.encode()
	if b.IsZero() || b.Name() != "logging:basicConfig" || string(key) != "f*logging:basicConfig" || !bytes.Equal(arg, []byte("(K\x01t.")) ||
		handles != nil || err != nil {
		t.Errorf("%q, %q, %v, %v", key, arg, handles, err)
	}
	for _, b := range []Bound{Func[any, int]("m:f").Bind(make(chan int)), Func[int, int]("f").Bind(1), InlineFunc[int, int]{}.Bind(1)} {
		if _, _, _, err := b.encode(); !errors.Is(err, futures.ErrNotEncodable) {
			t.Error(err)
		}
	}
	if b := Expr[int, int]("x").Bind(1); b.Name() != "x" {
		t.Error(b.Name())
	}
}

// Programs that make up names as they go are not kept from it, and are not
// remembered for ever.
func TestManyNames(t *testing.T) {
	defer numWires.Store(numWires.Load())
	numWires.Store(maxWires)
	f := Func[int, int](fmt.Sprint("m:", "many"))
	w := f.Wire()
	if w == f.Wire() {
		t.Error("kept")
	}
	if string(w.Key) != "f1m:many" || w.Err != nil {
		t.Errorf("%+v", w.Entry)
	}
}

func TestDedent(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"def f():\n  pass":           "def f():\n  pass",
		"\n\tdef f():\n\t\tpass\n\t": "\ndef f():\n\tpass\n",
		"\n  a\n\n \n    b\n":        "\na\n\n \n  b\n",
		"\t a\n\t\tb":                " a\n\tb",
		" a\n\tb":                    " a\n\tb",
		"  \n":                       "  \n",
	} {
		if got := dedent(in); got != want {
			t.Errorf("%q: %q instead of %q", in, got, want)
		}
	}
}
