package managers

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/pickle"
)

// A contPython is a CPython that runs programs on its own containers.
type contPython struct {
	mu  sync.Mutex
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// contStart starts CPython 3.13, whose behaviour is the one to be had.
func contStart(t testing.TB) *contPython {
	t.Helper()
	found := cpython.Versions(13, 13)
	if len(found) == 0 {
		t.Skip("no CPython 3.13 is installed by pyenv")
	}
	p := &contPython{cmd: exec.Command(found[0], filepath.Join("testdata", "containers.py"))}
	// A set has no order, and a list made of one shows the order that it happens
	// to have: for CPython that of the hashes, which are others in each process
	// for strings and bytes. What is compared is one that is fixed.
	p.cmd.Env = append(os.Environ(), "PYTHONHASHSEED=0")
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.in.Close()
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("python: %v", err)
		}
	})
	return p
}

// run has Python run a program.
func (p *contPython) run(t testing.TB, program contProgram) *pickle.List {
	t.Helper()
	ops := &pickle.List{}
	for _, o := range program.ops {
		ops.Items = append(ops.Items, pickle.Tuple{o.method, o.args, contKwds(o.kwds)})
	}
	data, err := pickle.Marshal(pickle.Tuple{program.kind, program.args, contKwds(program.kwds), ops})
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.in, "%x\n", data); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("python has ended: %v", err)
	}
	data = make([]byte, hex.DecodedLen(len(line)-1))
	if _, err := hex.Decode(data, line[:len(line)-1]); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := pickle.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v.(*pickle.List)
}

func contKwds(d *pickle.Dict) *pickle.Dict {
	if d == nil {
		return new(pickle.Dict)
	}
	return d
}

// A contProgram makes a container and calls its methods.
type contProgram struct {
	kind string
	args pickle.Tuple
	kwds *pickle.Dict
	ops  []contOp
}

type contOp struct {
	method string
	args   pickle.Tuple
	kwds   *pickle.Dict
}

func (o contOp) String() string {
	return o.method + pickle.Repr(o.args) + pickle.Repr(contKwds(o.kwds))
}

// runGo runs a program on the server's containers, as containers.py does.
func (p contProgram) runGo() *pickle.List {
	out := &pickle.List{}
	ty := SyncTypes.get(p.kind)
	self, err := ty.make(&call{ctx: context.Background(), name: p.kind, args: p.args, kwds: p.kwds})
	if err != nil {
		out.Items = append(out.Items, contError(err))
		return out
	}
	for _, o := range p.ops {
		m := ty.class.methods[o.method]
		if m == nil {
			out.Items = append(out.Items, pickle.Tuple{"error", "no such method", o.method})
			continue
		}
		v, err := m(&call{ctx: context.Background(), name: o.method, args: o.args, kwds: o.kwds}, self)
		if err != nil {
			out.Items = append(out.Items, contError(err))
		} else {
			out.Items = append(out.Items, pickle.Tuple{"ok", contPlain(v)})
		}
		if p.kind != "set" {
			out.Items = append(out.Items, ty.class.reprOf(self))
		}
	}
	v, err := ty.class.value(self)
	if err != nil {
		panic(err)
	}
	out.Items = append(out.Items, contPlain(v))
	return out
}

func contError(err error) pickle.Tuple {
	e := exception(err)
	return pickle.Tuple{"error", e.Class.Name, pickle.Repr(e.Args)}
}

// contPlain is what containers.py makes of values that are not plain.
func contPlain(v any) any {
	o, ok := v.(*pickle.Object)
	if !ok {
		return v
	}
	switch o.Class {
	case any(arrayClass):
		return append(pickle.Tuple{"array"}, o.Args...)
	case any(builtin("iter")), any(builtin("reversed")):
		items, err := iterable(o)
		if err != nil {
			panic(err)
		}
		return &pickle.List{Items: items}
	}
	if o.State == nil {
		return pickle.Tuple{o.Class.(pickle.Global).Name, new(pickle.Dict)}
	}
	return pickle.Tuple{o.Class.(pickle.Global).Name, o.State}
}

// check runs a program in both, and compares all that can be seen of it.
func (p contProgram) check(t testing.TB, py *contPython) {
	t.Helper()
	want := py.run(t, p)
	got := p.runGo()
	for i := range max(len(want.Items), len(got.Items)) {
		var w, g any = "nothing", "nothing"
		if i < len(want.Items) {
			w = want.Items[i]
		}
		if i < len(got.Items) {
			g = got.Items[i]
		}
		if pickle.Equal(w, g) && (p.kind == "set" || pickle.Repr(w) == pickle.Repr(g)) {
			continue
		}
		step := i
		if p.kind != "set" {
			step = i / 2
		}
		op := "at the end"
		if step < len(p.ops) {
			op = p.ops[step].String()
		}
		t.Errorf("%s%v%v, step %d, %s:\nPython: %s\nGo:     %s", p.kind, pickle.Repr(p.args), pickle.Repr(contKwds(p.kwds)), step, op,
			pickle.ReprMax(w, 2000), pickle.ReprMax(g, 2000))
		return
	}
}

// contBig is beyond every index.
var contBig = bigOf(int64(1)).Lsh(bigOf(int64(1)), 70)

// TestContainersAsPython goes through every method with good and bad arguments.
func TestContainersAsPython(t *testing.T) {
	py := contStart(t)
	list := func(items ...any) *pickle.List { return pickle.NewList(items...) }
	i := func(n int) any { return int64(n) }
	kw := func(k string, v any) *pickle.Dict { return pickle.NewDict(pickle.Pair{Key: k, Value: v}) }
	odd := []pickle.Tuple{
		{}, {nil}, {i(0)}, {i(1)}, {i(-1)}, {i(5)}, {i(-9)}, {contBig}, {true}, {1.5}, {"a"}, {[]byte("ab")},
		{list()}, {list(i(1), i(2))}, {pickle.Tuple{i(1), i(2)}}, {pickle.NewSet(i(1), "x")}, {pickle.NewDict(pickle.Pair{Key: "a", Value: i(1)})},
		{pickle.Slice{}}, {pickle.Slice{Start: i(1), Stop: i(3)}}, {pickle.Slice{Step: i(-1)}}, {pickle.Slice{Step: i(0)}},
		{pickle.Slice{Start: i(0), Stop: i(9), Step: i(2)}}, {pickle.Range{Start: i(0), Stop: i(3), Step: i(1)}}, {pickle.Ellipsis},
		{list(pickle.Tuple{i(1), i(2)}, list("a", "b"))}, {list(i(1), list(i(3)))}, {list("ab", "c")}, {list(list())},
		{i(0), i(1)}, {"a", i(1)}, {nil, nil}, {list(), nil}, {i(1), i(0), i(9)}, {i(1), nil, nil}, {i(1), contBig, contBig}, {i(1), i(-2)},
		{pickle.Slice{Start: i(1), Stop: i(2)}, list(i(7), i(8))}, {pickle.Slice{Step: i(2)}, list(i(7), i(8))}, {pickle.Slice{Step: i(2)}, i(1)},
		{pickle.Slice{Step: i(-2)}, list("a", "b")}, {pickle.Slice{Start: i(3), Stop: i(1)}, "xy"}, {pickle.Slice{}, i(5)}, {pickle.Slice{Stop: contBig}, list()},
		{i(0), i(1), i(2), i(3)}, {contBig, i(1)}, {list(i(1)), pickle.NewSet(i(1))}, {i(2), i(1), list()},
	}
	starts := map[string][]pickle.Tuple{
		"list":      {{}, {list(i(1), 2.0, "a", []byte("a"), nil, list(i(1)))}, {list(i(3), i(1), i(2))}},
		"dict":      {{}, {pickle.NewDict(pickle.Pair{Key: "a", Value: i(1)}, pickle.Pair{Key: i(1), Value: "x"}, pickle.Pair{Key: nil, Value: nil})}},
		"set":       {{}, {list(i(1), "a", 2.5)}, {list(i(1), i(2), i(3), i(4))}},
		"Namespace": {{}},
		"Value":     {{"i", i(5)}},
		"Array":     {{"i", list(i(1), i(2), i(3), i(4))}, {"u", "abc"}, {"d", list(1.5)}, {"H", list()}},
	}
	for kind, inits := range starts {
		k := SyncTypes.get(kind).class
		for _, init := range inits {
			for method := range k.methods {
				if method == "__iter__" || kind == "set" && method == "pop" && len(init) > 0 {
					continue // a proxy; any element
				}
				if method == "get" && kind == "Value" || method == "set" && kind == "Value" {
					continue // functions in Python: TestValue
				}
				var ops []contOp
				for _, args := range odd {
					if kind == "Namespace" && method == "__getattribute__" && len(args) == 1 && args[0] == "__class__" {
						continue
					}
					// Each alone, since most of them change something.
					contProgram{kind: kind, args: init, ops: []contOp{{method: method, args: args}}}.check(t, py)
					ops = append(ops, contOp{method: method, args: args})
				}
				contProgram{kind: kind, args: init, ops: append(ops, ops...)}.check(t, py)
				if kind == "list" || kind == "Array" {
					for _, m := range []string{"__getitem__", "__setitem__", "__delitem__"} {
						for _, s := range []pickle.Slice{{Start: "a"}, {Stop: 1.5}, {Step: "x"}, {Start: list(), Step: i(-1)}} {
							args := pickle.Tuple{s}
							if m == "__setitem__" {
								args = append(args, list())
							}
							if k.methods[m] != nil {
								contProgram{kind: kind, args: init, ops: []contOp{{method: m, args: args}}}.check(t, py)
							}
						}
					}
				}
				if method != "sort" && method != "update" {
					contProgram{kind: kind, args: init, ops: []contOp{{method: method, kwds: kw("x", i(1))}}}.check(t, py)
				}
			}
			if kind == "Value" || kind == "Array" {
				continue
			}
			for _, args := range odd {
				contProgram{kind: kind, args: args}.check(t, py)
			}
		}
	}
	for _, key := range []any{nil, builtin("len"), builtin("str"), builtin("repr"), builtin("abs"), builtin("int"), builtin("float"), builtin("bool"), i(5), "x"} {
		for _, init := range []pickle.Tuple{
			{list(i(3), i(-1), i(2), i(-3))}, {list("b", "A", "c", "aa")}, {list(list(i(1)), list(), "ab")}, {list("10", "9", " 8 ")},
			{list(1.5, true, i(-7), contBig)}, {list()},
		} {
			for _, reverse := range []any{true, false, nil, i(1), ""} {
				contProgram{kind: "list", args: init, ops: []contOp{{method: "sort", kwds: pickle.NewDict(
					pickle.Pair{Key: "key", Value: key}, pickle.Pair{Key: "reverse", Value: reverse})}}}.check(t, py)
			}
		}
	}
	contProgram{kind: "list", ops: []contOp{{method: "sort", kwds: kw("x", i(1))}}}.check(t, py)
	getattr := func(name string) any {
		return &pickle.Object{Make: pickle.Reduce, Class: builtin("getattr"), Args: pickle.Tuple{builtin("str"), name}}
	}
	getter := func(at ...any) any {
		return &pickle.Object{Make: pickle.Reduce, Class: pickle.Global{Module: "operator", Name: "itemgetter"}, Args: at}
	}
	for _, key := range []any{getattr("lower"), getattr("upper"), getattr("casefold"), getter(i(0)), getter(i(-1)), getter(i(1), i(0)), getter("k"), getter(i(7))} {
		for _, init := range []pickle.Tuple{
			{list("b", "A", "c", "aa", "Ä", "ß")}, {list(pickle.Tuple{i(2), i(1)}, list(i(1), i(3)))}, {list(i(1))},
			{list(kw("k", i(2)), kw("k", i(1)))},
		} {
			contProgram{kind: "list", args: init, ops: []contOp{{method: "sort", kwds: kw("key", key)}}}.check(t, py)
		}
	}
	contProgram{kind: "dict", args: pickle.Tuple{list(pickle.Tuple{"a", i(1)})}, kwds: kw("b", i(2)), ops: []contOp{
		{method: "update", kwds: kw("c", i(3))}, {method: "update", args: pickle.Tuple{kw("b", i(9))}, kwds: kw("b", i(10))},
		{method: "update", args: pickle.Tuple{i(1)}, kwds: kw("z", i(10))},
	}}.check(t, py)
}

// TestArraysAsPython tries all typecodes with values at the ends of ranges.
func TestArraysAsPython(t *testing.T) {
	py := contStart(t)
	var values []any
	for _, bits := range []uint{0, 7, 8, 15, 16, 31, 32, 63, 64, 70} {
		n := bigOf(int64(1)).Lsh(bigOf(int64(1)), bits)
		for d := int64(-2); d <= 1; d++ {
			m := bigOf(d)
			m.Add(m, n)
			values = append(values, plainInt(m))
			m = bigOf(m)
			values = append(values, plainInt(m.Neg(m)))
		}
	}
	values = append(values, 1.5, 1e300, "x", "", "xy", "€", "\U0001f600", "\xed\xa0\x80", nil, true, []byte("x"), pickle.NewList(), complex(0, 1))
	for _, code := range []string{"b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "f", "d", "u", "w"} {
		start := any(pickle.NewList(int64(1)))
		if code == "u" || code == "w" {
			start = "a"
		}
		for _, v := range values {
			if code == "w" && v == "\xed\xa0\x80" {
				continue // CPython cannot print it
			}
			contProgram{kind: "Array", args: pickle.Tuple{code, pickle.NewList(v)}}.check(t, py)
			contProgram{kind: "Array", args: pickle.Tuple{code, start}, ops: []contOp{{method: "__setitem__", args: pickle.Tuple{int64(0), v}}}}.check(t, py)
		}
		for _, v := range []any{"ab", []byte("abcdefgh"), []byte("abc"), []byte{}, &pickle.ByteArray{Bytes: make([]byte, 16)}, nil, int64(3), pickle.Tuple{}, pickle.Range{Start: int64(0), Stop: int64(3), Step: int64(1)}} {
			if code == "w" || code == "u" {
				if b, ok := v.([]byte); ok && len(b) == 8 {
					continue // no characters
				}
			}
			contProgram{kind: "Array", args: pickle.Tuple{code, v}}.check(t, py)
		}
		for _, other := range []string{"i", "d", "u", "H"} {
			o := arrayObject(arrayKinds[other], make([]byte, 16))
			if code == "w" {
				continue // TestArrayKinds: CPython 3.13 has a bug there
			}
			contProgram{kind: "Array", args: pickle.Tuple{code, o}}.check(t, py)
			for _, s := range []pickle.Slice{{}, {Start: int64(0), Stop: int64(1)}, {Step: int64(-1)}, {Start: int64(9)}} {
				contProgram{kind: "Array", args: pickle.Tuple{code, start}, ops: []contOp{{method: "__setitem__", args: pickle.Tuple{s, o}}}}.check(t, py)
			}
		}
	}
	for _, code := range []any{"ii", "", int64(5), nil, []byte("i")} {
		contProgram{kind: "Array", args: pickle.Tuple{code, pickle.NewList()}}.check(t, py)
	}
}

// contRandom makes programs of random operations.
type contRandom struct{ r *rand.Rand }

func (g contRandom) index() any {
	switch g.r.IntN(12) {
	case 0:
		return nil
	case 1:
		return contBig
	case 2:
		return "a"
	}
	return int64(g.r.IntN(14) - 7)
}

func (g contRandom) slice() any {
	s := pickle.Slice{}
	for _, p := range []*any{&s.Start, &s.Stop, &s.Step} {
		if g.r.IntN(3) > 0 {
			*p = int64(g.r.IntN(16) - 8)
		}
	}
	return s
}

// value makes a value; hashable only if it is to be a key.
func (g contRandom) value(depth int) any {
	switch g.r.IntN(14) {
	case 0:
		return nil
	case 1:
		return g.r.IntN(2) == 0
	case 2:
		return float64(g.r.IntN(4)) / 2
	case 3:
		return []byte{byte('a' + g.r.IntN(3))}
	case 4:
		return complex(float64(g.r.IntN(3)), 0)
	case 5, 6:
		return string(rune('a' + g.r.IntN(4)))
	case 7:
		if depth > 0 {
			return pickle.Tuple(g.values(depth - 1))
		}
	case 8:
		if depth > 0 {
			return &pickle.List{Items: g.values(depth - 1)}
		}
	case 9:
		if depth > 0 {
			d := new(pickle.Dict)
			for _, v := range g.values(depth - 1) {
				d.Set(v, g.value(0))
			}
			return d
		}
	case 10:
		if depth > 0 {
			// One element: the order of more is Python's secret.
			s := new(pickle.Set)
			s.Add(g.value(0))
			return s
		}
	}
	return int64(g.r.IntN(5) - 1)
}

func (g contRandom) values(depth int) []any {
	items := make([]any, g.r.IntN(5))
	for i := range items {
		items[i] = g.value(depth)
	}
	return items
}

func (g contRandom) sequence() any {
	switch g.r.IntN(8) {
	case 0:
		return pickle.Tuple(g.values(1))
	case 1:
		return "xyz"[:g.r.IntN(4)]
	case 2:
		return pickle.Range{Start: int64(g.r.IntN(3)), Stop: int64(g.r.IntN(9)), Step: int64(1 + g.r.IntN(3))}
	case 3:
		return g.value(2)
	case 4:
		return []byte("abc")[:g.r.IntN(4)]
	}
	return &pickle.List{Items: g.values(1)}
}

func (g contRandom) pairs() any {
	switch g.r.IntN(6) {
	case 0:
		return g.value(2)
	case 1:
		return &pickle.List{Items: []any{pickle.Tuple{g.value(1), g.value(0)}, "ab", &pickle.List{Items: g.values(1)}}}
	}
	d := new(pickle.Dict)
	for _, v := range g.values(1) {
		d.Set(v, g.value(1))
	}
	return d
}

func (g contRandom) list() contOp {
	op := func(method string, args ...any) contOp { return contOp{method: method, args: args} }
	switch g.r.IntN(24) {
	case 0:
		return op("append", g.value(2))
	case 1:
		return op("extend", g.sequence())
	case 2:
		return op("insert", g.index(), g.value(1))
	case 3:
		return op("pop", g.index())
	case 4:
		return op("pop")
	case 5:
		return op("remove", g.value(1))
	case 6:
		return op("index", g.value(1))
	case 7:
		return op("index", g.value(1), g.index(), g.index())
	case 8:
		return op("count", g.value(1))
	case 9:
		return op("reverse")
	case 10:
		return op("__contains__", g.value(1))
	case 11:
		return op("__getitem__", g.index())
	case 12, 13:
		return op("__getitem__", g.slice())
	case 14:
		return op("__setitem__", g.index(), g.value(1))
	case 15, 16, 17:
		return op("__setitem__", g.slice(), g.sequence())
	case 18:
		return op("__delitem__", g.index())
	case 19:
		return op("__delitem__", g.slice())
	case 20:
		return op("__add__", g.sequence())
	case 21:
		return op("__mul__", int64(g.r.IntN(4)-1))
	case 22:
		return op("__reversed__")
	}
	return op("__len__")
}

func (g contRandom) dict() contOp {
	op := func(method string, args ...any) contOp { return contOp{method: method, args: args} }
	k := func() any { return g.value(1) }
	switch g.r.IntN(18) {
	case 0, 1, 2:
		return op("__setitem__", k(), g.value(1))
	case 3:
		return op("__getitem__", k())
	case 4:
		return op("__delitem__", k())
	case 5:
		return op("__contains__", k())
	case 6:
		return op("get", k(), g.value(1))
	case 7:
		return op("setdefault", k(), g.value(1))
	case 8:
		return op("pop", k())
	case 9:
		return op("pop", k(), g.value(1))
	case 10:
		return op("popitem")
	case 11:
		return op("update", g.pairs())
	case 12:
		return op("__or__", g.pairs())
	case 13:
		return op("__ior__", g.pairs())
	case 14:
		return op("items")
	case 15:
		return op("keys")
	case 16:
		return op("fromkeys", g.sequence(), g.value(0))
	}
	return op("__reversed__")
}

// program makes one; which containers it is for depends on the seed as well.
func (g contRandom) program(ops int) contProgram {
	p := contProgram{kind: "list", args: pickle.Tuple{&pickle.List{Items: g.values(2)}}}
	next := g.list
	if g.r.IntN(2) == 0 {
		p = contProgram{kind: "dict", args: pickle.Tuple{g.pairs()}}
		next = g.dict
	}
	for range ops {
		p.ops = append(p.ops, next())
	}
	return p
}

func TestContainersRandomly(t *testing.T) {
	py := contStart(t)
	n := uint64(300)
	if os.Getenv("CONEX_STRESS") != "" {
		n = 30_000
	}
	for seed := range n {
		g := contRandom{rand.New(rand.NewPCG(seed, 1))}
		g.program(30).check(t, py)
	}
}

func FuzzContainers(f *testing.F) {
	py := contStart(f)
	f.Add(uint64(1), uint64(2), uint8(20))
	f.Fuzz(func(t *testing.T, a, b uint64, ops uint8) {
		g := contRandom{rand.New(rand.NewPCG(a, b))}
		g.program(int(ops)).check(t, py)
	})
}
