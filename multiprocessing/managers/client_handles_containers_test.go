package managers

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

func testClientQueue(t *testing.T, m *Manager) {
	ctx := t.Context()
	q, err := NewJoinableQueue[string](ctx, m, 2)
	clientMust(t, err)
	defer q.Close()
	clientMust(t, q.Put(ctx, "a"))
	clientMust(t, q.Put(clientSoon(t), "b"))
	clientIs(t, "TryPut", q.TryPut(ctx, "c"), queue.ErrFull)
	clientIs(t, "Put", q.Put(clientSoon(t), "c"), queue.ErrFull, context.DeadlineExceeded)
	clientGot(t, "Full", true)(q.Full(ctx))
	clientGot(t, "Len", 2)(q.Len(ctx))
	clientGot(t, "Get", "a")(q.Get(ctx))
	clientGot(t, "Get", "b")(q.Get(clientSoon(t)))
	clientGot(t, "Empty", true)(q.Empty(ctx))
	_, err = q.TryGet(ctx)
	clientIs(t, "TryGet", err, queue.ErrEmpty)
	_, err = q.Get(clientSoon(t))
	clientIs(t, "Get", err, queue.ErrEmpty, context.DeadlineExceeded)
	clientMust(t, q.TaskDone(ctx))
	clientMust(t, q.TaskDone(ctx))
	clientMust(t, q.Join(ctx))
	clientIs(t, "TaskDone", q.TaskDone(ctx), queue.ErrTooManyDone)
	late := time.AfterFunc(100*time.Millisecond, func() { q.Put(context.Background(), "late") })
	defer late.Stop()
	get, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	clientGot(t, "Get", "late")(q.Get(get))
}

func testClientDict(t *testing.T, m *Manager) {
	ctx := t.Context()
	d, err := NewDict(ctx, m, map[string]int{"a": 1, "b": 2})
	clientMust(t, err)
	defer d.Close()
	clientMust(t, d.Set(ctx, "c", 3))
	v, ok, err := d.Get(ctx, "c")
	if v != 3 || !ok || err != nil {
		t.Errorf("Get: %v, %v, %v", v, ok, err)
	}
	v, ok, err = d.Get(ctx, "z")
	if v != 0 || ok || err != nil {
		t.Errorf("Get of nothing: %v, %v, %v", v, ok, err)
	}
	clientGot(t, "SetDefault", 3)(d.SetDefault(ctx, "c", 4))
	clientGot(t, "Len", 3)(d.Len(ctx))
	clientGot(t, "Has", true)(d.Has(ctx, "a"))
	clientSlice(t, "Keys", "a", "b", "c")(d.Keys(ctx))
	clientSlice(t, "Backward", "c", "b", "a")(d.Backward(ctx))
	clientSlice(t, "Values", 1, 2, 3)(d.Values(ctx))
	all, err := d.All(ctx)
	clientMust(t, err)
	if got := maps.Collect(all); !maps.Equal(got, map[string]int{"a": 1, "b": 2, "c": 3}) {
		t.Errorf("All: %v", got)
	}
	clientMust(t, d.Update(ctx, map[string]int{"d": 4}))
	got, err := d.Merged(ctx, map[string]int{"a": 9})
	if err != nil || !maps.Equal(got, map[string]int{"a": 9, "b": 2, "c": 3, "d": 4}) {
		t.Errorf("Merged: %v, %v", got, err)
	}
	key, v, err := d.PopItem(ctx)
	if key != "d" || v != 4 || err != nil {
		t.Errorf("PopItem: %v, %v, %v", key, v, err)
	}
	v, ok, err = d.Pop(ctx, "a")
	if v != 1 || !ok || err != nil {
		t.Errorf("Pop: %v, %v, %v", v, ok, err)
	}
	clientGot(t, "Delete", false)(d.Delete(ctx, "a"))
	clientGot(t, "Delete", true)(d.Delete(ctx, "b"))
	clientGot(t, "Describe", "{'c': 3}")(d.Proxy().Describe(ctx))
	clientMust(t, d.Clear(ctx))
	_, _, err = d.PopItem(ctx)
	clientIs(t, "PopItem", err, pickle.KeyError)
}

func testClientList(t *testing.T, m *Manager) {
	ctx := t.Context()
	l, err := NewList(ctx, m, 0, 1, 4, 9)
	clientMust(t, err)
	defer l.Close()
	clientMust(t, l.Append(ctx, 16))
	clientMust(t, l.Extend(ctx, 25, 36))
	clientMust(t, l.Insert(ctx, 0, -1))
	clientGot(t, "Len", 8)(l.Len(ctx))
	clientGot(t, "At", 36)(l.At(ctx, -1))
	_, err = l.At(ctx, 20)
	clientIs(t, "At", err, pickle.IndexError)
	clientSlice(t, "Slice", 0, 1)(l.Slice(ctx, 1, 3))
	clientMust(t, l.SetAt(ctx, -1, 49))
	clientMust(t, l.SetSlice(ctx, 0, 2))
	clientSlice(t, "Copy", 1, 4, 9, 16, 25, 49)(l.Copy(ctx))
	clientMust(t, l.DeleteAt(ctx, 0))
	clientMust(t, l.DeleteSlice(ctx, 0, 2))
	clientGot(t, "Pop", 49)(l.Pop(ctx))
	clientGot(t, "PopAt", 16)(l.PopAt(ctx, 0))
	clientMust(t, l.Extend(ctx, 3, 25, 1))
	i, ok, err := l.Index(ctx, 3)
	if i != 1 || !ok || err != nil {
		t.Errorf("Index: %v, %v, %v", i, ok, err)
	}
	_, ok, err = l.Index(ctx, 99)
	if ok || err != nil {
		t.Errorf("Index of nothing: %v, %v", ok, err)
	}
	clientGot(t, "Count", 2)(l.Count(ctx, 25))
	clientGot(t, "Has", true)(l.Has(ctx, 25))
	clientMust(t, l.Sort(ctx))
	clientSlice(t, "Sort", 1, 3, 25, 25)(l.Copy(ctx))
	clientMust(t, l.Reverse(ctx))
	clientMust(t, l.Remove(ctx, 25))
	clientIs(t, "Remove", l.Remove(ctx, 99), pickle.ValueError)
	clientSlice(t, "Plus", 25, 3, 1, 7)(l.Plus(ctx, 7))
	clientSlice(t, "Repeated", 25, 3, 1, 25, 3, 1)(l.Repeated(ctx, 2))
	clientMust(t, l.Sort(ctx))
	clientMust(t, l.SortDescending(ctx))
	clientMust(t, l.Repeat(ctx, 2))
	clientSlice(t, "Repeat", 25, 3, 1, 25, 3, 1)(l.Copy(ctx))
	clientMust(t, l.Clear(ctx))
	_, err = l.Pop(ctx)
	clientIs(t, "Pop", err, pickle.IndexError)
}

func testClientSet(t *testing.T, m *Manager) {
	ctx := t.Context()
	s, err := NewSet(ctx, m, 1, 2, 2)
	clientMust(t, err)
	defer s.Close()
	sorted := func(items []int, err error) ([]int, error) { slices.Sort(items); return items, err }
	clientGot(t, "Len", 2)(s.Len(ctx))
	clientMust(t, s.Add(ctx, 3))
	clientGot(t, "Has", true)(s.Has(ctx, 3))
	clientMust(t, s.Discard(ctx, 9))
	clientGot(t, "Remove", false)(s.Remove(ctx, 9))
	clientGot(t, "Remove", true)(s.Remove(ctx, 1))
	clientSlice(t, "Copy", 2, 3)(sorted(s.Copy(ctx)))
	clientSlice(t, "Union", 2, 3, 4)(sorted(s.Union(ctx, 4)))
	clientSlice(t, "Intersection", 3)(sorted(s.Intersection(ctx, 3, 4)))
	clientSlice(t, "Difference", 2)(sorted(s.Difference(ctx, 3, 4)))
	clientSlice(t, "SymmetricDifference", 2, 4)(sorted(s.SymmetricDifference(ctx, 3, 4)))
	clientMust(t, s.Update(ctx, 5, 6, 7))
	clientMust(t, s.IntersectionUpdate(ctx, 3, 5, 6))
	clientMust(t, s.DifferenceUpdate(ctx, 6))
	clientMust(t, s.SymmetricDifferenceUpdate(ctx, 5, 8))
	clientGot(t, "Equal", true)(s.Equal(ctx, 8, 3))
	clientGot(t, "IsDisjoint", true)(s.IsDisjoint(ctx, 1, 2))
	clientGot(t, "IsSubset", true)(s.IsSubset(ctx, 1, 3, 8))
	clientGot(t, "IsSuperset", false)(s.IsSuperset(ctx, 1))
	clientMust(t, s.Clear(ctx))
	_, err = s.Pop(ctx)
	clientIs(t, "Pop", err, pickle.KeyError)
}

func testClientNamespace(t *testing.T, m *Manager) {
	ctx := t.Context()
	n, err := NewNamespace(ctx, m, Kwds{"x": 10})
	clientMust(t, err)
	defer n.Close()
	clientMust(t, n.Set(ctx, "y", "hello"))
	clientGot(t, "Attr", 10)(Attr[int](ctx, n, "x"))
	clientGot[any](t, "Get", "hello")(n.Get(ctx, "y"))
	clientGot(t, "Describe", "Namespace(x=10, y='hello')")(n.Proxy().Describe(ctx))
	clientMust(t, n.Delete(ctx, "x"))
	clientIs(t, "Delete", n.Delete(ctx, "x"), pickle.AttributeError)
	clientGot(t, "Has", false)(n.Has(ctx, "x"))
	_, err = n.Get(ctx, "x")
	clientIs(t, "Get", err, pickle.AttributeError)
	clientIs(t, "Set", n.Set(ctx, "_z", 1), ErrPrivateName)
}

func testClientValue(t *testing.T, m *Manager) {
	ctx := t.Context()
	v, err := NewValue(ctx, m, 1.5)
	clientMust(t, err)
	defer v.Close()
	clientGot(t, "Get", 1.5)(v.Get(ctx))
	clientMust(t, v.Set(ctx, 2.5))
	clientGot(t, "Get", 2.5)(v.Get(ctx))
	clientGot(t, "Describe", "Value('d', 2.5)")(v.Proxy().Describe(ctx))
}

func testClientArray(t *testing.T, m *Manager) {
	ctx := t.Context()
	a, err := NewArray[int16](ctx, m, 1, 2, 3)
	clientMust(t, err)
	defer a.Close()
	clientGot(t, "Len", 3)(a.Len(ctx))
	clientMust(t, a.SetAt(ctx, -1, 30))
	clientGot[int16](t, "At", 30)(a.At(ctx, 2))
	clientSlice[int16](t, "Slice", 1, 2)(a.Slice(ctx, 0, 2))
	clientMust(t, a.SetSlice(ctx, 0, 1, 7, 8))
	clientSlice[int16](t, "Copy", 7, 8, 2, 30)(a.Copy(ctx))
	_, err = a.At(ctx, 9)
	clientIs(t, "At", err, pickle.IndexError)
	u, err := NewArray[uint64](ctx, m, 1<<63)
	clientMust(t, err)
	defer u.Close()
	clientGot[uint64](t, "At", 1<<63)(u.At(ctx, 0))
	clientMust(t, u.SetSlice(ctx, 0, 1, 1<<63+1))
	clientSlice[uint64](t, "Copy", 1<<63+1)(u.Copy(ctx))
}

// testClientNested puts proxies into what is shared.
func testClientNested(t *testing.T, m *Manager) {
	ctx := t.Context()
	outer, err := NewList[*List[int]](ctx, m)
	clientMust(t, err)
	defer outer.Close()
	inner, err := NewList(ctx, m, 1)
	clientMust(t, err)
	clientMust(t, outer.Append(ctx, inner))
	clientMust(t, inner.Append(ctx, 2))
	got, err := outer.At(ctx, 0)
	clientMust(t, err)
	if got.Proxy().Token().ID != inner.Proxy().Token().ID {
		t.Errorf("another object: %v, %v", got, inner)
	}
	clientMust(t, inner.Close())
	clientMust(t, got.Append(ctx, 3))
	clientSlice(t, "Copy", 1, 2, 3)(got.Copy(ctx))
	clientMust(t, got.Close())
	all, err := outer.Copy(ctx)
	clientMust(t, err)
	clientSlice(t, "Copy", 1, 2, 3)(all[0].Copy(ctx))
	clientMust(t, all[0].Close())
	clientIs(t, "a closed proxy as an argument", outer.Append(ctx, inner), ErrClosed)
}
