package codec_test

import (
	"math"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
)

// fuzzTypes are decoded from the same bytes one by one. They cover every form on the wire.
var fuzzTypes = []reflect.Type{
	reflect.TypeFor[everything](),
	reflect.TypeFor[record](),
	reflect.TypeFor[node](),
	reflect.TypeFor[list](),
	reflect.TypeFor[any](),
	reflect.TypeFor[[]int32](),
	reflect.TypeFor[[]bool](),
	reflect.TypeFor[[]string](),
	reflect.TypeFor[[]custom](),
	reflect.TypeFor[map[any]any](),
	reflect.TypeFor[map[string]any](),
	reflect.TypeFor[map[inner]*shape](),
	reflect.TypeFor[[]struct{ _ [8]byte }](),
	reflect.TypeFor[map[struct{}][]struct{}](),
	reflect.TypeFor[[]ticket](),
	reflect.TypeFor[time.Time](),
	reflect.TypeFor[Texts](),
}

// FuzzDecode: whatever the bytes are, decoding ends in a value or an error; and a value that was decoded can be
// encoded and gives a value again that encodes to as many bytes (map order may differ, the rest not).
func FuzzDecode(f *testing.F) {
	seed := func(i int, v any) {
		p, err := codec.For(reflect.TypeOf(v))
		if err != nil {
			f.Fatal(err)
		}
		x := reflect.New(reflect.TypeOf(v))
		x.Elem().Set(reflect.ValueOf(v))
		var e codec.Encoder
		if err := p.Encode(&e, x.UnsafePointer()); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), e.Buf)
	}
	seed(0, everything{
		S: "x", By: []byte{1}, PP: ptr(ptr(1)), M: map[string][]inner{"a": {{1, 2}}}, MI: map[inner]bool{{}: true},
		E: []any{1, "a", 2.5, color(1), &list{V: 2}}, Sh: &circle{1}, square: &square{1}, Bs: []bool{true},
	})
	seed(0, everything{})
	seed(1, sample)
	seed(2, node{Kids: []node{{}, {Kids: []node{{}}}}, ByID: map[string]*node{"x": nil, "y": {}}, Any: map[string]any{"z": 1}})
	seed(3, list{1, &list{2, &list{3, nil}}})
	seed(5, []int32{1, 2, 3})
	seed(6, []bool{true, false})
	seed(7, []string{"a", ""})
	seed(8, []custom{{"a"}, {"b"}})
	seed(9, map[any]any{1: "x", "y": nil, color(1): math.NaN()})
	seed(10, map[string]any{"a": map[string]any{"b": []any{}}})
	seed(11, map[inner]*shape{{1, 2}: nil})
	seed(12, make([]struct{ _ [8]byte }, 3))
	seed(13, map[struct{}][]struct{}{{}: make([]struct{}, 5)})
	seed(15, time.Unix(1, 2).UTC())
	seed(16, Texts{T: &textual{value: "v"}})

	handles := func(id uint64) (any, error) { return int(id), nil }
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		typ := fuzzTypes[int(which)%len(fuzzTypes)]
		p, err := codec.For(typ)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(typ)
		d := codec.Decoder{Buf: data, Handles: handles}
		if p.Decode(&d, v.UnsafePointer()) != nil {
			return
		}
		var first, second codec.Encoder
		if err := p.Encode(&first, v.UnsafePointer()); err != nil {
			t.Fatalf("%v was decoded and cannot be encoded: %v", typ, err)
		}
		again := reflect.New(typ)
		d = codec.Decoder{Buf: first.Buf, Handles: handles}
		if err := p.Decode(&d, again.UnsafePointer()); err != nil {
			t.Fatalf("%v: second decoding: %v", typ, err)
		}
		if len(d.Buf) != 0 {
			t.Fatalf("%v: %d bytes are left", typ, len(d.Buf))
		}
		if err := p.Encode(&second, again.UnsafePointer()); err != nil || len(first.Buf) != len(second.Buf) {
			t.Fatalf("%v: %d bytes became %d: %v", typ, len(first.Buf), len(second.Buf), err)
		}
	})
}

// FuzzFlat: any bytes make flat values, the same ones on the way back.
func FuzzFlat(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	type flat struct {
		A uint64
		B [2]float32
	}
	p, err := codec.For(reflect.TypeFor[flat]())
	if err != nil || p.Flat() != 16 {
		f.Fatal(err, p.Flat())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := len(data) / 16
		out := make([]flat, n+1)
		d := codec.Decoder{Buf: data}
		if err := p.DecodeSlice(&d, unsafe.Pointer(&out[0]), n); err != nil {
			t.Fatal(err)
		}
		var e codec.Encoder
		if err := p.EncodeSlice(&e, unsafe.Pointer(&out[0]), n); err != nil {
			t.Fatal(err)
		}
		if string(e.Buf) != string(data[:n*16]) {
			t.Fatalf("%x became %x", data, e.Buf)
		}
	})
}
