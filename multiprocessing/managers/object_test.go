package managers

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// objCollect runs the garbage collector until a condition holds.
func objCollect(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 200 {
		if done() {
			return
		}
		runtime.GC()
		runtime.Gosched()
	}
	t.Errorf("%s: not after 200 collections", what)
}

func (t *table) objWeak() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.weak) + len(t.endings)
}

// TestReferences: clients count up and down, and at 0 an object is gone.
func TestReferences(t *testing.T) {
	s := contServer()
	self := &list{}
	o := s.objects.add("list", ListType, self, 0)
	if err := s.objects.incref(o.ident); err != nil {
		t.Fatal(err)
	}
	if s.objects.len() != 1 || s.objects.get(o.ident) != o {
		t.Error("the object is not there")
	}
	for range 2 {
		if err := s.objects.decref(o.ident); err != nil {
			t.Fatal(err)
		}
	}
	if s.objects.len() != 0 || s.objects.get(o.ident) != nil {
		t.Error("the object is there")
	}
	for _, f := range []func(string) error{s.objects.incref, s.objects.decref} {
		if err := f(o.ident); !errors.Is(err, pickle.KeyError) {
			t.Errorf("of what is gone: %v", err)
		}
	}
	if p := s.objects.add("list", ListType, self, 0); p.ident == o.ident {
		t.Error("an ident is used again")
	}
}

// TestOneObject: the same pointer is the same object while there is one, for a
// typeid; and other values are others.
func TestOneObject(t *testing.T) {
	s := contServer()
	self := &list{}
	a := s.objects.add("get_list", ListType, self, 0)
	b := s.objects.add("get_list", ListType, self, 0)
	if a != b || s.objects.len() != 1 {
		t.Error("two objects for one referent")
	}
	if c := s.objects.add("list", ListType, self, 0); c == a {
		t.Error("one object for two typeids")
	}
	s.objects.decref(a.ident)
	if s.objects.get(a.ident) == nil {
		t.Error("one of two references was enough to end it")
	}
	type value struct{}
	ty := newType(&class{}, nil)
	v, w := s.objects.add("v", ty, value{}, 0), s.objects.add("v", ty, value{}, 0)
	x, y := s.objects.add("v", ty, &value{}, 0), s.objects.add("v", ty, &value{}, 0)
	if v == w || x == y {
		t.Error("one object for two values")
	}
}

func TestMaxObjects(t *testing.T) {
	s := contServer()
	self := &list{}
	a := s.objects.add("list", ListType, self, 2)
	b := s.objects.add("list", ListType, &list{}, 2)
	if a == nil || b == nil {
		t.Fatal("two of two objects are too many")
	}
	if s.objects.add("list", ListType, &list{}, 2) != nil {
		t.Error("a third of two objects")
	}
	if s.objects.add("list", ListType, self, 2) != a {
		t.Error("no other reference to an object that is there")
	}
	s.objects.decref(b.ident)
	if s.objects.add("list", ListType, &list{}, 2) == nil {
		t.Error("no object where another one was")
	}
}

// TestNested: what a container has lives as long as the container, found by its
// ident, and is counted again when a client refers to it again.
func TestNested(t *testing.T) {
	s := contServer()
	outer := s.contRef(t, "list")
	inner := s.contRef(t, "dict")
	ident := inner.obj.ident
	outer.contMust(t, "append", inner)
	inner = nil
	if err := s.objects.decref(ident); err != nil {
		t.Fatal(err)
	}
	if err := s.objects.decref(ident); err != nil {
		t.Errorf("decref of what is only nested: %v", err)
	}
	runtime.GC()
	runtime.GC()
	if n := s.objects.len(); n != 1 || s.objects.get(ident) == nil {
		t.Fatalf("%d objects are counted, the nested one is %v", n, s.objects.get(ident))
	}
	if err := s.objects.incref(ident); err != nil || s.objects.len() != 2 {
		t.Fatalf("incref of a nested one: %v", err)
	}
	outer.contMust(t, "clear")
	runtime.GC()
	if s.objects.get(ident) == nil {
		t.Error("a client's object was collected")
	}
	s.objects.decref(ident)
	objCollect(t, "taken out of the list", func() bool { return s.objects.get(ident) == nil && s.objects.objWeak() == 1 })
	runtime.KeepAlive(outer)
}

// TestNestedCycle: containers that contain each other are collected.
func TestNestedCycle(t *testing.T) {
	s := contServer()
	idents := make([]string, 2)
	func() {
		a, b := s.contRef(t, "list"), s.contRef(t, "list")
		a.contMust(t, "append", b)
		a.contMust(t, "append", a)
		b.contMust(t, "append", a)
		idents[0], idents[1] = a.obj.ident, b.obj.ident
	}()
	for _, id := range idents {
		if err := s.objects.decref(id); err != nil {
			t.Fatal(err)
		}
	}
	objCollect(t, "a cycle", func() bool { return s.objects.objWeak() == 0 })
}

// objClosed counts its ends.
type objClosed struct{ n *atomic.Int64 }

func (c *objClosed) Close() error {
	c.n.Add(1)
	return nil
}

// TestEndings: an object is closed once, when nobody can reach it: not before,
// and not never.
func TestEndings(t *testing.T) {
	var n atomic.Int64
	types := NewTypes("", SyncTypes)
	types.Register("closed", func() *objClosed { return &objClosed{&n} })
	types.Register("shared", func() *objClosed { return &objClosed{&n} }, Shared())
	s := contServer()
	s.types = types

	r := s.contRef(t, "closed")
	r.srv.objects.nest(r.obj) // as it is already
	plain := s.objects.add("closed", types.get("closed"), &objClosed{&n}, 0)
	s.objects.decref(plain.ident)
	if n.Load() != 1 {
		t.Errorf("closed %d times without references", n.Load())
	}
	l := s.contRef(t, "list", pickle.NewList(r))
	s.objects.decref(r.obj.ident)
	r = nil
	runtime.GC()
	runtime.GC()
	if n.Load() != 1 {
		t.Error("closed while it was in a list")
	}
	l.contMust(t, "pop")
	objCollect(t, "popped", func() bool { return n.Load() == 2 })

	if err := s.makeShared(); err != nil {
		t.Fatal(err)
	}
	shared := s.shared.objects["shared"]
	s.objects.incref(shared.ident) // one client after the other
	for range 3 {
		s.objects.decref(shared.ident)
	}
	if n.Load() != 2 {
		t.Error("what is shared was closed")
	}

	// The server's end is everybody's.
	s.objects.add("closed", types.get("closed"), &objClosed{&n}, 0)
	nested := s.contRef(t, "closed")
	s.objects.decref(nested.obj.ident)
	s.objects.close()
	if n.Load() != 5 {
		t.Errorf("closed %d times, not 5", n.Load())
	}
	runtime.KeepAlive(nested)
	nested = nil
	for range 5 {
		runtime.GC()
	}
	if n.Load() != 5 {
		t.Error("closed again")
	}
	runtime.KeepAlive(l)
}

// TestRebuild: tokens of this server are recognised by ident and typeid, at
// whatever address; what else there is stays what it is.
func TestRebuild(t *testing.T) {
	s := contServer()
	r := s.contRef(t, "list")
	token := func(typeid, ident any) any {
		return &pickle.Object{Make: pickle.NewObj, Class: tokenClass, State: pickle.Tuple{typeid, "elsewhere", ident}, HasState: true}
	}
	for _, c := range []struct {
		args pickle.Tuple
		ours bool
	}{
		{pickle.Tuple{nil, token("list", r.obj.ident)}, true},
		{pickle.Tuple{nil, token("list", "no")}, false},
		{pickle.Tuple{nil, token("dict", r.obj.ident)}, false},
		{pickle.Tuple{nil, token(int64(1), r.obj.ident)}, false},
		{pickle.Tuple{nil, "token"}, false},
		{pickle.Tuple{nil}, false},
		{pickle.Tuple{nil, &pickle.Object{Class: tokenClass}}, false},
	} {
		o := &pickle.Object{Class: rebuildProxy, Args: c.args}
		v, err := s.rebuild(o)
		if ref, ok := v.(*Ref); err != nil || ok != c.ours || ok && ref.obj != r.obj || !ok && v != any(o) {
			t.Errorf("%s: %v, %v", pickle.Repr(c.args), v, err)
		}
	}
}

// TestDebugInfo: in the form in which CPython's clients print it.
func TestDebugInfo(t *testing.T) {
	s := contServer()
	a := s.contRef(t, "list", pickle.NewList(strings.Repeat("ä", 100)))
	b := s.contRef(t, "Namespace")
	s.objects.incref(b.obj.ident)
	want := fmt.Sprintf("  %s:       refcount=1\n    ['%s\n  %s:       refcount=2\n    Namespace()",
		a.obj.ident, strings.Repeat("ä", 73), b.obj.ident)
	if got := s.objects.info(); got != want {
		t.Errorf("debug_info is\n%s\nwant\n%s", got, want)
	}
}

// TestRefCall: a server calls what a client gave it.
func TestRefCall(t *testing.T) {
	s := contServer()
	r := s.contRef(t, "list")
	if r.TypeID() != "list" || r.String() != "[]" {
		t.Errorf("%s %s", r.TypeID(), r)
	}
	if _, err := r.Call(context.Background(), "no_such"); !errors.Is(err, pickle.AttributeError) {
		t.Errorf("a method that is not there: %v", err)
	}
	r.contMust(t, "append", 5) // an int of Go's
	if got := r.contMust(t, "__contains__", int64(5)); got != true || contRepr(r) != "[5]" {
		t.Errorf("5 is not in %s", contRepr(r))
	}
}

// TestManyObjects: making and dropping leaves nothing behind.
func TestManyObjects(t *testing.T) {
	s := contServer()
	for i := range 100_000 {
		o := s.objects.add("list", ListType, &list{}, 1)
		if o == nil || s.objects.decref(o.ident) != nil {
			t.Fatal("at object", i)
		}
	}
	if n := len(s.objects.strong) + len(s.objects.weak) + len(s.objects.bySelf) + len(s.objects.endings); n != 0 {
		t.Errorf("%d entries are left", n)
	}
}
