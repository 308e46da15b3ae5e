package codec_test

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

func ptr[T any](v T) *T { return &v }

// roundTrip encodes, checks that the bytes are self-delimiting and that no prefix of them decodes, and decodes.
func roundTrip[T any](t *testing.T, in T) T {
	t.Helper()
	data, err := codec.Append([]byte("before"), &in)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	data = data[len("before"):]
	step := 1 + len(data)/512
	for i := 0; i < len(data); i += step {
		var out T
		if _, err := codec.Read(data[:i:i], &out); err == nil {
			t.Fatalf("%d of %d bytes were enough", i, len(data))
		}
	}
	var out T
	rest, err := codec.Read(append(bytes.Clone(data), "after"...), &out)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if string(rest) != "after" {
		t.Fatalf("rest is %q", rest)
	}
	return out
}

func same[T any](t *testing.T, in T) {
	t.Helper()
	if out := roundTrip(t, in); !reflect.DeepEqual(in, out) {
		t.Errorf("%T: sent %#v, got %#v", in, in, out)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	u, _ := url.Parse("https://a:b@example.com/x?y=z#f")
	full := everything{
		I: -1, I8: -8, U64: math.MaxUint64, F32: 1.5, C: complex(1, -2), B: true, S: "héllo", By: []byte{1, 2},
		Arr: [3]string{"a", "", "c"}, Flat: [4]uint16{1, 2, 3, 4}, PP: ptr(ptr(7)),
		M:  map[string][]inner{"x": {{1, 2}, {3, 4}}, "nil": nil, "empty": {}},
		MI: map[inner]bool{{1, 2}: true, {3, 4}: false},
		E:  []any{1, "two", 3.0, nil, true, int64(5), []byte("x"), map[string]any{"k": color(3)}, &list{V: 1}, (*list)(nil)},
		Sh: &circle{2}, T: time.Now().Round(0), D: time.Hour, hidden: hidden{5}, square: &square{4},
		Big: new(big.Int).Lsh(big.NewInt(-3), 200), U: u, IP: netip.MustParseAddr("fe80::1%eth0"),
		Bs: []bool{true, false, true, true, false, true, true, true, true}, No: make([]struct{}, 3),
		Re: regexp.MustCompile(`a+(b|c)`),
	}
	out := roundTrip(t, full)
	if out.Re.String() != full.Re.String() || out.U.String() != full.U.String() {
		t.Errorf("text or URL changed: %v %v", out.Re, out.U)
	}
	if !out.T.Equal(full.T) || out.T.Location() != time.Local {
		t.Errorf("time: sent %v, got %v", full.T, out.T)
	}
	out.Re, out.U, full.Re, full.U = nil, nil, nil, nil
	out.T, full.T = time.Time{}, time.Time{}
	if !reflect.DeepEqual(full, out) {
		t.Errorf("sent %+v\n got %+v", full, out)
	}
	same(t, everything{})

	same(t, 42)
	same(t, int64(math.MinInt64))
	same(t, uint8(255))
	same(t, "")
	same(t, strings.Repeat("long ", 100))
	same(t, true)
	same(t, []int{})
	same(t, []int(nil))
	same(t, []byte{})
	same(t, []byte(nil))
	same(t, bytes.Repeat([]byte{9}, 1000))
	same(t, []string{"", "a", strings.Repeat("b", 200)})
	same(t, []string{})
	same(t, []bool{})
	same(t, map[string]string{})
	same(t, map[string]string(nil))
	same(t, map[string]float64{"x": 1})
	same(t, map[string]bool{"x": true, "y": false})
	same(t, map[string]any{"x": map[string]any{"y": nil}})
	same(t, map[int]string{1: "one", -1: "minus one"})
	same(t, map[color]string{1: "red"})
	same(t, map[int8]int8(nil))
	same(t, map[int8]int8{})
	same(t, map[any]int{1: 1, "x": 2, color(3): 3})
	same(t, map[struct{}]struct{}{{}: {}})
	same(t, map[string]map[string][]int{"a": {"b": {1}}})
	same(t, []*int{nil, ptr(1)})
	same(t, [2][]int{nil, {}})
	same(t, [0]int{})
	same(t, struct{}{})
	same(t, []struct{}{})
	same(t, [][0]int(nil))
	same(t, make([]struct{ _ [100]byte }, 5)) // memory, but no bytes
	same(t, []inner{{1, 2}, {3, 4}})
	same(t, []struct {
		A int32
		B int64
	}{{1, 2}, {3, 4}}) // padding
	same(t, custom{strings.Repeat("x", 300)})
	same(t, []custom{{"a"}, {}})
	same(t, ptr(custom{"p"}))
	same(t, map[string]custom{"k": {strings.Repeat("v", 127)}, "l": {strings.Repeat("v", 128)}})
	same(t, []shape{square{1}, &circle{2}, nil})
	same(t, any(nil))
	same(t, any([]any{}))
	same(t, any(uint16(3)))
	same(t, any(3+4i))
	same(t, (*list)(nil))
	same(t, list{1, &list{2, &list{3, nil}}})
	same(t, node{Kids: []node{{}, {Kids: []node{}}}, ByID: map[string]*node{"x": {}, "y": nil}, Any: []any{1}})
	same(t, withTime{time.Unix(5, 6).UTC(), 7})
	same(t, *big.NewRat(3, 4))
	if out := roundTrip(t, ownMethods{X: 3}); out.X != 103 {
		t.Errorf("a type's own methods were not used: %+v", out)
	}
}

func TestBitsSurvive(t *testing.T) {
	t.Parallel()
	for _, bits := range []uint64{0x7ff8000000000123, 0xfff0000000000001, 1 << 63, 0x7ff0000000000000} {
		if got := math.Float64bits(roundTrip(t, math.Float64frombits(bits))); got != bits {
			t.Errorf("%x became %x", bits, got)
		}
		m := roundTrip(t, map[string]float64{"x": math.Float64frombits(bits)})
		if got := math.Float64bits(m["x"]); got != bits {
			t.Errorf("in a map %x became %x", bits, got)
		}
	}
	m := roundTrip(t, map[float64]int{math.NaN(): 1})
	for k, v := range m {
		if k == k || v != 1 {
			t.Errorf("NaN key became %v: %v", k, v)
		}
	}
	if len(m) != 1 {
		t.Errorf("a NaN key is lost")
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	winter := time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)
	for _, in := range []time.Time{
		{}, winter, winter.Local(), winter.In(time.FixedZone("X", 0)), winter.In(time.FixedZone("", 3600)),
		winter.In(time.FixedZone("LMT", -2*3600-17)), time.Unix(1<<40, 999999999).UTC(), time.Now(), time.Unix(-1<<60, 0).UTC(),
	} {
		out := roundTrip(t, in)
		if !out.Equal(in) {
			t.Errorf("%v became %v", in, out)
		}
		_, a := in.Zone()
		_, b := out.Zone()
		if a != b {
			t.Errorf("%v: offset %d became %d", in, a, b)
		}
		// The location is what time.Time's own methods make of it.
		if data, err := in.MarshalBinary(); err == nil {
			var want time.Time
			if err := want.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if (want.Location() == time.UTC) != (out.Location() == time.UTC) || (want.Location() == time.Local) != (out.Location() == time.Local) {
				t.Errorf("%v: location %v, not %v", in, out.Location(), want.Location())
			}
		}
	}
	if out := roundTrip(t, time.Time{}); out != (time.Time{}) {
		t.Errorf("the zero time became %#v", out)
	}
}

func TestFlat(t *testing.T) {
	t.Parallel()
	word := int(unsafe.Sizeof(0))
	for _, c := range []struct {
		typ  reflect.Type
		want int
	}{
		{reflect.TypeFor[int](), word},
		{reflect.TypeFor[float32](), 4},
		{reflect.TypeFor[time.Duration](), 8},
		{reflect.TypeFor[[3]int16](), 6},
		{reflect.TypeFor[struct{ A, B int32 }](), 8},
		{reflect.TypeFor[struct {
			A struct{ X, Y uint8 }
			B uint16
		}](), 4},
		{reflect.TypeFor[inner](), 0}, // padding
		{reflect.TypeFor[bool](), 0},
		{reflect.TypeFor[struct {
			A int32
			B bool
		}](), 0},
		{reflect.TypeFor[struct {
			A int32
			_ int32
		}](), 0},
		{reflect.TypeFor[struct {
			A int32
			B int32 `conex:"-"`
		}](), 0},
		{reflect.TypeFor[string](), 0},
		{reflect.TypeFor[struct{}](), 0},
		{reflect.TypeFor[time.Time](), 0},
		{reflect.TypeFor[*int](), 0},
	} {
		p, err := codec.For(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		if p.Flat() != c.want {
			t.Errorf("%v: flat %d, want %d", c.typ, p.Flat(), c.want)
		}
		if p.Type() != c.typ {
			t.Errorf("%v: type %v", c.typ, p.Type())
		}
	}
}

func sizeHint[T any](t *testing.T, v T) {
	t.Helper()
	p, err := codec.For(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	data, err := codec.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.SizeHint(unsafe.Pointer(&v)); got != len(data) {
		t.Errorf("%T: hint %d, size %d", v, got, len(data))
	}
}

func TestSizeHintIsExact(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 126, 127, 128, 129, 16383, 16384, 70000} {
		sizeHint(t, make([]byte, n))
		sizeHint(t, strings.Repeat("x", n))
		sizeHint(t, make([]int64, n))
		sizeHint(t, make([]int8, n))
		sizeHint(t, make([][2]byte, n))
	}
	sizeHint(t, []byte(nil))
	sizeHint(t, []int(nil))
	sizeHint(t, 5)
	sizeHint(t, [5]int{})
}

func TestOwnedBufferIsKept(t *testing.T) {
	t.Parallel()
	inside := func(p unsafe.Pointer, b []byte) bool {
		base := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
		return uintptr(p) >= base && uintptr(p) < base+uintptr(len(b))
	}
	for _, owned := range []bool{false, true} {
		data, _ := codec.Append(nil, ptr([]byte("some bytes")))
		var b []byte
		decodeOwned(t, data, &b, owned)
		if got := inside(unsafe.Pointer(unsafe.SliceData(b)), data); got != owned || string(b) != "some bytes" {
			t.Errorf("[]byte, owned %v: aliases %v, %q", owned, got, b)
		}
		if b = append(b, 'x'); owned && inside(unsafe.Pointer(unsafe.SliceData(b)), data) {
			t.Error("appending writes into the buffer")
		}
		data, _ = codec.Append(nil, ptr("some text"))
		var s string
		decodeOwned(t, data, &s, owned)
		if got := inside(unsafe.Pointer(unsafe.StringData(s)), data); got != owned || s != "some text" {
			t.Errorf("string, owned %v: aliases %v, %q", owned, got, s)
		}
		data, _ = codec.Append(make([]byte, 0, 64), ptr([]float64{1, 2, 3}))
		var f []float64
		decodeOwned(t, data, &f, owned)
		if got := inside(unsafe.Pointer(unsafe.SliceData(f)), data); got != owned || !reflect.DeepEqual(f, []float64{1, 2, 3}) {
			t.Errorf("[]float64, owned %v: aliases %v, %v", owned, got, f)
		}
		// Not aligned: copied, whoever owns it.
		odd := append(make([]byte, 1, 64), data...)[1:]
		f = nil
		decodeOwned(t, odd, &f, owned)
		if inside(unsafe.Pointer(unsafe.SliceData(f)), odd) || !reflect.DeepEqual(f, []float64{1, 2, 3}) {
			t.Errorf("[]float64 from an odd address: %v", f)
		}
	}
}

func decodeOwned[T any](t *testing.T, data []byte, v *T, owned bool) {
	t.Helper()
	p, err := codec.For(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	d := codec.Decoder{Buf: data, Owned: owned}
	if err := p.Decode(&d, unsafe.Pointer(v)); err != nil {
		t.Fatal(err)
	}
}

func batch[T any](t *testing.T, in []T) {
	t.Helper()
	p, err := codec.For(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	e := codec.Encoder{Buf: []byte("x")}
	if err := p.EncodeSlice(&e, unsafe.Pointer(unsafe.SliceData(in)), len(in)); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(e.Buf); i++ {
		out := make([]T, len(in))
		d := codec.Decoder{Buf: e.Buf[1:i]}
		if err := p.DecodeSlice(&d, unsafe.Pointer(unsafe.SliceData(out)), len(out)); !errors.Is(err, codec.ErrCorrupt) {
			t.Fatalf("%T: a batch cut at %d: %v", in, i, err)
		}
	}
	out := make([]T, len(in))
	d := codec.Decoder{Buf: append(e.Buf[1:], 'y'), Owned: true}
	if err := p.DecodeSlice(&d, unsafe.Pointer(unsafe.SliceData(out)), len(out)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(in, out) || string(d.Buf) != "y" {
		t.Errorf("sent %v, got %v and %q", in, out, d.Buf)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	batch(t, []int{1, 2, 3})
	batch(t, []int{})
	batch(t, []bool{true, false})
	batch(t, []string{"a", "", "b"})
	batch(t, [][]byte{nil, {}, {1}})
	batch(t, [][]int{nil, {}, {1}})
	batch(t, []struct{}{{}, {}})
	batch(t, []list{{1, nil}, {2, &list{3, nil}}})
	batch(t, []any{1, nil, "x"})
}

func TestBatchErrorNamesTheIndex(t *testing.T) {
	t.Parallel()
	p, err := codec.For(reflect.TypeFor[any]())
	if err != nil {
		t.Fatal(err)
	}
	in := []any{1, inner{}}
	e := codec.Encoder{Buf: []byte("kept")}
	err = p.EncodeSlice(&e, unsafe.Pointer(&in[0]), len(in))
	if ve := new(codec.ValueError); !errors.As(err, &ve) || ve.Path != "[1]" {
		t.Errorf("error %v", err)
	}
	if string(e.Buf) != "kept" {
		t.Errorf("the buffer is %q", e.Buf)
	}
}

// TestConcurrentUse compiles and runs plans of the same types from many goroutines at once.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	type fresh struct {
		Next *fresh
		M    map[inner][]fresh
		E    any
	}
	in := fresh{Next: &fresh{E: "x"}, M: map[inner][]fresh{{1, 2}: {{E: color(1)}}}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				data, err := codec.Append(nil, &in)
				if err != nil {
					t.Error(err)
					return
				}
				var out fresh
				if _, err := codec.Read(data, &out); err != nil || !reflect.DeepEqual(in, out) {
					t.Errorf("%v: %+v", err, out)
					return
				}
			}
		})
	}
	wg.Wait()
}
