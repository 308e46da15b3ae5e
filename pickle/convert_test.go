package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	X, Y float64
}

type base struct {
	ID   int64 `pickle:"id"`
	Note string
}

type color uint8

func (c color) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("color-%d", uint8(c))), nil }
func (c *color) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "color-%d", (*uint8)(c))
	return err
}

type celsius float64

func (c celsius) MarshalPickle() (any, error) { return Tuple{"C", float64(c)}, nil }
func (c *celsius) UnmarshalPickle(v any) error {
	t, ok := v.(Tuple)
	if !ok || len(t) != 2 || t[0] != "C" {
		return errors.New("not a temperature")
	}
	*c = celsius(t[1].(float64))
	return nil
}

type everything struct {
	base

	Bool    bool
	Int     int
	Int8    int8
	Uint64  uint64
	Float32 float32
	Float64 float64
	Complex complex128
	String  string
	Bytes   []byte
	Array   [3]int16
	Hash    [4]byte
	Slice   []string
	Structs []inner
	Map     map[string]int
	IntMap  map[int]inner
	Set     map[string]struct{}
	Pointer *inner
	Nil     *inner
	Any     any
	Time    time.Time
	Wait    time.Duration
	Big     *big.Int
	BigVal  big.Int
	Rat     *big.Rat
	Float   *big.Float
	Addr    netip.Addr
	Color   color
	Colors  map[color]color
	Temp    celsius
	Temps   []celsius
	Date    Date
	Dec     Decimal
	ID2     UUID
	List    *List
	Dict    *Dict
	Err     error
	Skip    int    `pickle:"-"`
	Empty   string `pickle:",omitempty"`
	private int
}

func sample() everything {
	bigFloat := big.NewFloat(1.5)
	return everything{
		base: base{7, "note"},
		Bool: true, Int: -5, Int8: -128, Uint64: math.MaxUint64, Float32: 0.5, Float64: 1e300,
		Complex: 1 + 2i, String: "Grüße \U0001f600", Bytes: []byte{0, 255}, Array: [3]int16{1, 2, 3},
		Hash: [4]byte{1, 2, 3, 4}, Slice: []string{"a", "b"}, Structs: []inner{{1, 2}, {3, 4}},
		Map: map[string]int{"x": 1, "y": 2}, IntMap: map[int]inner{3: {5, 6}, -1: {}},
		Set: map[string]struct{}{"q": {}, "p": {}}, Pointer: &inner{9, 8},
		Any:  int64(3),
		Time: time.Date(2024, 2, 29, 12, 30, 1, 5000, time.UTC), Wait: -90 * time.Minute,
		Big: bigPow(3, 100), BigVal: *bigPow(-7, 51), Rat: big.NewRat(-22, 7), Float: bigFloat,
		Addr: netip.MustParseAddr("10.0.0.1"), Color: 3, Colors: map[color]color{1: 2},
		Temp: 36.6, Temps: []celsius{1, 2},
		Date: Date{2024, 2, 29}, Dec: "1.50", ID2: UUID{1, 2, 3}, List: NewList("a", int64(1)),
		Dict: NewDict(Pair{"k", nil}),
		Err:  ValueError.New("bad"),
	}
}

func TestGoRoundTrip(t *testing.T) {
	for proto := range 6 {
		cfg := &Config{Protocol: proto}
		if proto == 0 {
			cfg.Protocol = Protocol0
		}
		in := sample()
		b, err := cfg.Marshal(&in)
		if err != nil {
			t.Fatalf("protocol %d: %v", proto, err)
		}
		var out everything
		out.Skip, out.private = 5, 6
		if err := cfg.Unmarshal(b, &out); err != nil {
			t.Fatalf("protocol %d: %v", proto, err)
		}
		if out.Skip != 5 || out.private != 6 {
			t.Error("fields that are none were set")
		}
		out.Skip, out.private = 0, 0
		va, vb := reflect.ValueOf(in), reflect.ValueOf(out)
		for i := range va.NumField() {
			f := va.Type().Field(i)
			x, y := va.Field(i), vb.Field(i)
			if !f.IsExported() {
				continue
			}
			switch f.Name {
			case "Rat":
				if in.Rat.Cmp(out.Rat) != 0 {
					t.Errorf("Rat: %v", out.Rat)
				}
			case "Float":
				if in.Float.Cmp(out.Float) != 0 {
					t.Errorf("Float: %v", out.Float)
				}
			case "BigVal":
				if in.BigVal.Cmp(&out.BigVal) != 0 {
					t.Errorf("BigVal: %v", &out.BigVal)
				}
			case "Dict", "List":
				if !Equal(x.Interface(), y.Interface()) {
					t.Errorf("%s: %s", f.Name, Repr(y.Interface()))
				}
			case "Err":
				if !errors.Is(out.Err, ValueError) || out.Err.Error() != in.Err.Error() {
					t.Errorf("Err: %v", out.Err)
				}
			default:
				if !reflect.DeepEqual(x.Interface(), y.Interface()) {
					t.Errorf("protocol %d: %s: got %v, want %v", proto, f.Name, y, x)
				}
			}
		}
		if out.base != in.base {
			t.Errorf("embedded: %v", out.base)
		}
		c, err := cfg.Marshal(&out)
		if err != nil || string(c) != string(b) {
			t.Errorf("protocol %d: the second pickle differs: %v", proto, err)
		}
	}
}

func into[T any](t *testing.T, v any) (T, error) {
	t.Helper()
	b, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	err = Unmarshal(b, &out)
	return out, err
}

func TestUnmarshalErrors(t *testing.T) {
	type user struct {
		Name string
		Age  uint8
		Tags map[string][]int
	}
	type message struct {
		Users []user
		Grid  [2][2]int
		P     *user
		F     float32
		When  time.Time
		Temp  celsius
	}
	good := func() *Dict { return NewDict(Pair{"Name", "x"}, Pair{"Age", int64(1)}) }
	with := func(k string, v any) *Dict { d := good(); d.Set(k, v); return d }
	tests := []struct {
		v    any
		want string
	}{
		{NewDict(Pair{"Users", NewList(good(), with("Age", int64(300)))}), "at Users[1].Age: int 300 does not fit uint8"},
		{NewDict(Pair{"Users", NewList(with("Age", int64(-1)))}), "at Users[0].Age: int -1 does not fit uint8"},
		{NewDict(Pair{"Users", NewList(with("Age", 1.0))}), "at Users[0].Age: float does not fit uint8"},
		{NewDict(Pair{"Users", NewList(with("Name", nil))}), "at Users[0].Name: NoneType does not fit string"},
		{NewDict(Pair{"users", Tuple{with("tags", NewDict(Pair{"k", NewList("x")}))}}), `at Users[0].Tags["k"][0]: str does not fit int`},
		{NewDict(Pair{"Grid", Tuple{Tuple{int64(1), int64(2)}}}), "at Grid: tuple of length 1 does not fit [2][2]int"},
		{NewDict(Pair{"P", NewDict(Pair{"Age", bigPow(2, 80)})}), "at P.Age: int 1208925819614629174706176 does not fit uint8"},
		{NewDict(Pair{"F", 1e300}), "at F: float 1e+300 does not fit float32"},
		{NewDict(Pair{"When", "today"}), "at When: str does not fit time.Time"},
		{NewDict(Pair{"Temp", "hot"}), "at Temp: str does not fit pickle.celsius: not a temperature"},
		{NewDict(Pair{int64(1), 1}), "dict with a key of type int does not fit pickle.message"},
		{NewList(), "list does not fit pickle.message"},
		{Tuple{int64(1)}, "tuple of 1 items does not fit pickle.message: the struct has 6 fields"},
	}
	for _, test := range tests {
		_, err := into[message](t, test.v)
		if err == nil || err.Error() != "pickle: "+test.want {
			t.Errorf("%s: %v, want %s", Repr(test.v), err, test.want)
		}
		if _, ok := errors.AsType[*UnmarshalTypeError](err); !ok {
			t.Errorf("%v is no UnmarshalTypeError", err)
		}
	}
	// What does not fit changes nothing.
	keep := message{F: 5, P: &user{Name: "p"}}
	b, _ := Marshal(NewDict(Pair{"F", 1.0}, Pair{"P", good()}, Pair{"Grid", int64(1)}))
	if err := Unmarshal(b, &keep); err == nil || keep.F != 5 || keep.P.Name != "p" {
		t.Errorf("%v: %v", err, keep)
	}
	if _, err := into[map[any]int](t, NewDict(Pair{Tuple{int64(1)}, int64(1)})); err == nil {
		t.Error("a tuple became a key of a Go map")
	}
	if _, err := into[chan int](t, int64(1)); err == nil {
		t.Error("a chan")
	}
}

func TestMarshalErrors(t *testing.T) {
	type node struct {
		Done chan int
		F    func() `pickle:"f"`
	}
	tests := []struct {
		v    any
		want string
	}{
		{make(chan int), "pickle: a chan int cannot be pickled"},
		{map[string]any{"jobs": []node{{}}}, `pickle: at ["jobs"][0].Done: a chan int cannot be pickled`},
		{[]any{1, map[int]func(){3: nil}}, `pickle: at [1][3]: a func() cannot be pickled`},
		{map[inner]int{{}: 1}, "pickle: a pickle.inner as a key: it is a dict in Python, which cannot be one"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "pickle: a time.Time: ValueError: year 10000 is out of range"},
		{[]any{Date{2024, 2, 30}}, "pickle: at [0]: datetime.date: ValueError: day is out of range for month"},
		{Decimal("x"), `pickle: decimal.Decimal: decimal.InvalidOperation: not a decimal number: "x"`},
	}
	for _, test := range tests {
		if _, err := Marshal(test.v); err == nil || err.Error() != test.want {
			t.Errorf("%v: %v, want %s", test.v, err, test.want)
		}
	}
}

type tree struct {
	Name     string
	Parent   *tree
	Children []*tree
	Index    map[string]*tree
}

func TestGoCycles(t *testing.T) {
	root := &tree{Name: "root"}
	kid := &tree{Name: "kid", Parent: root}
	root.Children = []*tree{kid, kid}
	root.Index = map[string]*tree{"kid": kid, "root": root}
	kid.Index = root.Index
	b, err := Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	var got *tree
	if err := Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	k := got.Children[0]
	if k != got.Children[1] || k.Parent != got || got.Index["root"] != got || got.Index["kid"] != k {
		t.Error("the pointers are others")
	}
	k.Index["new"] = nil
	if _, ok := got.Index["new"]; !ok {
		t.Error("the map is there twice")
	}

	type list []list
	l := list{nil}
	l[0] = l
	b, err = Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var m list
	if err := Unmarshal(b, &m); err != nil || &m[0] != &m[0][0] {
		t.Errorf("a slice in itself: %v", err)
	}

	type pointer *pointer
	var p pointer
	p = &p
	if _, err := Marshal(p); err == nil {
		t.Error("a pointer to itself has a pickle")
	} else if _, ok := errors.AsType[*LimitError](err); !ok {
		t.Error(err)
	}
	a := []any{nil}
	a[0] = map[string]any{"a": a}
	if b, err = Marshal(a); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := Unmarshal(b, &v); err != nil || Repr(v) != "[{'a': [...]}]" {
		t.Errorf("%s, %v", Repr(v), err)
	}
}

func TestMarshalShapes(t *testing.T) {
	shared := []int{1, 2}
	type pair struct{ A, B []int }
	type empty struct{}
	tests := []struct {
		v    any
		want string
	}{
		{map[int]string{3: "c", 1: "a", 2: "b"}, "{1: 'a', 2: 'b', 3: 'c'}"},
		{map[any]int{"b": 1, 2: 2, "a": 3, 1.5: 4, nil: 5}, "{None: 5, 1.5: 4, 2: 2, 'a': 3, 'b': 1}"},
		{map[[2]int]int{{2, 1}: 1, {1, 9}: 2}, "{(1, 9): 2, (2, 1): 1}"},
		{map[string]struct{}{"b": {}, "a": {}}, "{'a', 'b'}"},
		{[0]int{}, "()"}, {[1]int{1}, "(1,)"}, {[4]string{}, "('', '', '', '')"},
		{pair{shared, shared}, "{'A': [1, 2], 'B': [1, 2]}"},
		{empty{}, "{}"}, {&empty{}, "{}"}, {[]int{}, "[]"}, {[]int(nil), "None"}, {(*int)(nil), "None"},
		{map[string]int(nil), "None"},
		{[2]byte{1, 2}, `b'\x01\x02'`},
		{errors.New("boom"), "RuntimeError('boom')"},
		{fmt.Errorf("deep: %w", KeyError.New("k")), "KeyError(\"deep: KeyError: 'k'\")"},
		{time.Date(2024, 1, 2, 3, 4, 5, 6999, time.FixedZone("X", 3600)),
			"datetime.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(seconds=3600)))"},
		{-time.Second, "datetime.timedelta(days=-1, seconds=86399)"},
		{struct {
			A int       `pickle:"a,omitempty"`
			B string    `pickle:",omitempty"`
			C []int     `pickle:",omitempty"`
			D time.Time `pickle:",omitempty"`
			E bool
		}{}, "{'E': False}"},
		{big.NewRat(1, 3), "<fractions.Fraction object>"},
		{[]color{1}, "['color-1']"},
	}
	for _, test := range tests {
		for proto := 1; proto <= 5; proto++ {
			b, err := (&Config{Protocol: proto}).Marshal(test.v)
			if err != nil {
				t.Errorf("%v: %v", test.v, err)
				continue
			}
			var v any
			if err := Unmarshal(b, &v); err != nil {
				t.Errorf("%v: %v", test.v, err)
			} else if Repr(v) != test.want {
				t.Errorf("protocol %d: %s, want %s", proto, Repr(v), test.want)
			}
		}
	}
	b, _ := Marshal(pair{shared, shared})
	got := pair{}
	if err := Unmarshal(b, &got); err != nil || &got.A[0] != &got.B[0] {
		t.Errorf("the slice is there twice: %v", err)
	}
}

type point struct {
	X int `pickle:"x"`
	Y int `pickle:"y"`
}

func (p point) String() string { return fmt.Sprintf("(%d,%d)", p.X, p.Y) }

func TestRegistered(t *testing.T) {
	classes := &Classes{}
	classes.Register("geo", "Point", point{})
	cfg := &Config{Classes: classes}
	p := &point{1, 2}
	for proto := 1; proto <= 5; proto++ {
		cfg.Protocol = proto
		b, err := cfg.Marshal([]*point{p, p})
		if err != nil {
			t.Fatal(err)
		}
		var model any
		if err := cfg.Unmarshal(b, &model); err != nil {
			t.Fatal(err)
		}
		l := model.(*List).Items
		o := l[0].(*Object)
		if o.Name() != "geo.Point" || o != l[1] || Repr(o.State) != "{'x': 1, 'y': 2}" {
			t.Errorf("protocol %d: %+v", proto, o)
		}
		var ps []*point
		if err := cfg.Unmarshal(b, &ps); err != nil || *ps[0] != *p || ps[0] != ps[1] {
			t.Errorf("protocol %d: %v, %v", proto, ps, err)
		}
		var ss []fmt.Stringer
		if err := cfg.Unmarshal(b, &ss); err != nil || ss[0].String() != "(1,2)" {
			t.Errorf("protocol %d: %v, %v", proto, ss, err)
		}
		var is []inner
		if err := cfg.Unmarshal(b, &is); err != nil || is[0] != (inner{1, 2}) {
			t.Errorf("protocol %d: into another struct: %v, %v", proto, is, err)
		}
	}
	other, _ := Marshal(&Object{Make: NewObj, Class: Global{"geo", "Circle"}, HasState: true, State: NewDict(Pair{"x", int64(1)})})
	if err := cfg.Unmarshal(other, new(point)); err == nil || !strings.Contains(err.Error(), "geo.Circle does not fit pickle.point: it is registered for geo.Point") {
		t.Error(err)
	}
	// A class with slots, and a namedtuple.
	slots, _ := Marshal(&Object{Make: NewObj, Class: Global{"geo", "Point"}, HasState: true,
		State: Tuple{nil, NewDict(Pair{"x", int64(1)}, Pair{"y", int64(2)})}})
	if err := cfg.Unmarshal(slots, p); err != nil || *p != (point{1, 2}) {
		t.Errorf("slots: %v, %v", p, err)
	}
	named, _ := Marshal(&Object{Make: NewObj, Class: Global{"geo", "Point"}, Args: Tuple{int64(3), int64(4)}})
	if err := cfg.Unmarshal(named, p); err != nil || *p != (point{3, 4}) {
		t.Errorf("namedtuple: %v, %v", p, err)
	}
}

var errFull = errors.New("the shelf is full")

func TestRegisteredError(t *testing.T) {
	classes := &Classes{}
	classes.RegisterError(Global{"shelf", "Full"}, errFull)
	cfg := &Config{Classes: classes}
	b, err := cfg.Marshal(fmt.Errorf("put: %w", errFull))
	if err != nil {
		t.Fatal(err)
	}
	var got error
	if err := cfg.Unmarshal(b, &got); err != nil || !errors.Is(got, errFull) {
		t.Errorf("%v, %v", got, err)
	}
	if Repr(got) != "Full('put: the shelf is full')" {
		t.Error(Repr(got))
	}
}

func TestFieldRules(t *testing.T) {
	type C struct{ Deep, Same int }
	type A struct {
		C
		Same, Both int
	}
	type B struct{ Both, Only int }
	type S struct {
		A
		*B
		UserID  int
		HTTPGet bool
		Tagged  int `pickle:"t"`
	}
	b, err := Marshal(S{A: A{C: C{1, 2}, Same: 3, Both: 4}, UserID: 6, Tagged: 7})
	if err != nil {
		t.Fatal(err)
	}
	var v any
	Unmarshal(b, &v)
	if want := "{'Deep': 1, 'Same': 3, 'UserID': 6, 'HTTPGet': False, 't': 7}"; Repr(v) != want {
		t.Errorf("%s, want %s", Repr(v), want)
	}
	s, err := into[S](t, NewDict(Pair{"user_id", int64(1)}, Pair{"http_get", true}, Pair{"only", int64(2)},
		Pair{"t", int64(3)}, Pair{"T", int64(4)}, Pair{"more", int64(5)}))
	if err != nil || s.UserID != 1 || !s.HTTPGet || s.B.Only != 2 || s.Tagged != 3 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestUnmarshalSources(t *testing.T) {
	if v, err := into[[]int](t, NewSet(int64(1), int64(2))); err != nil || !reflect.DeepEqual(v, []int{1, 2}) {
		t.Errorf("set: %v, %v", v, err)
	}
	if v, err := into[map[int]struct{}](t, mustFrozen(int64(1))); err != nil || len(v) != 1 {
		t.Errorf("frozenset: %v, %v", v, err)
	}
	if v, err := into[[]byte](t, &ByteArray{[]byte("x")}); err != nil || string(v) != "x" {
		t.Errorf("bytearray: %v, %v", v, err)
	}
	if v, err := into[[]byte](t, NewList(int64(1), int64(255))); err != nil || string(v) != "\x01\xff" {
		t.Errorf("list of bytes: %v, %v", v, err)
	}
	if v, err := into[[16]byte](t, UUID{1}); err != nil || v[0] != 1 {
		t.Errorf("UUID: %v, %v", v, err)
	}
	if v, err := into[int](t, true); err != nil || v != 1 {
		t.Errorf("bool as int: %v, %v", v, err)
	}
	if v, err := into[bool](t, int64(0)); err != nil || v {
		t.Errorf("int as bool: %v, %v", v, err)
	}
	if v, err := into[float64](t, bigPow(10, 30)); err != nil || v != 1e30 {
		t.Errorf("int as float: %v, %v", v, err)
	}
	if v, err := into[point](t, Tuple{int64(1), int64(2)}); err != nil || v != (point{1, 2}) {
		t.Errorf("tuple as struct: %v, %v", v, err)
	}
	if v, err := into[**int](t, int64(4)); err != nil || **v != 4 {
		t.Errorf("pointer to pointer: %v, %v", v, err)
	}
	if v, err := into[time.Time](t, Date{2024, 2, 29}); err != nil || !v.Equal(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("date: %v, %v", v, err)
	}
	if v, err := Load[[]string](strings.NewReader("(lp0\nVa\na.")); err != nil || v[0] != "a" {
		t.Errorf("Load: %v, %v", v, err)
	}
	if _, err := Load[int](strings.NewReader("")); err != io.ErrUnexpectedEOF {
		t.Errorf("Load of nothing: %v", err)
	}
}

// FuzzConvert builds Go values from its input, and expects them back.
func FuzzConvert(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func() uint64 {
			var b [8]byte
			data = data[copy(b[:], data):]
			return binary.LittleEndian.Uint64(b[:])
		}
		in := map[string][]point{}
		type wide struct {
			M map[string][]point
			I []int64
			U []uint64
			F []float64
			T []time.Time
			D []time.Duration
			P []*point
		}
		w := wide{M: in}
		for len(data) > 0 && len(w.I) < 50 {
			n := next()
			key := fmt.Sprint(n % 7)
			in[key] = append(in[key], point{int(n), -int(n)})
			w.I, w.U = append(w.I, int64(n)), append(w.U, n)
			if g := math.Float64frombits(n); g == g {
				w.F = append(w.F, g)
			}
			w.T = append(w.T, time.UnixMicro(int64(n>>12)%253402300800000000).UTC())
			w.D = append(w.D, time.Duration(n).Truncate(time.Microsecond))
			w.P = append(w.P, &point{int(n), 0})
		}
		b, err := Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var out wide
		if err := Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(w, out) {
			t.Errorf("got %v, want %v", out, w)
		}
	})
}
