package managers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/pickle"
)

// poolGate lets tests say when a function goes on.
type poolGate struct {
	begun chan struct{} // one for each call that has begun
	open  chan struct{}
	ended chan error // why a call was given up
}

func newPoolGate() *poolGate {
	return &poolGate{make(chan struct{}, 100), make(chan struct{}), make(chan error, 100)}
}

func (g *poolGate) wait(ctx context.Context, n int64) (int64, error) {
	g.begun <- struct{}{}
	select {
	case <-g.open:
		return n, nil
	case <-ctx.Done():
		g.ended <- context.Cause(ctx)
		return 0, ctx.Err()
	}
}

// poolLog is an object with a method for callbacks.
type poolLog struct{ c chan any }

func (l *poolLog) Append(v any) { l.c <- v }

type poolPoint struct {
	X, Y int
	Name string `pickle:"name,omitempty"`
}

func poolTypes(g *poolGate) *Types {
	t := NewTypes("", SyncTypes)
	Function(t, "m.sqr", futures.Local(func(_ context.Context, x int64) (int64, error) { return x * x, nil }))
	Function(t, "m.C.sqr", futures.Local(func(_ context.Context, x int64) (int64, error) { return x * x * 10, nil }))
	Function(t, "plain", futures.Local(func(_ context.Context, x string) (string, error) { return strings.ToUpper(x), nil }))
	Function(t, "m.add", futures.Local(func(_ context.Context, p poolPoint) (any, error) {
		return pickle.Tuple{int64(p.X + p.Y), p.Name}, nil
	}))
	Function(t, "m.sum", futures.Local(func(_ context.Context, x []int) (sum int, err error) {
		for _, n := range x {
			sum += n
		}
		return sum, nil
	}))
	Function(t, "m.pair", futures.Local(func(_ context.Context, x [2]int) (string, error) { return fmt.Sprint(x), nil }))
	Function(t, "m.nothing", futures.Local(func(context.Context, struct{}) (any, error) { return nil, nil }))
	Function(t, "m.args", futures.Local(func(_ context.Context, a Args) (any, error) {
		return pickle.Tuple{int64(len(a.Args)), int64(len(a.Kwds))}, nil
	}))
	Function(t, "m.fail", futures.Local(func(_ context.Context, x int64) (int64, error) {
		if x%3 == 2 {
			return 0, pickle.KeyError.New(x)
		}
		return x, nil
	}))
	Function(t, "m.byte", futures.Local(func(_ context.Context, x uint8) (uint8, error) { return x, nil }))
	Function(t, "m.error", futures.Local(func(context.Context, any) (any, error) { return nil, errors.New("broken") }))
	Function(t, "m.panic", futures.Local(func(context.Context, any) (any, error) { panic("ouch") }))
	if g != nil {
		Function(t, "m.wait", futures.Local(g.wait))
	}
	return t
}

func poolGlobal(name string) pickle.Global { return pickle.Global{Module: "m", Name: name} }

func TestPoolApplyArguments(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	id := poolCreate(t, s, "Pool", int64(2))
	c := poolDial(t, s).serving()
	kw := func(pairs ...any) *pickle.Dict {
		d := pickle.NewDict()
		for i := 0; i < len(pairs); i += 2 {
			if err := d.Set(pairs[i], pairs[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	method := &pickle.Object{Make: pickle.Reduce, Class: getattr, Args: pickle.Tuple{poolGlobal("C"), "sqr"}}
	for _, tt := range []struct {
		fn   any
		args pickle.Tuple
		kwds *pickle.Dict
		want any
		fail *pickle.ExceptionClass
	}{
		{fn: poolGlobal("sqr"), args: pickle.Tuple{int64(3)}, want: int64(9)},
		{fn: "m.sqr", args: pickle.Tuple{int64(3)}, want: int64(9)},
		{fn: method, args: pickle.Tuple{int64(3)}, want: int64(90)},
		{fn: "plain", args: pickle.Tuple{"x"}, want: "X"},
		{fn: "m.sqr", args: pickle.Tuple{"3"}, fail: pickle.TypeError},
		{fn: "m.sqr", fail: pickle.TypeError},
		{fn: "m.sqr", args: pickle.Tuple{int64(1), int64(2)}, fail: pickle.TypeError},
		{fn: "m.sqr", kwds: kw("x", int64(1)), fail: pickle.TypeError},
		{fn: "m.add", args: pickle.Tuple{int64(1), int64(2)}, want: pickle.Tuple{int64(3), ""}},
		{fn: "m.add", args: pickle.Tuple{int64(1), int64(2), "n"}, want: pickle.Tuple{int64(3), "n"}},
		{fn: "m.add", args: pickle.Tuple{int64(1)}, kwds: kw("y", int64(2), "name", "n"), want: pickle.Tuple{int64(3), "n"}},
		{fn: "m.add", kwds: kw("x", int64(1), "Y", int64(2)), want: pickle.Tuple{int64(3), ""}},
		{fn: "m.add", args: pickle.Tuple{int64(1)}, fail: pickle.TypeError},                                    // y is missing
		{fn: "m.add", args: pickle.Tuple{int64(1), int64(2)}, kwds: kw("x", int64(1)), fail: pickle.TypeError}, // x twice
		{fn: "m.add", args: pickle.Tuple{int64(1), int64(2)}, kwds: kw("z", int64(1)), fail: pickle.TypeError},
		{fn: "m.add", args: pickle.Tuple{int64(1), "2"}, fail: pickle.TypeError},
		{fn: "m.add", args: pickle.Tuple{int64(1), int64(2), "n", nil}, fail: pickle.TypeError},
		{fn: "m.sum", args: pickle.Tuple{int64(1), int64(2), int64(3)}, want: int64(6)},
		{fn: "m.sum", args: pickle.Tuple{pickle.NewList(int64(1), int64(2))}, want: int64(3)},
		{fn: "m.sum", args: pickle.Tuple{int64(4)}, want: int64(4)},
		{fn: "m.sum", want: int64(0)},
		{fn: "m.pair", args: pickle.Tuple{int64(1), int64(2)}, want: "[1 2]"},
		{fn: "m.pair", args: pickle.Tuple{int64(1), int64(2), int64(3)}, fail: pickle.TypeError},
		{fn: "m.nothing", want: nil},
		{fn: "m.nothing", args: pickle.Tuple{int64(1)}, fail: pickle.TypeError},
		{fn: "m.args", args: pickle.Tuple{nil, nil}, kwds: kw("a", nil), want: pickle.Tuple{int64(2), int64(1)}},
		{fn: "m.args", kwds: kw(int64(1), nil), fail: pickle.TypeError},
		{fn: poolGlobal("nope"), fail: pickle.AttributeError},
		{fn: int64(7), fail: pickle.TypeError},
		{fn: "m.fail", args: pickle.Tuple{int64(2)}, fail: pickle.KeyError},
		{fn: "m.error", args: pickle.Tuple{nil}, fail: pickle.RuntimeError},
		{fn: "m.panic", args: pickle.Tuple{nil}, fail: pickle.RuntimeError},
	} {
		kwds := tt.kwds
		if kwds == nil {
			kwds = pickle.NewDict()
		}
		args := tt.args
		if args == nil {
			args = pickle.Tuple{}
		}
		got, err := c.call(id, "apply", tt.fn, args, kwds)
		if tt.fail != nil {
			if !errors.Is(err, tt.fail) {
				t.Errorf("%v(*%v, **%v): %v, %v; want %v", tt.fn, tt.args, tt.kwds, got, err, tt.fail)
			}
		} else if err != nil || !pickle.Equal(got, tt.want) {
			t.Errorf("%v(*%v, **%v): %v, %v; want %v", tt.fn, tt.args, tt.kwds, got, err, tt.want)
		}
	}
}

func poolInts(n int) (list *pickle.List) {
	list = pickle.NewList()
	for i := range n {
		list.Items = append(list.Items, int64(i))
	}
	return list
}

func poolSquares(n int) *pickle.List {
	l := poolInts(n)
	for i, x := range l.Items {
		l.Items[i] = x.(int64) * x.(int64)
	}
	return l
}

func TestPoolMap(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	id := poolCreate(t, s, "Pool", int64(4))
	c := poolDial(t, s).serving()
	check := func(want any) func(any, error) {
		return func(got any, err error) {
			t.Helper()
			if err != nil || !pickle.Equal(got, want) {
				t.Fatalf("%v, %v; want %v", got, err, want)
			}
		}
	}
	check(poolSquares(100))(c.call(id, "map", "m.sqr", poolInts(100)))
	check(poolSquares(100))(c.call(id, "map", "m.sqr", poolInts(100), int64(20)))
	check(poolSquares(5))(c.call(id, "map", "m.sqr", pickle.Range{Start: int64(0), Stop: int64(5), Step: int64(1)}))
	check(pickle.NewList())(c.call(id, "map", "m.sqr", pickle.NewList()))
	check(pickle.NewList())(c.call(id, "map", "m.sqr", pickle.Tuple{}, int64(1)))
	check(pickle.NewList("A", "B"))(c.call(id, "map", "plain", "ab"))
	check(pickle.NewList(int64(3), int64(7)))(c.call(id, "starmap", "m.sum",
		pickle.NewList(pickle.Tuple{int64(1), int64(2)}, pickle.NewList(int64(3), int64(4)))))

	// Bytes are a list here, not bytes.
	check(pickle.NewList(int64(1), int64(2)))(c.call(id, "map", "m.byte", pickle.NewList(int64(1), int64(2))))

	_, err := c.call(id, "map", "m.fail", poolInts(10))
	poolFail(t, err, pickle.KeyError, "")
	_, err = c.call(id, "map", "m.sqr", int64(3))
	poolFail(t, err, pickle.TypeError, "'int' object is not iterable")
	_, err = c.call(id, "map", "m.sqr", poolInts(3), int64(0))
	poolFail(t, err, pickle.ValueError, "Chunksize must be 1+, not 0")
	_, err = c.call(id, "starmap", "m.sum", poolInts(3))
	poolFail(t, err, pickle.TypeError, "'int' object is not iterable")
}

func TestPoolIMap(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	id := poolCreate(t, s, "Pool", int64(4))
	c := poolDial(t, s).serving()
	all := func(method, fn string, items any, chunk int64) (got []any, errs int) {
		t.Helper()
		it, err := c.call(id, method, fn, items, chunk)
		if err != nil {
			t.Fatal(err)
		}
		defer poolAsk(t, s, "decref", it)
		for {
			v, err := c.call(it.(string), "__next__")
			if errors.Is(err, pickle.StopIteration) {
				return got, errs
			}
			if err != nil {
				errs++
				continue
			}
			got = append(got, v)
		}
	}
	for _, chunk := range []int64{1, 7, 1000} {
		got, errs := all("imap", "m.sqr", poolInts(100), chunk)
		if errs > 0 || !pickle.Equal(pickle.NewList(got...), poolSquares(100)) {
			t.Errorf("imap, chunks of %d: %v, %d errors", chunk, got, errs)
		}
		got, errs = all("imap_unordered", "m.sqr", poolInts(100), chunk)
		slices.SortFunc(got, func(a, b any) int { return int(a.(int64) - b.(int64)) })
		if errs > 0 || !pickle.Equal(pickle.NewList(got...), poolSquares(100)) {
			t.Errorf("imap_unordered, chunks of %d: %v, %d errors", chunk, got, errs)
		}
	}
	// An item that fails does so in its place; the others are there.
	if got, errs := all("imap", "m.fail", poolInts(6), 1); errs != 2 || fmt.Sprint(got) != "[0 1 3 4]" {
		t.Errorf("imap with errors: %v, %d errors", got, errs)
	}
	// Behind one that the function cannot take there is nothing.
	if got, errs := all("imap", "m.sqr", pickle.NewList(int64(2), "x", int64(3)), 1); errs != 1 || fmt.Sprint(got) != "[4]" {
		t.Errorf("imap with a misfit: %v, %d errors", got, errs)
	}
	if got, errs := all("imap", "m.sqr", pickle.NewList(), 1); errs != 0 || len(got) != 0 {
		t.Errorf("imap of nothing: %v, %d errors", got, errs)
	}
	_, err := c.call(id, "imap", "m.sqr", poolInts(3), int64(-1))
	poolFail(t, err, pickle.ValueError, "Chunksize must be 1+, not -1")
}

func TestPoolAsyncResult(t *testing.T) {
	g := newPoolGate()
	s := poolServe(t, Config{Types: poolTypes(g)})
	id := poolCreate(t, s, "Pool", int64(2))
	c := poolDial(t, s).serving()
	v, err := c.call(id, "apply_async", "m.wait", pickle.Tuple{int64(5)})
	if err != nil {
		t.Fatal(err)
	}
	r := v.(string)
	<-g.begun
	if v, err := c.call(r, "ready"); v != false || err != nil {
		t.Fatal(v, err)
	}
	_, err = c.call(r, "successful")
	poolFail(t, err, pickle.ValueError, "")
	for _, timeout := range []any{int64(0), 0.001, int64(-1)} {
		_, err = c.call(r, "get", timeout)
		var e *pickle.Exception
		if !errors.As(err, &e) || e.Class != (pickle.Global{Module: "multiprocessing.context", Name: "TimeoutError"}) {
			t.Fatalf("get(%v): %v", timeout, err)
		}
		if v, err := c.call(r, "wait", timeout); v != nil || err != nil {
			t.Fatal(v, err)
		}
	}
	_, err = c.call(r, "get", "soon")
	poolFail(t, err, pickle.TypeError, "")
	close(g.open)
	if v, err := c.call(r, "get"); v != int64(5) || err != nil {
		t.Fatal(v, err)
	}
	if v, err := c.call(r, "get", int64(0)); v != int64(5) || err != nil {
		t.Fatal(v, err)
	}
	if v, err := c.call(r, "successful"); v != true || err != nil {
		t.Fatal(v, err)
	}
	v, err = c.call(id, "map_async", "m.fail", poolInts(3))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.call(v.(string), "wait"); v != nil || err != nil {
		t.Fatal(v, err)
	}
	if v, err := c.call(v.(string), "successful"); v != false || err != nil {
		t.Fatal(v, err)
	}
	_, err = c.call(v.(string), "get")
	poolFail(t, err, pickle.KeyError, "")
	// What cannot be called is a failed call, too.
	v, err = c.call(id, "apply_async", "m.sqr", pickle.Tuple{"x"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.call(v.(string), "get")
	poolFail(t, err, pickle.TypeError, "")
}

func TestPoolCallbacks(t *testing.T) {
	types := poolTypes(nil)
	calls := &poolLog{make(chan any, 10)}
	types.Register("Log", func() *poolLog { return calls })
	s := poolServe(t, Config{Types: types})
	id, log := poolCreate(t, s, "Pool", int64(2)), poolCreate(t, s, "Log")
	c := poolDial(t, s).serving()
	method := func(name string) any {
		return &pickle.Object{Make: pickle.Reduce, Class: getattr, Args: pickle.Tuple{poolProxy(s, "Log", log), name}}
	}
	run := func(fn string, items any) {
		t.Helper()
		v, err := c.call(id, "map_async", fn, items, nil, method("append"), method("append"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.call(v.(string), "wait"); err != nil {
			t.Fatal(err)
		}
	}
	run("m.sqr", poolInts(3))
	if v := <-calls.c; !pickle.Equal(v, poolSquares(3)) {
		t.Fatalf("callback got %v", v)
	}
	run("m.fail", poolInts(3))
	if e, ok := (<-calls.c).(*pickle.Exception); !ok || !errors.Is(e, pickle.KeyError) {
		t.Fatalf("error_callback got %v", e)
	}
	run("m.sqr", pickle.NewList("x")) // which fails before it runs
	if e, ok := (<-calls.c).(*pickle.Exception); !ok || !errors.Is(e, pickle.TypeError) {
		t.Fatalf("error_callback got %v", e)
	}
	_, err := c.call(id, "map_async", "m.sqr", poolInts(3), nil, poolGlobal("f"))
	poolFail(t, err, pickle.TypeError, "")
	_, err = c.call(id, "map_async", "m.sqr", poolInts(3), nil, method("nope"))
	poolFail(t, err, pickle.AttributeError, "")
}

func TestPoolStates(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	id := poolCreate(t, s, "Pool", int64(2))
	c := poolDial(t, s).serving()
	if v, err := c.call(id, "__repr__"); err != nil || v != "<multiprocessing.pool.Pool state=RUN pool_size=2>" {
		t.Fatal(v, err)
	}
	_, err := c.call(id, "join")
	poolFail(t, err, pickle.ValueError, "Pool is still running")
	for _, end := range []string{"close", "terminate"} {
		if v, err := c.call(id, end); v != nil || err != nil {
			t.Fatal(v, err)
		}
		if v, err := c.call(id, "join"); v != nil || err != nil {
			t.Fatal(v, err)
		}
		for _, m := range []string{"apply", "map", "imap", "map_async", "apply_async", "starmap", "starmap_async", "imap_unordered"} {
			_, err := c.call(id, m, "m.sqr", pickle.NewList())
			poolFail(t, err, pickle.ValueError, "Pool not running")
		}
	}
	if v, err := c.call(id, "__repr__"); err != nil || v != "<multiprocessing.pool.Pool state=TERMINATE pool_size=2>" {
		t.Fatal(v, err)
	}
}

func TestPoolTerminate(t *testing.T) {
	g := newPoolGate()
	s := poolServe(t, Config{Types: poolTypes(g)})
	id := poolCreate(t, s, "Pool", int64(3))
	c := poolDial(t, s).serving()
	v, err := c.call(id, "map_async", "m.wait", poolInts(1000), int64(1))
	if err != nil {
		t.Fatal(err)
	}
	<-g.begun
	for _, m := range []string{"terminate", "join"} {
		if v, err := c.call(id, m); v != nil || err != nil {
			t.Fatal(v, err)
		}
	}
	_, err = c.call(v.(string), "get")
	var e *pickle.Exception
	if !errors.As(err, &e) || e.Class.Name != "ProcessError" {
		t.Fatal(err)
	}
}

func TestPoolMake(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil)})
	for _, args := range []pickle.Tuple{
		{int64(0)}, {int64(-1)}, {"x"}, {int64(1) << 40}, {nil, "m.nope"}, {nil, "m.nothing", int64(1)},
		{nil, nil, pickle.Tuple{}, int64(0)}, {nil, nil, pickle.Tuple{}, "x"}, {nil, nil, pickle.Tuple{}, nil, nil, nil},
	} {
		_, err := poolAsk(t, s, "create", append(pickle.Tuple{"Pool"}, args...)...)
		if !errors.Is(err, ErrRemote) {
			t.Errorf("Pool%v: %v", args, err)
		}
	}
	poolCreate(t, s, "Pool")
	poolCreate(t, s, "Pool", int64(1), nil, pickle.Tuple{}, int64(5))
}

func TestPoolInitializer(t *testing.T) {
	types := poolTypes(nil)
	args := make(chan Args, 10)
	Function(types, "m.init", futures.Local(func(_ context.Context, a Args) (any, error) {
		args <- a
		if len(a.Args) == 0 {
			return nil, errors.New("no arguments")
		}
		return nil, nil
	}))
	s := poolServe(t, Config{Types: types})
	id := poolCreate(t, s, "Pool", int64(1), poolGlobal("init"), pickle.Tuple{int64(1), "x"})
	c := poolDial(t, s).serving()
	for range 3 {
		if v, err := c.call(id, "apply", "m.sqr", pickle.Tuple{int64(2)}); v != int64(4) || err != nil {
			t.Fatal(v, err)
		}
	}
	if a := <-args; !pickle.Equal(a.Args, pickle.Tuple{int64(1), "x"}) || len(args) > 0 {
		t.Fatal(a, len(args))
	}
	id = poolCreate(t, s, "Pool", int64(1), poolGlobal("init"))
	_, err := c.call(id, "apply", "m.sqr", pickle.Tuple{int64(2)})
	var e *pickle.Exception
	if !errors.As(err, &e) || e.Class.Name != "ProcessError" || !strings.Contains(e.Error(), "no arguments") {
		t.Fatal(err)
	}
}

// A client that waits for a call and goes away ends the call.
func TestPoolClientGone(t *testing.T) {
	for _, method := range []string{"apply", "map", "starmap"} {
		t.Run(method, func(t *testing.T) {
			g := newPoolGate()
			s := poolServe(t, Config{Types: poolTypes(g)})
			id := poolCreate(t, s, "Pool", int64(1))
			c := poolDial(t, s).serving()
			args := pickle.NewList(int64(1))
			if method == "starmap" {
				args = pickle.NewList(args)
			}
			c.send(id, method, pickle.Tuple{"m.wait", args}, nil)
			<-g.begun
			c.conn.Close()
			if err := <-g.ended; err == nil {
				t.Fatal("no reason")
			}
		})
	}
}

// A pool lives as long as somebody can ask for its results.
func TestPoolAbandoned(t *testing.T) {
	g := newPoolGate()
	s := poolServe(t, Config{Types: poolTypes(g)})
	c := poolDial(t, s).serving()
	make2 := func() (pool, result string) {
		pool = poolCreate(t, s, "Pool", int64(1))
		v, err := c.call(pool, "apply_async", "m.wait", pickle.Tuple{int64(7)})
		if err != nil {
			t.Fatal(err)
		}
		<-g.begun
		return pool, v.(string)
	}
	drop := func(ident string) {
		t.Helper()
		if _, err := poolAsk(t, s, "decref", ident); err != nil {
			t.Fatal(err)
		}
	}
	p, r := make2()
	drop(r)
	drop(p)
	<-g.ended // terminated
	p, r = make2()
	drop(p)
	close(g.open)
	if v, err := c.call(r, "get"); v != int64(7) || err != nil {
		t.Fatal(v, err)
	}
	drop(r)
	if n := s.Objects(); n != 0 {
		t.Fatalf("%d objects are left", n)
	}
}

// With a list of allowed classes the functions that are registered are on it.
func TestPoolAllowed(t *testing.T) {
	s := poolServe(t, Config{Types: poolTypes(nil), Allow: []string{"other.thing"}})
	id := poolCreate(t, s, "Pool", int64(1))
	c := poolDial(t, s).serving()
	method := &pickle.Object{Make: pickle.Reduce, Class: getattr, Args: pickle.Tuple{poolGlobal("C"), "sqr"}}
	for fn, want := range map[any]int64{poolGlobal("sqr"): 4, method: 40} {
		if v, err := c.call(id, "apply", fn, pickle.Tuple{int64(2)}); v != want || err != nil {
			t.Fatal(v, err)
		}
	}
	if _, err := c.call(id, "apply", poolGlobal("nope")); !errors.Is(err, ErrRemote) {
		t.Fatal(err)
	}
}

func TestPoolExecutor(t *testing.T) {
	made := make(chan int, 1)
	s := poolServe(t, Config{Types: poolTypes(nil), Executor: func(n int) (futures.Executor, error) {
		made <- n
		if n > 5 {
			return nil, errors.New("no room")
		}
		return futures.NewThreadPool(futures.ThreadConfig{Workers: n})
	}})
	id := poolCreate(t, s, "Pool", int64(3))
	if n := <-made; n != 3 {
		t.Fatal(n)
	}
	c := poolDial(t, s).serving()
	if v, err := c.call(id, "apply", "m.sqr", pickle.Tuple{int64(2)}); v != int64(4) || err != nil {
		t.Fatal(v, err)
	}
	if _, err := poolAsk(t, s, "create", "Pool", int64(6)); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Fatal(err)
	}
	if _, err := poolAsk(t, s, "create", "Pool", int64(1), "m.nothing"); err == nil || !strings.Contains(err.Error(), "NotImplementedError") {
		t.Fatal(err)
	}
}

// The server's end is that of what runs in its pools.
func TestPoolServerEnds(t *testing.T) {
	g := newPoolGate()
	s := poolServe(t, Config{Types: poolTypes(g)})
	id := poolCreate(t, s, "Pool", int64(1))
	c := poolDial(t, s).serving()
	if _, err := c.call(id, "apply_async", "m.wait", pickle.Tuple{int64(1)}); err != nil {
		t.Fatal(err)
	}
	<-g.begun
	s.Close()
	select {
	case <-g.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the function still runs")
	}
}
