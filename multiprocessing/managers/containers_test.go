package managers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// contServer is a server that listens nowhere, for calls without a connection.
func contServer() *Server {
	return &Server{types: SyncTypes, objects: newTable(), ctx: context.Background()}
}

// ref makes an object, and the proxy of it that a client would send.
func (s *Server) contRef(t testing.TB, typeid string, args ...any) *Ref {
	t.Helper()
	ty := s.types.get(typeid)
	self, err := ty.make(&call{ctx: s.ctx, srv: s, name: typeid, args: args})
	if err != nil {
		t.Fatal(err)
	}
	o := s.objects.add(typeid, ty, self, 0)
	return s.contProxy(t, o)
}

// contProxy is the proxy of an object as a client would send it.
func (s *Server) contProxy(t testing.TB, o *object) *Ref {
	t.Helper()
	names := map[string]string{"list": "ListProxy", "dict": "DictProxy", "set": "SetProxy", "Iterator": "IteratorProxy"}
	name := names[o.typeid]
	if name == "" {
		name = "AutoProxy"
	}
	tok, err := Token{o.typeid, "/nowhere", o.ident}.MarshalPickle()
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.rebuild(&pickle.Object{Make: pickle.Reduce, Class: rebuildProxy, Args: pickle.Tuple{
		pickle.Global{Module: "multiprocessing.managers", Name: name}, tok, "pickle", new(pickle.Dict)}})
	if err != nil {
		t.Fatal(err)
	}
	return v.(*Ref)
}

// must calls a method that must not fail.
func (r *Ref) contMust(t testing.TB, method string, args ...any) any {
	t.Helper()
	v, err := r.Call(context.Background(), method, args...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return v
}

// contFails calls a method that must fail with a class and a text.
func (r *Ref) contFails(t testing.TB, class *pickle.ExceptionClass, text, method string, args ...any) {
	t.Helper()
	v, err := r.Call(context.Background(), method, args...)
	if !errors.Is(err, class) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s%s is %s, %v; want %v: %s", method, pickle.Repr(pickle.Tuple(args)), pickle.Repr(v), err, class, text)
	}
}

func contRepr(r *Ref) string { return r.obj.class.reprOf(r.obj.self) }

// TestExposed: what CPython's 3.13 proxies call is there.
func TestExposed(t *testing.T) {
	for typeid, names := range map[string]string{
		"list": `__add__ __contains__ __delitem__ __getitem__ __len__ __mul__ __reversed__ __rmul__ __setitem__
			append count extend index insert pop remove reverse sort __imul__ clear copy`,
		"dict": `__contains__ __delitem__ __getitem__ __iter__ __len__ __setitem__ clear copy get items keys pop popitem
			setdefault update values __or__ __ror__ __ior__ __reversed__ fromkeys`,
		"set": `__and__ __contains__ __iand__ __ior__ __isub__ __iter__ __ixor__ __len__ __or__ __rand__ __ror__
			__rsub__ __rxor__ __sub__ __xor__ __ge__ __gt__ __le__ __lt__ __eq__ __ne__ add clear copy difference
			difference_update discard intersection intersection_update isdisjoint issubset issuperset pop remove
			symmetric_difference symmetric_difference_update union update`,
		"Value": "get set", "Array": "__len__ __getitem__ __setitem__",
		"Namespace": "__getattribute__ __setattr__ __delattr__", "Iterator": "__next__ send throw close",
	} {
		ty := SyncTypes.get(typeid)
		for _, n := range strings.Fields(names) {
			if ty.methods[n] == nil {
				t.Errorf("%s: %s is not exposed", typeid, n)
			}
		}
		for _, n := range ty.exposed {
			if ty.methods[n] == nil {
				t.Errorf("%s exposes %s, which it does not have", typeid, n)
			}
		}
	}
}

// TestRefsAsOperands: a proxy is what it stands for, wherever Python iterates.
func TestRefsAsOperands(t *testing.T) {
	s := contServer()
	l := s.contRef(t, "list", pickle.NewList(int64(1), int64(2)))
	d := s.contRef(t, "dict", pickle.NewDict(pickle.Pair{Key: "a", Value: int64(1)}))
	set := s.contRef(t, "set", pickle.NewList("x"))
	a := s.contRef(t, "Array", "i", pickle.NewList(int64(7)))

	l.contMust(t, "extend", l)
	if got := contRepr(l); got != "[1, 2, 1, 2]" {
		t.Errorf("l.extend(l): %s", got)
	}
	for _, r := range []*Ref{d, set, a} {
		l.contMust(t, "extend", r)
	}
	if got := contRepr(l); got != "[1, 2, 1, 2, 'a', 'x', 7]" {
		t.Errorf("after extends: %s", got)
	}
	if got := pickle.Repr(l.contMust(t, "__add__", l)); got != "[1, 2, 1, 2, 'a', 'x', 7, 1, 2, 1, 2, 'a', 'x', 7]" {
		t.Errorf("l + l: %s", got)
	}
	l.contFails(t, pickle.TypeError, `can only concatenate list (not "DictProxy") to list`, "__add__", d)
	l.contMust(t, "__setitem__", pickle.Slice{Start: int64(0), Stop: int64(6)}, l)
	if got := contRepr(l); got != "[1, 2, 1, 2, 'a', 'x', 7, 7]" {
		t.Errorf("l[0:6] = l: %s", got)
	}
	d.contMust(t, "update", d)
	if got := pickle.Repr(d.contMust(t, "__or__", d)); got != "{'a': 1}" {
		t.Errorf("d | d: %s", got)
	}
	if got := s.contRef(t, "dict", d); contRepr(got) != "{'a': 1}" {
		t.Errorf("dict(d): %s", contRepr(got))
	}
	set.contMust(t, "update", l, set)
	if n := set.contMust(t, "__len__"); n != int64(5) {
		t.Errorf("len of the set is %v", n)
	}
	if got := set.contMust(t, "__sub__", set); !pickle.Equal(got, new(pickle.Set)) {
		t.Errorf("s - s: %s", pickle.Repr(got))
	}
	if got := set.contMust(t, "__or__", l); got != any(pickle.NotImplemented) {
		t.Errorf("s | l: %s", pickle.Repr(got))
	}
	// An iterator is used up.
	i := s.contProxy(t, s.objects.add("Iterator", IteratorType, d.contMust(t, "__iter__"), 0))
	l.contMust(t, "clear")
	l.contMust(t, "extend", i)
	l.contMust(t, "extend", i)
	if got := contRepr(l); got != "['a']" {
		t.Errorf("extend by an iterator: %s", got)
	}
	v := s.contRef(t, "Value", "i", int64(1))
	l.contFails(t, pickle.TypeError, "'AutoProxy[Value]' object is not iterable", "extend", v)
}

// TestProxiesAsItems: a proxy in a container is shown as a proxy, is equal to
// itself only, and a container may contain itself.
func TestProxiesAsItems(t *testing.T) {
	s := contServer()
	l := s.contRef(t, "list")
	l.contMust(t, "append", l)
	if got := contRepr(l); !strings.HasPrefix(got, "[<ListProxy object, typeid 'list' at 0x") {
		t.Errorf("repr is %s", got)
	}
	if got := l.contMust(t, "__contains__", s.contProxy(t, l.obj)); got != false {
		t.Error("another proxy of the list is in it")
	}
	item := l.contMust(t, "__getitem__", int64(0)).(*Ref)
	out, err := pickle.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	var back any
	if err := pickle.Unmarshal(out, &back); err != nil || !pickle.Equal(back, item.as) {
		t.Errorf("a proxy does not go out as it came: %s, %v", pickle.Repr(back), err)
	}
	q := s.contRef(t, "set")
	l.contMust(t, "append", q)
	if got := contRepr(l); !strings.Contains(got, "<SetProxy object, typeid 'set' at 0x") {
		t.Errorf("repr is %s", got)
	}
	if got := q.String(); got != "set()" {
		t.Errorf("str of a proxy is %s", got)
	}
}

// TestLimitsOfLists: a request of some bytes does not make a list of gigabytes.
func TestLimitsOfLists(t *testing.T) {
	s := contServer()
	s.cfg.MaxMessage = 1000
	l := s.contRef(t, "list", pickle.NewList(make([]any, 100)...))
	for _, n := range []int64{11, 1 << 20, 1 << 40, 1<<63 - 1} {
		l.contFails(t, pickle.MemoryError, "the server's limit is 1000", "__mul__", n)
		l.contFails(t, pickle.MemoryError, "the server's limit is 1000", "__rmul__", n)
		l.contFails(t, pickle.MemoryError, "the server's limit is 1000", "__imul__", n)
	}
	for range 3 {
		l.contMust(t, "extend", l)
	}
	l.contFails(t, pickle.MemoryError, "1600 items", "extend", l)
	l.contFails(t, pickle.MemoryError, "1600 items", "__setitem__", pickle.Slice{Stop: int64(0)}, l)
	l.contFails(t, pickle.MemoryError, "1600 items", "__add__", l)
	if n := l.contMust(t, "__len__"); n != int64(800) {
		t.Errorf("the list has %v items", n)
	}
	huge := pickle.Range{Start: int64(0), Stop: int64(1 << 62), Step: int64(1)}
	l.contFails(t, pickle.MemoryError, "a range of 4611686018427387904", "extend", huge)
	l.contMust(t, "clear")
	l.contMust(t, "__imul__", int64(1<<62))
	a := s.contRef(t, "Array", "i", pickle.NewList(make([]any, 0)...))
	big := arrayObject(arrayKinds["i"], make([]byte, 4*1001))
	a.contFails(t, pickle.MemoryError, "1001 items", "__setitem__", pickle.Slice{}, big)
}

// TestSnapshots: what a method has returned does not change with the container.
func TestSnapshots(t *testing.T) {
	s := contServer()
	l := s.contRef(t, "list", pickle.NewList(int64(1), int64(2), int64(3)))
	var got []any
	for _, call := range [][]any{{"copy"}, {"__getitem__", pickle.Slice{}}, {"__add__", pickle.NewList()}, {"__mul__", int64(1)}, {"__imul__", int64(1)}, {"__iadd__", pickle.NewList()}} {
		got = append(got, l.contMust(t, call[0].(string), call[1:]...))
	}
	v, err := listClass.value(l.obj.self)
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, v)
	l.contMust(t, "__setitem__", int64(0), "changed")
	l.contMust(t, "reverse")
	l.contMust(t, "pop")
	for i, v := range got {
		if r := pickle.Repr(v); r != "[1, 2, 3]" {
			t.Errorf("%d: %s", i, r)
		}
	}
	d := s.contRef(t, "dict", pickle.NewDict(pickle.Pair{Key: "a", Value: int64(1)}))
	got = nil
	for _, call := range [][]any{{"copy"}, {"__or__", new(pickle.Dict)}, {"__ror__", new(pickle.Dict)}, {"__ior__", new(pickle.Dict)}} {
		got = append(got, d.contMust(t, call[0].(string), call[1:]...))
	}
	d.contMust(t, "__setitem__", "b", int64(2))
	for i, v := range got {
		if r := pickle.Repr(v); r != "{'a': 1}" {
			t.Errorf("%d: %s", i, r)
		}
	}
	// The list that a list is made of stays the caller's, too.
	items := pickle.NewList(int64(1))
	m := s.contRef(t, "list", items)
	m.contMust(t, "__setitem__", int64(0), int64(9))
	m.contMust(t, "__iadd__", items)
	if got := pickle.Repr(items) + contRepr(m); got != "[1][9, 1]" {
		t.Errorf("after changes: %s", got)
	}
}

// TestSortFails: a list whose items have no order stays as it is.
func TestSortFails(t *testing.T) {
	s := contServer()
	l := s.contRef(t, "list", pickle.NewList(int64(3), int64(1), "b", int64(2), int64(0)))
	l.contFails(t, pickle.TypeError, "'<' not supported between instances of", "sort")
	unknown := pickle.NewDict(pickle.Pair{Key: "key", Value: pickle.Global{Module: "mymodule", Name: "price"}})
	_, err := listSort(&call{kwds: unknown}, l.obj.self)
	if !errors.Is(err, pickle.TypeError) || !strings.Contains(err.Error(), "cannot run mymodule.price") {
		t.Errorf("sort by a function of Python's: %v", err)
	}
	if got := contRepr(l); got != "[3, 1, 'b', 2, 0]" {
		t.Errorf("after failed sorts: %s", got)
	}
}

// TestUpdateFails: a dict or set that cannot be updated with all stays as it is.
func TestUpdateFails(t *testing.T) {
	s := contServer()
	d := s.contRef(t, "dict", pickle.NewDict(pickle.Pair{Key: "a", Value: int64(1)}))
	bad := pickle.NewList(pickle.Tuple{"b", int64(2)}, pickle.Tuple{int64(3)})
	d.contFails(t, pickle.ValueError, "dictionary update sequence element #1 has length 1; 2 is required", "update", bad)
	d.contFails(t, pickle.ValueError, "length 1", "__ior__", bad)
	d.contFails(t, pickle.TypeError, "unhashable type: 'list'", "update", pickle.NewList(pickle.Tuple{"b", nil}, pickle.Tuple{pickle.NewList(), nil}))
	if got := contRepr(d); got != "{'a': 1}" {
		t.Errorf("after failed updates: %s", got)
	}
	set := s.contRef(t, "set", pickle.NewList("a"))
	for _, m := range []string{"update", "difference_update", "intersection_update"} {
		set.contFails(t, pickle.TypeError, "unhashable type: 'list'", m, pickle.NewList("a", "b"), pickle.NewList(pickle.NewList()))
	}
	if got := contRepr(set); got != "{'a'}" {
		t.Errorf("after failed updates: %s", got)
	}
}

// TestSetElements: a set looks for the frozenset that it stands for.
func TestSetElements(t *testing.T) {
	s := contServer()
	f, err := pickle.NewFrozenSet(int64(1))
	if err != nil {
		t.Fatal(err)
	}
	set := s.contRef(t, "set", pickle.NewList(f, int64(2)))
	one := pickle.NewSet(int64(1))
	if got := set.contMust(t, "__contains__", one); got != true {
		t.Error("{1} is not in {frozenset({1}), 2}")
	}
	set.contMust(t, "discard", one)
	set.contFails(t, pickle.KeyError, "{1}", "remove", one)
	set.contFails(t, pickle.TypeError, "unhashable type: 'set'", "add", one)
	set.contMust(t, "pop")
	set.contFails(t, pickle.KeyError, "pop from an empty set", "pop")
	// The result of an operator is of the type of its left side.
	set.contMust(t, "add", int64(2))
	if got := pickle.Repr(set.contMust(t, "__rsub__", f)); got != "frozenset({1})" {
		t.Errorf("frozenset({1}) - {2} is %s", got)
	}
	if got := pickle.Repr(set.contMust(t, "__sub__", f)); got != "{2}" {
		t.Errorf("{2} - frozenset({1}) is %s", got)
	}
}

// TestNamespaceAndValue: what they show, and what is copied out of the server.
func TestNamespaceAndValue(t *testing.T) {
	s := contServer()
	n := s.contRef(t, "Namespace")
	n.contMust(t, "__setattr__", "y", "hello")
	n.contMust(t, "__setattr__", "x", int64(10))
	n.contMust(t, "__setattr__", "_z", 12.3)
	if got := contRepr(n); got != "Namespace(x=10, y='hello')" {
		t.Errorf("repr is %s", got)
	}
	n.contMust(t, "__delattr__", "x")
	n.contFails(t, pickle.AttributeError, "'Namespace' object has no attribute 'x'", "__getattribute__", "x")
	n.contFails(t, pickle.AttributeError, "'Namespace' object has no attribute 'x'", "__delattr__", "x")
	n.contFails(t, pickle.TypeError, "attribute name must be string, not 'int'", "__getattribute__", int64(1))
	v, err := namespaceClass.value(n.obj.self)
	o, ok := v.(*pickle.Object)
	if err != nil || !ok || o.Name() != "multiprocessing.managers.Namespace" || pickle.Repr(o.State) != "{'y': 'hello', '_z': 12.3}" {
		t.Errorf("the value is %v, %v", pickle.Repr(v), err)
	}
	val := s.contRef(t, "Value", "i", int64(5))
	if got := contRepr(val); got != "Value('i', 5)" {
		t.Errorf("repr is %s", got)
	}
	val.contMust(t, "set", "anything")
	if got := val.contMust(t, "get"); got != "anything" {
		t.Errorf("get is %v", got)
	}
	val.contFails(t, pickle.TypeError, "", "set")
	val.contFails(t, pickle.TypeError, "", "get", int64(1))
}

// TestIterables: everything that has items and can be pickled.
func TestIterables(t *testing.T) {
	obj := func(module, name string, args ...any) *pickle.Object {
		return &pickle.Object{Make: pickle.Reduce, Class: pickle.Global{Module: module, Name: name}, Args: args}
	}
	state := func(o *pickle.Object, v any) *pickle.Object {
		o.State, o.HasState = v, true
		return o
	}
	abc := pickle.NewList("a", "b", "c")
	deque := obj("collections", "deque")
	deque.Items = []any{int64(1), int64(2)}
	ordered := obj("collections", "OrderedDict")
	ordered.Pairs = []pickle.Pair{{Key: "k", Value: "v"}}
	for _, c := range []struct {
		v    any
		want string
	}{
		{"aä€\xed\xa0\x80", `['a', 'ä', '€', '\ud800']`},
		{[]byte{1, 255}, "[1, 255]"},
		{&pickle.ByteArray{Bytes: []byte("a")}, "[97]"},
		{pickle.Range{Start: int64(5), Stop: int64(0), Step: int64(-2)}, "[5, 3, 1]"},
		{pickle.Range{Start: int64(0), Stop: int64(7), Step: int64(3)}, "[0, 3, 6]"},
		{pickle.Range{Start: int64(0), Stop: int64(0), Step: int64(3)}, "[]"},
		{pickle.Range{Start: contBig, Stop: bigOf(contBig).Add(contBig, bigOf(int64(2))), Step: int64(1)}, "[1180591620717411303424, 1180591620717411303425]"},
		{obj("builtins", "iter", abc), "['a', 'b', 'c']"},
		{state(obj("builtins", "iter", abc), int64(1)), "['b', 'c']"},
		{state(obj("builtins", "iter", abc), int64(99)), "[]"},
		{state(obj("builtins", "reversed", abc), int64(1)), "['b', 'a']"},
		{obj("builtins", "zip", abc, obj("builtins", "iter", "xy")), "[('a', 'x'), ('b', 'y')]"},
		{obj("builtins", "zip"), "[]"},
		{obj("builtins", "enumerate", abc, int64(5)), "[(5, 'a'), (6, 'b'), (7, 'c')]"},
		{deque, "[1, 2]"},
		{ordered, "['k']"},
		{obj("collections", "Counter", pickle.NewDict(pickle.Pair{Key: "x", Value: int64(2)})), "['x']"},
		{obj("array", "array", "h", []byte{1, 0, 2, 0}), "[1, 2]"},
		{obj("array", "_array_reconstructor", pickle.Global{Module: "array", Name: "array"}, "h", int64(5), []byte{0, 1, 0, 2}), "[1, 2]"},
		{obj("array", "_array_reconstructor", pickle.Global{Module: "array", Name: "array"}, "u", int64(18), []byte("a\x00b\x00")), "['a', 'b']"},
	} {
		items, err := iterable(c.v)
		if got := pickle.Repr(&pickle.List{Items: items}); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", pickle.Repr(c.v), got, err, c.want)
		}
	}
	for _, v := range []any{nil, int64(1), 1.5, true, pickle.Slice{}, obj("m", "C"), obj("builtins", "zip", int64(1)), obj("builtins", "enumerate", abc, "x")} {
		if items, err := iterable(v); !errors.Is(err, pickle.TypeError) || !strings.HasSuffix(err.Error(), "object is not iterable") {
			t.Errorf("%s: %v, %v", pickle.Repr(v), items, err)
		}
	}
}

// TestContainersTogether has many goroutines change lists, dicts and sets that
// refer to each other.
func TestContainersTogether(t *testing.T) {
	s := contServer()
	s.cfg.MaxMessage = 1000 // items
	l, m := s.contRef(t, "list"), s.contRef(t, "list")
	d, e := s.contRef(t, "dict"), s.contRef(t, "dict")
	x, y := s.contRef(t, "set"), s.contRef(t, "set")
	all := []*Ref{l, m, d, e, x, y}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			r := contRandom{rand.New(rand.NewPCG(uint64(g), 7))}
			for range 400 {
				from, to := all[r.r.IntN(6)], all[r.r.IntN(6)]
				var o contOp
				switch to.TypeID() {
				case "list":
					o = r.list()
					switch r.r.IntN(8) {
					case 0:
						o = contOp{method: "extend", args: pickle.Tuple{from}}
					case 1:
						o = contOp{method: "__setitem__", args: pickle.Tuple{pickle.Slice{Stop: int64(3)}, from}}
					case 2:
						o = contOp{method: "__delitem__", args: pickle.Tuple{pickle.Slice{Start: int64(20)}}}
					case 3:
						o = contOp{method: "__add__", args: pickle.Tuple{from}}
					}
				case "dict":
					o = r.dict()
					if r.r.IntN(4) == 0 {
						o = contOp{method: "update", args: pickle.Tuple{[]*Ref{d, e}[r.r.IntN(2)]}}
					}
				case "set":
					methods := []string{"update", "__ior__", "__iand__", "__xor__", "issubset", "difference_update", "symmetric_difference_update", "__eq__", "pop"}
					o = contOp{method: methods[r.r.IntN(len(methods))], args: pickle.Tuple{from}}
					if o.method == "pop" {
						o.args = nil
					}
				}
				v, err := to.Call(s.ctx, o.method, o.args...)
				if i, ok := v.(*iterator); ok && err == nil {
					v, err = i.rest(&call{ctx: s.ctx, srv: s})
				}
				if err == nil {
					// As a session does, after the method has returned.
					if _, err := pickle.Marshal(v); err != nil {
						t.Errorf("%v: %v", o, err)
					}
				}
				contRepr(to)
			}
		})
	}
	wg.Wait()
	// Appends are not lost.
	l.contMust(t, "clear")
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				l.contMust(t, "append", int64(i))
				d.contMust(t, "__setitem__", fmt.Sprint(i), l)
			}
		})
	}
	wg.Wait()
	if n := l.contMust(t, "__len__"); n != int64(800) {
		t.Errorf("%v items after 800 appends", n)
	}
}
