package pickle

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func mustFrozen(items ...any) *FrozenSet {
	s, err := NewFrozenSet(items...)
	if err != nil {
		panic(err)
	}
	return s
}

func bigPow(base, exp int64) *big.Int {
	return new(big.Int).Exp(big.NewInt(base), big.NewInt(exp), nil)
}

// sameKeys lists values that are one key in Python.
var sameKeys = [][]any{
	{true, int64(1), 1.0, complex(1, 0), big.NewInt(1), Decimal("1"), Decimal("1.000"), 1, uint8(1), float32(1)},
	{false, int64(0), 0.0, math.Copysign(0, -1), Decimal("-0.0"), Decimal("0E+7")},
	{bigPow(2, 70), math.Ldexp(1, 70), complex(math.Ldexp(1, 70), 0), Decimal(bigPow(2, 70).String())},
	{new(big.Int).Neg(bigPow(2, 63)), int64(math.MinInt64), -math.Ldexp(1, 63)},
	{int64(math.MaxInt64), new(big.Int).Sub(bigPow(2, 63), big.NewInt(1)), uint64(math.MaxInt64)},
	{bigPow(2, 63), math.Ldexp(1, 63), uint64(1) << 63},
	{0.5, Decimal("0.5"), Decimal("5E-1"), complex(0.5, 0)},
	{-1.25, Decimal("-1.25")},
	{5e-324, complex(5e-324, 0)},
	{bigPow(10, 300), Decimal("1E+300")},
	{math.Inf(1), Decimal("Infinity")},
	{math.Inf(-1), Decimal("-Infinity")},
	{"a"}, {[]byte("a")}, {nil}, {""}, {[]byte{}}, {Tuple{}}, {Ellipsis},
	{Tuple{int64(1), "x"}, Tuple{true, "x"}, Tuple{1.0, "x"}},
	{Tuple{Tuple{int64(1)}}, Tuple{Tuple{Decimal("1.0")}}},
	{mustFrozen(int64(1), int64(2)), mustFrozen(2.0, true)},
	{mustFrozen()},
	{Global{"a", "B"}}, {Global{"a", "C"}},
	{Range{int64(0), int64(3), int64(2)}, Range{int64(0), int64(4), int64(2)}},
	{Range{int64(0), int64(0), int64(2)}, Range{int64(5), int64(1), int64(1)}},
	{Range{int64(7), int64(8), int64(2)}, Range{int64(7), int64(9), int64(5)}},
	{Date{2024, 2, 29}}, {DateTime{Year: 2024, Month: 2, Day: 29}},
	{DateTime{Year: 2024, Month: 2, Day: 29, Hour: 12, TZ: UTC},
		DateTime{Year: 2024, Month: 2, Day: 29, Hour: 13, TZ: TimeZone{Offset: TimeDelta{Seconds: 3600}, Name: "X"}}},
	{DateTime{Year: 2024, Month: 2, Day: 29, Hour: 1, TZ: UTC},
		DateTime{Year: 2024, Month: 2, Day: 28, Hour: 20, TZ: TimeZone{Offset: TimeDelta{Days: -1, Seconds: 19 * 3600}}}},
	{TimeOfDay{Hour: 1}, TimeOfDay{Hour: 1, Fold: 1}},
	{TimeOfDay{Hour: 1, TZ: UTC}, TimeOfDay{Hour: 2, TZ: TimeZone{Offset: TimeDelta{Seconds: 3600}}}},
	{TimeDelta{Days: 1}, TimeDelta{Seconds: 86400}, TimeDelta{Days: 2, Seconds: -86400}},
	{TimeZone{}, TimeZone{Name: "Z"}},
	{UUID{1}}, {UUID{2}},
	{&Object{Class: Global{"m", "P"}, Args: Tuple{int64(1)}}, &Object{Class: Global{"m", "P"}, Args: Tuple{1.0}}},
	{&Object{Class: Global{"m", "P"}, Args: Tuple{int64(2)}}},
	{&Object{Class: Global{"m", "P"}, HasState: true, State: NewDict(Pair{"x", NewList("a")}, Pair{"y", int64(2)})},
		&Object{Class: Global{"m", "P"}, HasState: true, State: NewDict(Pair{"y", int64(2)}, Pair{"x", NewList("a")})}},
	{&Exception{Class: Global{"builtins", "E"}}}, {&Exception{Class: Global{"builtins", "E"}}},
}

func TestDictKeys(t *testing.T) {
	for _, fill := range []int{0, 20} { // without an index, and with one
		d := &Dict{}
		for i := range fill {
			d.Set(Tuple{"fill", int64(i)}, nil)
		}
		for i, group := range sameKeys {
			for _, k := range group {
				if err := d.Set(k, i); err != nil {
					t.Fatalf("Set(%s): %v", Repr(k), err)
				}
			}
		}
		if d.Len() != fill+len(sameKeys) {
			t.Errorf("%d keys, want %d: %s", d.Len(), fill+len(sameKeys), Repr(d))
		}
		for i, group := range sameKeys {
			for _, k := range group {
				if v, ok := d.Get(k); !ok || v != i {
					t.Errorf("Get(%s) = %v, %v; want %v", Repr(k), v, ok, i)
				}
				for j, other := range sameKeys {
					for _, q := range other {
						if Equal(k, q) != (i == j) {
							t.Errorf("Equal(%s, %s) = %v", Repr(k), Repr(q), i != j)
						}
					}
				}
			}
		}
	}
}

func TestUnhashable(t *testing.T) {
	tests := []struct {
		v    any
		want string
	}{
		{NewList(), "list"},
		{&Dict{}, "dict"},
		{&Set{}, "set"},
		{&ByteArray{}, "bytearray"},
		{Slice{Stop: NewList()}, "list"},
		{Tuple{int64(1), Tuple{NewList()}}, "list"},
		{map[string]int{}, "map[string]int"},
	}
	for _, test := range tests {
		d := &Dict{}
		want := "TypeError: unhashable type: '" + test.want + "'"
		if err := d.Set(test.v, 1); err == nil || err.Error() != want {
			t.Errorf("Set(%s): %v, want %s", Repr(test.v), err, want)
		}
		if err := Hashable(test.v); err == nil || err.Error() != want {
			t.Errorf("Hashable(%s): %v, want %s", Repr(test.v), err, want)
		}
		if _, ok := d.Get(test.v); ok || d.Len() != 0 {
			t.Errorf("%s is in the dict", Repr(test.v))
		}
	}
	if err := Hashable(Decimal("sNaN")); err == nil {
		t.Error("a signalling NaN is hashable")
	}
	var deep any = Tuple{}
	for range maxDepth + 1 {
		deep = Tuple{deep}
	}
	if err := Hashable(deep); err == nil || !strings.Contains(err.Error(), "RecursionError") {
		t.Errorf("very deep tuple: %v", err)
	}
}

func TestDictKeepsFirstKey(t *testing.T) {
	d := NewDict(Pair{int64(1), "a"}, Pair{"k", "b"}, Pair{true, "c"})
	if got, want := Repr(d), "{1: 'c', 'k': 'b'}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d.Delete(1.0)
	d.Set(1.0, "d")
	if got, want := Repr(d), "{'k': 'b', 1.0: 'd'}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if p, _ := d.Last(); p.Value != "d" {
		t.Errorf("Last is %v", p)
	}
	if p, _ := d.First(); p.Key != "k" {
		t.Errorf("First is %v", p)
	}
	if v, err := d.SetDefault("k", "z"); v != "b" || err != nil {
		t.Errorf("SetDefault: %v, %v", v, err)
	}
}

// TestDictModel compares a dict with a slice of pairs through many operations.
func TestDictModel(t *testing.T) {
	key := func(n int) any {
		switch n % 4 {
		case 0:
			return int64(n)
		case 1:
			return Repr(int64(n))
		case 2:
			return Tuple{int64(n), "t"}
		}
		return float64(n) + 0.5
	}
	for round := range 40 {
		d := &Dict{}
		var keys, values []int
		span := []int{6, 20, 300}[round%3]
		for step := range 3000 {
			n := rand.IntN(span)
			i := slices.Index(keys, n)
			switch op := rand.IntN(10); {
			case op < 5:
				if err := d.Set(key(n), step); err != nil {
					t.Fatal(err)
				}
				if i < 0 {
					keys, values = append(keys, n), append(values, step)
				} else {
					values[i] = step
				}
			case op < 9:
				v, ok := d.Pop(key(n))
				if ok != (i >= 0) || ok && v != values[i] {
					t.Fatalf("Pop(%v) = %v, %v", key(n), v, ok)
				}
				if ok {
					keys, values = slices.Delete(keys, i, i+1), slices.Delete(values, i, i+1)
				}
			default:
				if v, ok := d.Get(key(n)); ok != (i >= 0) || ok && v != values[i] {
					t.Fatalf("Get(%v) = %v, %v", key(n), v, ok)
				}
			}
			if rand.IntN(500) == 0 {
				d = d.Clone()
			}
			if d.Len() != len(keys) {
				t.Fatalf("Len is %d, want %d", d.Len(), len(keys))
			}
			if p, ok := d.Last(); ok != (len(keys) > 0) || ok && p.Value != values[len(values)-1] {
				t.Fatalf("Last is %v, %v", p, ok)
			}
		}
		i := 0
		for k, v := range d.All() {
			if !Equal(k, key(keys[i])) || v != values[i] {
				t.Fatalf("pair %d is %v: %v, want %v: %v", i, k, v, key(keys[i]), values[i])
			}
			i++
		}
		if i != len(keys) {
			t.Fatalf("%d pairs, want %d", i, len(keys))
		}
	}
}

// TestDictIterate changes a dict while it is being read: what stays is seen
// once, in order.
func TestDictIterate(t *testing.T) {
	d := &Dict{}
	for i := range 100 {
		d.Set(int64(i), i)
	}
	var seen []int
	next := 1000
	for k, v := range d.All() {
		n := v.(int)
		if n >= 1000 {
			break
		}
		seen = append(seen, n)
		if n%2 == 0 {
			d.Delete(k)     // behind
			d.Delete(n + 1) // ahead
		}
		for range 3 {
			d.Set(int64(next), next)
			next++
		}
	}
	var want []int
	for i := 0; i < 100; i += 2 {
		want = append(want, i)
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %v", seen)
	}
}

func TestDictQueue(t *testing.T) {
	d := &Dict{}
	for i := range 100_000 {
		d.Set(int64(i), nil)
		if i >= 10 {
			p, _ := d.First()
			if p.Key != int64(i-10) {
				t.Fatalf("First is %v", p)
			}
			d.Delete(p.Key)
		}
	}
	if d.Len() != 10 || len(d.index) > 256 {
		t.Errorf("%d pairs, index of %d", d.Len(), len(d.index))
	}
}

func TestDictAllocates(t *testing.T) {
	d := &Dict{}
	for i := range 100 {
		d.Set(int64(i), nil)
		d.Set("key"+Repr(int64(i)), nil)
	}
	var s, n any = "key7", int64(1000)
	d.Set(n, nil)
	var value any = "v"
	if a := testing.AllocsPerRun(100, func() {
		d.Set(s, value)
		d.Set(n, value)
		d.Get(s)
		d.Get(n)
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

// TestSharedTuples: n tuples that each hold the one before twice have 2^n leaves.
func TestSharedTuples(t *testing.T) {
	make60 := func() (any, any) {
		var v any = Tuple{int64(1)}
		var f any = mustFrozen(v)
		for range 60 {
			v = Tuple{v, v}
			f = mustFrozen(Tuple{f, int64(1)}, Tuple{f, int64(2)})
		}
		return v, f
	}
	v, f := make60()
	w, g := make60()
	d := NewDict(Pair{v, 1}, Pair{f, 2})
	if x, ok := d.Get(w); !ok || x != 1 {
		t.Error("the tuple is not found")
	}
	if x, ok := d.Get(g); !ok || x != 2 {
		t.Error("the frozenset is not found")
	}
	if !Equal(NewList(v, f), NewList(w, g)) {
		t.Error("not equal")
	}
	if s := ReprMax(v, 100); len(s) != 100 || !strings.HasSuffix(s, "...") {
		t.Errorf("ReprMax: %s", s)
	}
}

func TestCycles(t *testing.T) {
	a, b := NewList(), NewList()
	a.Items, b.Items = []any{b}, []any{a}
	if _, err := equal(a, b); err == nil || !strings.Contains(err.Error(), "RecursionError") {
		t.Errorf("equal: %v", err)
	}
	if Equal(a, b) || !Equal(a, a) {
		t.Error("Equal on cycles")
	}
	if _, err := Compare(a, b); err == nil {
		t.Error("Compare on cycles")
	}
	o := &Object{Class: Global{"m", "Node"}, HasState: true}
	o.State = NewDict(Pair{"self", o}, Pair{"l", NewList(o)})
	if err := Hashable(o); err != nil {
		t.Error(err)
	}
	d := &Dict{}
	d.Set("d", d)
	l := NewList(d, a)
	tup := Tuple{l, int64(1)}
	l.Items = append(l.Items, tup)
	if got, want := Repr(tup), "([{'d': {...}}, [[[...]]], (...)], 1)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkDict(b *testing.B) {
	for _, n := range []int{4, 8, 100, 10000} {
		keys := make([]any, n)
		d := &Dict{}
		for i := range keys {
			keys[i] = "key" + Repr(int64(i))
			d.Set(keys[i], nil)
		}
		b.Run("Get/"+Repr(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				d.Get(keys[i%n])
			}
		})
		b.Run("Fill/"+Repr(n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				d := &Dict{}
				for _, k := range keys {
					d.Set(k, nil)
				}
			}
		})
	}
}
