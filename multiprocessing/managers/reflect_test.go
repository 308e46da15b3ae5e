package managers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// refSession is one without a connection, to make objects in.
func refSession(types *Types) *session {
	s := contServer()
	s.types = types
	return &session{srv: s, account: noAccount{}, base: s.ctx}
}

// refMake has an object made, as create does.
func (s *session) refMake(t testing.TB, typeid string, args ...any) *object {
	t.Helper()
	o, err := s.make(typeid, s.srv.types.get(typeid), &call{ctx: s.srv.ctx, srv: s.srv, name: typeid, args: args})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// refCall calls a method as a session does, but for the answer's pickle.
func (s *session) refCall(o *object, kwds *pickle.Dict, name string, args ...any) (v any, err error) {
	m := o.methods[name]
	if m == nil {
		return nil, notExposed(o, name)
	}
	if v, err = m(&call{ctx: s.srv.ctx, srv: s.srv, obj: o, name: name, args: args, kwds: kwds}, o.self); err != nil {
		return nil, exception(err)
	}
	if typeid, ok := o.proxies[name]; ok {
		return s.made(typeid, v)
	}
	return v, nil
}

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Add": "add", "AddAll": "add_all", "HTTPGet": "http_get", "GetHTTP": "get_http", "GetHTTPBody": "get_http_body",
		"X": "x", "ID": "id", "AB": "ab", "UserID2": "user_id2", "Get_X": "get_x", "ÄndereÖl": "ändere_öl",
		"Import": "import_", "From": "from_", "Print": "print", "Del": "del_",
	} {
		if got := snake(name); got != want {
			t.Errorf("snake(%q) = %q, want %q", name, got, want)
		}
	}
}

// refMaths is a user's type.
type refMaths struct{ _ int }

type refPoint struct{ X, Y int }

var errRefSentinel = errors.New("no such thing")

func (m *refMaths) Add(x, y int) int { return x + y }
func (m *refMaths) Sum(xs ...float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}
func (m *refMaths) Join(sep string, words ...string) string { return strings.Join(words, sep) }
func (m *refMaths) DivMod(a, b int) (int, int, error) {
	if b == 0 {
		return 0, 0, pickle.ZeroDivisionError.New("division by zero")
	}
	return a / b, a % b, nil
}
func (m *refMaths) Fail() error            { return fmt.Errorf("it: %w", errRefSentinel) }
func (m *refMaths) Panic()                 { panic("oh") }
func (m *refMaths) Nothing()               {}
func (m *refMaths) Nil() *refPoint         { return nil }
func (m *refMaths) NilError() (any, error) { return nil, nil }
func (m *refMaths) HTTPGet(ctx context.Context, url string) (string, error) {
	return url, ctx.Err()
}
func (m *refMaths) Options(name string, kw Kwds) string {
	return fmt.Sprint(name, slices.Sorted(maps.Keys(kw)))
}
func (m *refMaths) Shift(p refPoint, by map[string]int) refPoint {
	return refPoint{p.X + by["x"], p.Y + by["y"]}
}
func (m *refMaths) Same(v any) any               { return v }
func (m *refMaths) Proxy(r *Ref) (string, error) { return r.TypeID(), nil }
func (m *refMaths) Both(o *refMaths) bool        { return m == o }
func (m *refMaths) Total(xs []int) (n int) {
	for _, x := range xs {
		n += x
	}
	return n
}
func (m *refMaths) Read(r io.Reader) error { return nil }
func (m *refMaths) OnChange(f func())      {}
func (m *refMaths) Events() chan int       { return nil }
func (m *refMaths) Squares(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i * i) {
				return
			}
		}
	}
}
func (m *refMaths) Lines() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_ = yield("a", nil) && yield("", errRefSentinel)
	}
}
func (m *refMaths) Child() *refMaths      { return &refMaths{} }
func (m *refMaths) Numbers() []int        { return []int{3, 1, 2} }
func (m *refMaths) Table() map[string]int { return map[string]int{"a": 1} }
func (m *refMaths) Letters() any          { return pickle.NewSet("a") }
func (m *refMaths) String() string        { return "maths" }

// refAdder is an interface that the type has, in another order of methods.
type refAdder interface {
	Nothing()
	Add(x, y int) int
}

func TestReflectCalls(t *testing.T) {
	leak.Check(t)
	types := NewTypes("")
	types.Register("Maths", func() *refMaths { return &refMaths{} })
	s := refSession(types)
	o := s.refMake(t, "Maths")
	kw := func(pairs ...any) *pickle.Dict {
		d := new(pickle.Dict)
		for i := 0; i < len(pairs); i += 2 {
			d.Set(pairs[i], pairs[i+1])
		}
		return d
	}
	point := kw("X", int64(1), "Y", int64(2))
	ints := pickle.NewList(int64(1), int64(2))
	lref := s.srv.contRef2(t, ListType, "list", ints)
	oref := s.srv.contProxy(t, o)
	for _, c := range []struct {
		method string
		args   []any
		kwds   *pickle.Dict
		want   string // repr, or the error
	}{
		{"add", []any{int64(4), int64(3)}, nil, "7"},
		{"add", []any{true, int64(3)}, nil, "4"},
		{"add", []any{1.5, int64(3)}, nil, "TypeError: add(): argument 1: "},
		{"add", []any{int64(4)}, nil, "TypeError: add() takes 2 arguments (1 given)"},
		{"add", []any{int64(4), "3"}, nil, "TypeError: add(): argument 2: "},
		{"add", []any{int64(4), contBig}, nil, "TypeError: add(): argument 2: "},
		{"add", []any{int64(4), int64(3)}, kw("z", nil), "TypeError: add() takes no keyword arguments"},
		{"sum", nil, nil, "0.0"},
		{"sum", []any{1.5, int64(2)}, nil, "3.5"},
		{"sum", []any{1.5, "x"}, nil, "TypeError: sum(): argument 2: "},
		{"join", []any{"-", "a", "b"}, nil, "'a-b'"},
		{"join", nil, nil, "TypeError: join() takes at least 1 argument (0 given)"},
		{"div_mod", []any{int64(7), int64(2)}, nil, "(3, 1)"},
		{"div_mod", []any{int64(7), int64(0)}, nil, "ZeroDivisionError: division by zero"},
		{"fail", nil, nil, "RuntimeError: it: no such thing"},
		{"nothing", nil, nil, "None"},
		{"nil_error", nil, nil, "None"},
		{"http_get", []any{"u"}, nil, "'u'"},
		{"options", []any{"n"}, kw("b", int64(1), "a", int64(2)), "'n[a b]'"},
		{"options", []any{"n"}, nil, "'n[]'"},
		{"options", []any{"n"}, kw(int64(1), int64(1)), "TypeError: keywords must be strings"},
		{"shift", []any{point, kw("x", int64(5))}, nil, "{'X': 6, 'Y': 2}"},
		{"shift", []any{int64(1), kw()}, nil, "TypeError: shift(): argument 1: "},
		{"same", []any{pickle.Tuple{int64(1), "x"}}, nil, "(1, 'x')"},
		{"proxy", []any{lref}, nil, "'list'"},
		{"proxy", []any{ints}, nil, "TypeError: proxy(): argument 1: "},
		{"both", []any{oref}, nil, "True"},
		{"both", []any{lref}, nil, "TypeError: both(): argument 1: "},
		{"total", []any{ints}, nil, "3"},
		{"total", []any{lref}, nil, "3"}, // a copy of what the proxy stands for
		{"total", []any{oref}, nil, "TypeError: total(): argument 1: a proxy of a managers.refMaths is no []int"},
		{"read", []any{oref}, nil, "TypeError: read(): argument 1: a proxy of a managers.refMaths is no io.Reader"},
	} {
		v, err := s.refCall(o, c.kwds, c.method, c.args...)
		got := ""
		if err != nil {
			got = err.Error()
		} else if m, err := model(v); err != nil {
			got = err.Error()
		} else {
			got = pickle.Repr(m)
		}
		if got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want) && len(got) > len(c.want)+5) {
			t.Errorf("%s%s: %s, want %s", c.method, pickle.Repr(pickle.Tuple(c.args)), got, c.want)
		}
	}
	if v, err := s.refCall(o, nil, "same", lref); v != any(lref) || err != nil {
		t.Errorf("a proxy to any is %v, %v", v, err)
	}
	if v, err := s.refCall(o, nil, "nil"); err != nil {
		t.Errorf("nil: %v", err)
	} else if m, err := model(v); m != nil || err != nil {
		t.Errorf("a nil pointer is %v, %v", m, err)
	}
	if got := o.class.strOf(o.self) + o.class.reprOf(o.self); !strings.HasPrefix(got, "maths<managers.refMaths object at 0x") {
		t.Errorf("str and repr are %s", got)
	}
	for _, name := range []string{"string", "on_change", "events", "Add"} {
		if slices.Contains(o.exposed, name) {
			t.Errorf("%s is exposed", name)
		}
	}
}

// contRef2 is contRef for servers that do not have the typeid.
func (s *Server) contRef2(t testing.TB, ty *Type, typeid string, args ...any) *Ref {
	t.Helper()
	self, err := ty.make(&call{ctx: s.ctx, srv: s, name: typeid, args: args})
	if err != nil {
		t.Fatal(err)
	}
	return s.contProxy(t, s.objects.add(typeid, ty, self, 0))
}

// TestReflectIterators: a method that returns a sequence returns a proxy of an
// iterator, in servers without SyncManager's typeids as well.
func TestReflectIterators(t *testing.T) {
	leak.Check(t)
	types := NewTypes("")
	types.Register("Maths", func() *refMaths { return &refMaths{} })
	types.Register("baz", func(n int) iter.Seq[int] { return (&refMaths{}).Squares(n) })
	s := refSession(types)
	o := s.refMake(t, "Maths")
	next := func(i *object) string {
		v, err := s.refCall(i, nil, "__next__")
		if err != nil {
			return err.Error()
		}
		m, err := model(v)
		if err != nil {
			return err.Error()
		}
		return pickle.Repr(m)
	}
	v, err := s.refCall(o, nil, "squares", int64(3))
	if err != nil {
		t.Fatal(err)
	}
	i := v.(*object)
	if i.typeid != "Iterator" || !slices.Equal(i.exposed, []string{"__next__", "send", "throw", "close"}) {
		t.Errorf("squares() is a %s with %v", i.typeid, i.exposed)
	}
	for _, want := range []string{"0", "1", "4", "StopIteration", "StopIteration"} {
		if got := next(i); got != want {
			t.Errorf("next is %s, want %s", got, want)
		}
	}
	v, err = s.refCall(o, nil, "lines")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"'a'", "RuntimeError: no such thing", "StopIteration"} {
		if got := next(v.(*object)); got != want {
			t.Errorf("next is %s, want %s", got, want)
		}
	}
	baz := s.refMake(t, "baz", int64(2))
	if got := next(baz) + next(baz) + next(baz); got != "01StopIteration" {
		t.Errorf("baz: %s", got)
	}
	// One that is given up half-way ends when nobody refers to it.
	half := s.refMake(t, "baz", int64(9))
	next(half)
	s.srv.objects.decref(half.ident)
}

// TestReflectProxies: results that stay in the server, of any typeid.
func TestReflectProxies(t *testing.T) {
	types := NewTypes("", SyncTypes)
	types.Register("Maths", func() *refMaths { return &refMaths{} },
		ReturnsProxy("child", "Child"), ReturnsProxy("numbers", "list"), ReturnsProxy("table", "dict"),
		ReturnsProxy("letters", "set"), ReturnsProxy("same", "Thing"), ReturnsProxy("nil", "Child"),
		ReturnsProxy("add", "nowhere"))
	types.Register("Child", nil, Expose("add"))
	types.Register("Thing", nil)
	s := refSession(types)
	o := s.refMake(t, "Maths")
	get := func(method string, args ...any) *object {
		t.Helper()
		v, err := s.refCall(o, nil, method, args...)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		return v.(*object)
	}
	child := get("child")
	if v, err := s.refCall(child, nil, "add", int64(1), int64(2)); v != 3 || err != nil || len(child.exposed) != 1 {
		t.Errorf("child.add(1, 2) is %v, %v", v, err)
	}
	for method, want := range map[string]string{"numbers": "[3, 1, 2]", "table": "{'a': 1}", "letters": "{'a'}"} {
		if r := get(method); r.class.reprOf(r.self) != want {
			t.Errorf("%s is %s", method, r.class.reprOf(r.self))
		}
	}
	numbers := get("numbers")
	if _, err := s.refCall(numbers, nil, "sort"); err != nil || numbers.class.reprOf(numbers.self) != "[1, 2, 3]" {
		t.Errorf("sorted: %v", err)
	}
	// A nil factory serves what comes.
	if r := get("same", pickle.NewList(int64(1))); r.class != listClass || r.typeid != "Thing" {
		t.Errorf("a list is a %s", r.class.name)
	}
	if r := get("same", pickle.NewDict()); r.class != dictClass {
		t.Errorf("a dict is a %s", r.class.name)
	}
	// A proxy is what it stands for.
	ref := s.srv.contProxy(t, numbers)
	if r := get("same", ref); r != numbers || r.refs != 2 {
		t.Errorf("a proxy is %v", r)
	}
	for method, want := range map[string]string{
		"nil": "TypeError: nothing was returned that a proxy could stand for",
	} {
		if v, err := s.refCall(o, nil, method); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v", method, v, err)
		}
	}
	if _, err := s.refCall(o, nil, "add", int64(1), int64(1)); !errors.Is(err, pickle.KeyError) {
		t.Errorf("a typeid that is not there: %v", err)
	}
	if _, err := s.refCall(o, nil, "same", int64(1)); err != nil {
		t.Errorf("an int as a Thing: %v", err) // without methods, as in Python
	}
	types.Register("Thing", nil, Expose("frobnicate"))
	if _, err := s.refCall(o, nil, "same", pickle.NewList()); !errors.Is(err, pickle.TypeError) || !strings.Contains(err.Error(), `list has no method "frobnicate"`) {
		t.Errorf("a list as something else: %v", err)
	}
}

// TestReflectFactories: what factories may return.
func TestReflectFactories(t *testing.T) {
	types := NewTypes("", SyncTypes)
	types.Register("adder", func() refAdder { return &refMaths{} })
	types.Register("any", func(kind string) (any, error) {
		switch kind {
		case "list":
			return []string{"a"}, nil
		case "maths":
			return &refMaths{}, nil
		case "none":
			return nil, nil
		}
		return nil, pickle.ValueError.Newf("no %s", kind)
	})
	types.Register("floats", func(xs ...float64) []float64 { return xs })
	types.Register("squares", func(kw Kwds) map[string]any { return kw })
	types.Register("queue-like", ListType, Expose("append", "pop"))
	s := refSession(types)

	adder := s.refMake(t, "adder")
	if v, err := s.refCall(adder, nil, "add", int64(1), int64(2)); v != 3 || err != nil || len(adder.exposed) != 2 {
		t.Errorf("add of an interface is %v, %v; exposed is %v", v, err, adder.exposed)
	}
	if v := s.refMake(t, "any", "list"); v.class.reprOf(v.self) != "['a']" {
		t.Errorf("a slice is %s", v.class.reprOf(v.self))
	}
	if v, err := s.refCall(s.refMake(t, "any", "maths"), nil, "add", int64(1), int64(2)); v != 3 || err != nil {
		t.Errorf("add is %v, %v", v, err)
	}
	if v := s.refMake(t, "floats", 1.5, int64(2)); v.class.reprOf(v.self) != "[1.5, 2.0]" {
		t.Errorf("a slice is %s", v.class.reprOf(v.self))
	}
	if v := s.refMake(t, "squares"); v.class.reprOf(v.self) != "{}" {
		t.Errorf("a map is %s", v.class.reprOf(v.self))
	}
	if v := s.refMake(t, "queue-like"); !slices.Equal(v.exposed, []string{"append", "pop"}) || len(v.methods) != 2 {
		t.Errorf("exposed is %v", v.exposed)
	}
	for kind, want := range map[string]string{"none": "TypeError: nothing was returned", "x": "ValueError: no x"} {
		_, err := s.make("any", types.get("any"), &call{ctx: s.srv.ctx, srv: s.srv, name: "any", args: pickle.Tuple{kind}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

type refClash struct{}

func (refClash) GetX()  {}
func (refClash) Get_X() {}

// TestRegisterPanics: mistakes in the program are found when it starts.
func TestRegisterPanics(t *testing.T) {
	maths := func() *refMaths { return nil }
	for want, f := range map[string]func(*Types){
		"a factory must be a function":                   func(ts *Types) { ts.Register("x", 5) },
		"a factory must return one value":                func(ts *Types) { ts.Register("x", func() {}) },
		"are both get_x in Python":                       func(ts *Types) { ts.Register("x", func() refClash { return refClash{} }) },
		`refMaths has no method "multiply"`:              func(ts *Types) { ts.Register("x", maths, Expose("multiply")) },
		`refMaths has no method "Add"`:                   func(ts *Types) { ts.Register("x", maths, Expose("Add")) },
		"clients cannot give a parameter of type func()": func(ts *Types) { ts.Register("x", maths, Expose("on_change")) },
		"clients cannot get a result of type chan int":   func(ts *Types) { ts.Register("x", maths, ReturnsProxy("events", "list")) },
		"clients cannot give a parameter of type chan":   func(ts *Types) { ts.Register("x", func(chan int) *refMaths { return nil }) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, want) || !strings.Contains(p, `Register("x")`) {
					t.Errorf("panic %s, want %s", p, want)
				}
			}()
			f(NewTypes(""))
		}()
	}
}
