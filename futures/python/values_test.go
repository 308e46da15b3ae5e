package python_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// suiteSeen is what conexsuite.describe says of its argument.
type suiteSeen[A any] struct {
	Type  string `pickle:"type"`
	Repr  string `pickle:"repr"`
	Value A      `pickle:"value"`
}

func suiteSet(items ...any) *pickle.Set { return pickle.NewSet(items...) }

func suiteFrozen(t *testing.T, items ...any) *pickle.FrozenSet {
	s, err := pickle.NewFrozenSet(items...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each kind of value of package pickle's table goes to Python, is there what
// the table says, and comes back as it was.
func TestModel(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(-7), 2000)
	tests := []struct {
		in   any
		typ  string
		repr string // "": as pickle.Repr has it
	}{
		{nil, "NoneType", "None"},
		{true, "bool", "True"}, {false, "bool", "False"},
		{int64(0), "int", "0"}, {int64(255), "int", ""}, {int64(256), "int", ""}, {int64(-1), "int", ""}, {int64(65536), "int", ""},
		{int64(math.MaxInt32) + 1, "int", ""}, {int64(math.MinInt32), "int", ""}, {int64(math.MaxInt64), "int", ""}, {int64(math.MinInt64), "int", ""},
		{new(big.Int).SetUint64(math.MaxUint64), "int", "18446744073709551615"}, {huge, "int", ""},
		{0.0, "float", "0.0"}, {math.Copysign(0, -1), "float", "-0.0"}, {0.1, "float", "0.1"}, {1e300, "float", "1e+300"}, {5e-324, "float", "5e-324"},
		{math.Inf(1), "float", "inf"}, {math.Inf(-1), "float", "-inf"}, {math.NaN(), "float", "nan"},
		{1 + 2i, "complex", "(1+2j)"}, {complex(0, math.Inf(-1)), "complex", "-infj"},
		{"", "str", "''"}, {"grüß", "str", "'grüß'"}, {"\x00\n\"'", "str", `'\x00\n"\''`}, {"\U0001f600", "str", ""},
		{"half \xed\xa0\x80 of it", "str", `'half \ud800 of it'`}, {"\xed\xb0\x80\xed\xa0\x80", "str", `'\udc00\ud800'`},
		{strings.Repeat("ä", 300), "str", ""},
		{[]byte{}, "bytes", "b''"}, {[]byte{0, 255, 'a'}, "bytes", `b'\x00\xffa'`}, {bytes.Repeat([]byte{1}, 300), "bytes", ""},
		{&pickle.ByteArray{Bytes: []byte("ab")}, "bytearray", "bytearray(b'ab')"}, {&pickle.ByteArray{Bytes: []byte{}}, "bytearray", "bytearray(b'')"},
		{pickle.Tuple{}, "tuple", "()"}, {pickle.Tuple{int64(1)}, "tuple", "(1,)"}, {pickle.Tuple{int64(1), "a", nil, 0.5}, "tuple", "(1, 'a', None, 0.5)"},
		{pickle.NewList(), "list", "[]"}, {pickle.NewList(int64(1), pickle.NewList("x")), "list", "[1, ['x']]"},
		{pickle.NewDict(), "dict", "{}"},
		{pickle.NewDict(pickle.Pair{Key: "b", Value: int64(1)}, pickle.Pair{Key: pickle.Tuple{int64(2)}, Value: nil}), "dict", "{'b': 1, (2,): None}"},
		{suiteSet(), "set", "set()"}, {suiteSet(int64(1)), "set", "{1}"},
		{suiteFrozen(t), "frozenset", "frozenset()"}, {suiteFrozen(t, "a"), "frozenset", "frozenset({'a'})"},
		{pickle.Slice{Start: int64(1), Step: int64(2)}, "slice", "slice(1, None, 2)"},
		{pickle.Range{Start: int64(0), Stop: int64(9), Step: int64(3)}, "range", "range(0, 9, 3)"},
		{pickle.Ellipsis, "ellipsis", "Ellipsis"}, {pickle.NotImplemented, "NotImplementedType", "NotImplemented"},
		{pickle.Date{Year: 2024, Month: 2, Day: 29}, "date", "datetime.date(2024, 2, 29)"},
		{pickle.TimeOfDay{Hour: 23, Minute: 59, Microsecond: 1}, "time", "datetime.time(23, 59, 0, 1)"},
		{pickle.DateTime{Year: 1, Month: 1, Day: 1}, "datetime", "datetime.datetime(1, 1, 1, 0, 0)"},
		{pickle.DateTime{Year: 9999, Month: 12, Day: 31, Hour: 1, TZ: pickle.UTC}, "datetime", "datetime.datetime(9999, 12, 31, 1, 0, tzinfo=datetime.timezone.utc)"},
		{pickle.DateTime{Year: 2024, Month: 10, Day: 27, Hour: 2, Fold: 1}, "datetime", "datetime.datetime(2024, 10, 27, 2, 0, fold=1)"},
		{pickle.TimeDelta{Days: -1, Seconds: 1, Microseconds: 2}, "timedelta", "datetime.timedelta(days=-1, seconds=1, microseconds=2)"},
		{pickle.TimeZone{Offset: pickle.TimeDelta{Seconds: 3600}, Name: "X"}, "timezone", "datetime.timezone(datetime.timedelta(seconds=3600), 'X')"},
		{pickle.Decimal("1.50"), "Decimal", "Decimal('1.50')"}, {pickle.Decimal("-Infinity"), "Decimal", "Decimal('-Infinity')"},
		{pickle.UUID{1, 2, 3}, "UUID", "UUID('01020300-0000-0000-0000-000000000000')"},
		{pickle.Global{Module: "builtins", Name: "len"}, "builtin_function_or_method", "<built-in function len>"},
		{pickle.Global{Module: "conexsuite", Name: "Plain"}, "type", "<class 'conexsuite.Plain'>"},
		{pickle.Global{Module: "collections", Name: "OrderedDict"}, "type", "<class 'collections.OrderedDict'>"},
		{pickle.KeyError.New("k"), "KeyError", "KeyError('k')"},
		{pickle.NewList(pickle.NewDict(pickle.Pair{Key: "a", Value: pickle.Tuple{pickle.NewList(), suiteSet("s")}})), "list", "[{'a': ([], {'s'})}]"},
	}
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		describe := python.Func[any, suiteSeen[any]]("conexsuite:describe")
		for _, tt := range tests {
			want := tt.repr
			if want == "" {
				want = pickle.Repr(tt.in)
			}
			got, err := futures.Submit(ctx, p, describe, tt.in).Result(ctx)
			if err != nil {
				t.Errorf("%s: %v", want, err)
				continue
			}
			if got.Type != tt.typ || got.Repr != want {
				t.Errorf("%s arrived as a %s: %s", want, got.Type, got.Repr)
			}
			if g, w := reflect.TypeOf(got.Value), reflect.TypeOf(tt.in); g != w || pickle.Repr(got.Value) != pickle.Repr(tt.in) {
				t.Errorf("%s, a %v, came back as %s, a %v", pickle.Repr(tt.in), w, pickle.Repr(got.Value), g)
			}
		}

		// What is one value stays one, in cycles too; what Go does not know
		// goes through it unharmed.
		shared := pickle.NewList(int64(1))
		loop := pickle.NewList(shared, shared)
		loop.Items = append(loop.Items, loop)
		got, err := futures.Submit(ctx, p, describe, any(loop)).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		l, ok := got.Value.(*pickle.List)
		if !ok || len(l.Items) != 3 || l.Items[0] != l.Items[1] || l.Items[2] != any(l) || got.Repr != "[[1], [1], [...]]" {
			t.Errorf("a loop became %s, in Python %s", pickle.Repr(got.Value), got.Repr)
		}
		obj, err := futures.Submit(ctx, p, python.Func[int, any]("conexsuite:Plain"), 5).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := obj.(*pickle.Object); !ok {
			t.Errorf("an instance is a %T", obj)
		}
		again, err := futures.Submit(ctx, p, describe, obj).Result(ctx)
		if err != nil || again.Type != "Plain" || !pickle.Equal(again.Value, obj) && pickle.Repr(again.Value) != pickle.Repr(obj) {
			t.Errorf("an instance came back as a %s: %v, %v", again.Type, pickle.Repr(again.Value), err)
		}
	})
}

// suiteColor is a type with a text of its own.
type suiteColor uint8

func (c suiteColor) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "color-%d", uint8(c)), nil }
func (c *suiteColor) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "color-%d", (*uint8)(c))
	return err
}

// suiteCelsius is one with a pickle of its own.
type suiteCelsius float64

func (c suiteCelsius) MarshalPickle() (any, error) { return pickle.Tuple{"C", float64(c)}, nil }
func (c *suiteCelsius) UnmarshalPickle(v any) error {
	t, ok := v.(pickle.Tuple)
	if !ok || len(t) != 2 || t[0] != "C" {
		return errors.New("not a temperature")
	}
	*c = suiteCelsius(t[1].(float64))
	return nil
}

type suiteInner struct {
	X, Y float64
}

type suiteOuter struct {
	Name  string `pickle:"name"`
	Inner []suiteInner
	M     map[string]*suiteInner
	Skip  int `pickle:"-"`
	Empty int `pickle:",omitempty"`
}

// suiteTrip sends v as its own type and back.
func suiteTrip[A any](t *testing.T, p *python.Pool, v A, typ, repr string) {
	t.Helper()
	ctx := suiteWithin(t, 20*time.Second)
	got, err := futures.Submit(ctx, p, python.Func[A, suiteSeen[A]]("conexsuite:describe"), v).Result(ctx)
	if err != nil {
		t.Errorf("%T %v: %v", v, v, err)
		return
	}
	if got.Type != typ || got.Repr != repr {
		t.Errorf("%T %v arrived as a %s: %s, want a %s: %s", v, v, got.Type, got.Repr, typ, repr)
	}
	if !reflect.DeepEqual(got.Value, v) {
		t.Errorf("%T %v came back as %v", v, v, got.Value)
	}
}

// Go's own types, by the second table of package pickle.
func TestGoTypes(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		suiteTrip(t, p, suiteOuter{"n", []suiteInner{{1, 2}}, map[string]*suiteInner{"a": {0.5, 0}, "b": nil}, 0, 0}, "dict",
			"{'name': 'n', 'Inner': [{'X': 1.0, 'Y': 2.0}], 'M': {'a': {'X': 0.5, 'Y': 0.0}, 'b': None}}")
		suiteTrip(t, p, &suiteInner{1, 2}, "dict", "{'X': 1.0, 'Y': 2.0}")
		suiteTrip(t, p, (*suiteInner)(nil), "NoneType", "None")
		suiteTrip(t, p, []int{1, 2}, "list", "[1, 2]")
		suiteTrip(t, p, []int{}, "list", "[]")
		suiteTrip(t, p, []int(nil), "NoneType", "None")
		suiteTrip(t, p, [3]string{"a", "", "c"}, "tuple", "('a', '', 'c')")
		suiteTrip(t, p, [0]int{}, "tuple", "()")
		suiteTrip(t, p, [][]byte{{1}, {}}, "list", `[b'\x01', b'']`)
		suiteTrip(t, p, [2]byte{1, 2}, "bytes", `b'\x01\x02'`)
		suiteTrip(t, p, map[string]int{"b": 2, "a": 1}, "dict", "{'a': 1, 'b': 2}")
		suiteTrip(t, p, map[int]bool{2: true, -1: false}, "dict", "{-1: False, 2: True}")
		suiteTrip(t, p, map[[2]int]string{{1, 2}: "x"}, "dict", "{(1, 2): 'x'}")
		suiteTrip(t, p, map[string]struct{}{"a": {}}, "set", "{'a'}")
		suiteTrip(t, p, int8(-128), "int", "-128")
		suiteTrip(t, p, int16(-1), "int", "-1")
		suiteTrip(t, p, int32(math.MaxInt32), "int", "2147483647")
		suiteTrip(t, p, uint8(255), "int", "255")
		suiteTrip(t, p, uint16(1), "int", "1")
		suiteTrip(t, p, uint32(math.MaxUint32), "int", "4294967295")
		suiteTrip(t, p, uint64(math.MaxUint64), "int", "18446744073709551615")
		suiteTrip(t, p, float32(0.5), "float", "0.5")
		suiteTrip(t, p, complex64(1i), "complex", "1j")
		suiteTrip(t, p, big.NewInt(-5), "int", "-5")
		suiteTrip(t, p, big.NewRat(-22, 7), "Fraction", "Fraction(-22, 7)")
		suiteTrip(t, p, time.Date(2024, 2, 29, 12, 30, 1, 5000, time.UTC), "datetime",
			"datetime.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=datetime.timezone.utc)")
		suiteTrip(t, p, -90*time.Minute, "timedelta", "datetime.timedelta(days=-1, seconds=81000)")
		suiteTrip(t, p, netip.MustParseAddr("10.0.0.1"), "str", "'10.0.0.1'")
		suiteTrip(t, p, suiteColor(3), "str", "'color-3'")
		suiteTrip(t, p, []suiteCelsius{36.5}, "list", "[('C', 36.5)]")
		suiteTrip(t, p, map[suiteColor]suiteColor{1: 2}, "dict", "{'color-1': 'color-2'}")
		suiteTrip(t, p, pickle.Date{Year: 2024, Month: 2, Day: 29}, "date", "datetime.date(2024, 2, 29)")
	})
}

// Results become the Go type that was asked for, or an error that says what
// did not fit.
func TestResultTypes(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1})
	ctx := suiteWithin(t, 20*time.Second)
	if v, err := futures.Submit(ctx, p, python.Func[none, any]("conexsuite:nothing"), none{}).Result(ctx); v != nil || err != nil {
		t.Errorf("None is %v, %v", v, err)
	}
	if _, err := futures.Submit(ctx, p, python.Func[string, none]("conexsuite:result_of"), "lock").Result(ctx); err != nil {
		t.Errorf("a result that nobody wants: %v", err)
	}
	if v, err := futures.Submit(ctx, p, python.Func[none, time.Time]("conexsuite:today"), none{}).Result(ctx); err != nil || v.Day() != 29 {
		t.Errorf("a date is %v, %v", v, err)
	}
	_, err := futures.Submit(ctx, p, python.Func[string, int]("conexsuite:greet"), "x").Result(ctx)
	if _, ok := errors.AsType[*pickle.UnmarshalTypeError](err); !ok || !strings.Contains(err.Error(), "str") || !strings.Contains(err.Error(), "int") {
		t.Errorf("a str for an int: %v", err)
	}
	_, err = futures.Submit(ctx, p, python.Func[int, []int8]("conexsuite:make_list"), 200).Result(ctx)
	if _, ok := errors.AsType[*pickle.UnmarshalTypeError](err); !ok || !strings.Contains(err.Error(), "128") {
		t.Errorf("128 for an int8: %v", err)
	}
	if v, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); v != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", v, err)
	}
}

// Payloads around the sizes at which the way changes, and large ones.
func TestSizes(t *testing.T) {
	const kib, mib = 1 << 10, 1 << 20
	sizes := []int{0, 1, 1000, 4*kib - 1, 4 * kib, 16 * kib, 32 * kib, mib, 5 * mib}
	for d := -64; d <= 64; d++ {
		sizes = append(sizes, 64*kib+d)
	}
	sizes = append(sizes, 64*kib-500, 64*kib-200, 64*kib-100, 128*kib, 100*mib)
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 2})
		ctx := suiteWithin(t, 50*time.Second)
		size := python.Func[[]byte, int]("conexsuite:size")
		for _, n := range sizes {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(i)
			}
			if n > 10*mib { // one way at a time
				if got, err := futures.Submit(ctx, p, size, b).Result(ctx); got != n || err != nil {
					t.Errorf("%d bytes: %d, %v", n, got, err)
				}
				if got, err := futures.Submit(ctx, p, suiteMake, n).Result(ctx); !bytes.Equal(got, b) || err != nil {
					t.Errorf("%d bytes of a result: %d, %v", n, len(got), err)
				}
				continue
			}
			got, err := futures.Submit(ctx, p, suiteOptions.Funcs.Invert, b).Result(ctx)
			for i := range b {
				b[i] ^= 0xff
			}
			if !bytes.Equal(got, b) || err != nil {
				t.Errorf("%d bytes became %d, %v", n, len(got), err)
			}
		}
		for _, n := range []int{0, 1, 1000, 30_000, 1_000_000} {
			got, err := futures.Submit(ctx, p, python.Func[int, []int]("conexsuite:make_list"), n).Result(ctx)
			if err != nil || len(got) != n || n > 0 && got[n-1] != n-1 {
				t.Errorf("a list of %d: %d, %v", n, len(got), err)
				continue
			}
			if back, err := futures.Submit(ctx, p, python.Func[[]int, int]("conexsuite:size"), got).Result(ctx); back != n || err != nil {
				t.Errorf("a list of %d there: %d, %v", n, back, err)
			}
		}
		// Large and small ones at a time.
		var fs []*futures.Future[[]byte]
		for i := range 60 {
			fs = append(fs, futures.Submit(ctx, p, suiteMake, (i%4)*(i%5)*30*kib+i))
		}
		for i, f := range fs {
			if got, err := f.Result(ctx); len(got) != (i%4)*(i%5)*30*kib+i || err != nil {
				t.Errorf("result %d: %d bytes, %v", i, len(got), err)
			}
		}
		i := 0
		for got, err := range futures.Map(ctx, p, suiteMake, func(yield func(int) bool) {
			for i := range 300 {
				if !yield((i % 7) * 20_000) {
					return
				}
			}
		}, futures.ChunkSize(50)) {
			if len(got) != (i%7)*20_000 || err != nil {
				t.Errorf("item %d: %d bytes, %v", i, len(got), err)
			}
			i++
		}
		if i != 300 {
			t.Errorf("%d items", i)
		}
	})
}

// Deep values: what both sides can hold goes through, the rest is an error of
// the task.
func TestDepth(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		depth, nested := python.Func[any, int]("conexsuite:depth"), python.Func[int, any]("conexsuite:nested")
		for _, n := range []int{1, 100, 5000} {
			v := pickle.NewList()
			for range n {
				v = pickle.NewList(v)
			}
			if got, err := futures.Submit(ctx, p, depth, any(v)).Result(ctx); got != n || err != nil {
				t.Errorf("%d levels there: %d, %v", n, got, err)
			}
		}
		v := pickle.NewList()
		for range 200_000 {
			v = pickle.NewList(v)
		}
		if _, err := futures.Submit(ctx, p, depth, any(v)).Result(ctx); !errors.Is(err, futures.ErrNotEncodable) || !strings.Contains(err.Error(), "MaxDepth") {
			t.Errorf("200,000 levels there: %v", err)
		}
		if v, err := futures.Submit(ctx, p, nested, 100).Result(ctx); err != nil || strings.Count(pickle.Repr(v), "[") != 101 {
			t.Errorf("100 levels back: %v", err)
		}
		// CPython's pickle recurses, and says so itself.
		if _, err := futures.Submit(ctx, p, nested, 200_000).Result(ctx); !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, pickle.RecursionError) {
			t.Errorf("200,000 levels back: %v", err)
		}
		if got, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); got != pid || err != nil {
			t.Errorf("the worker is now %d, %v; it was %d", got, err, pid)
		}
	})
}
