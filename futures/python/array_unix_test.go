//go:build unix

package python

import (
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

func newArray[T Number](t testing.TB, shape ...int) *Array[T] {
	t.Helper()
	a, err := NewArray[T](shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestArray(t *testing.T) {
	leak.Check(t)
	a := newArray[float64](t, 2, 3)
	if a.Len() != 6 || !slices.Equal(a.Shape(), []int{2, 3}) || len(a.Slice()) != 6 || a.String() != "python.Array[float64](2, 3)" {
		t.Errorf("got %v with %v", a, a.Slice())
	}
	a.Slice()[a.Index(1, 2)] = 5
	if a.Slice()[5] != 5 || (*a).Slice()[5] != 5 {
		t.Error("Index is not in C order")
	}
	a.Shape()[0] = 7
	if a.Shape()[0] != 2 {
		t.Error("the shape can be changed")
	}
	for _, at := range [][]int{{2, 0}, {0, 3}, {-1, 0}, {0}, {0, 0, 0}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Index(%v) returned", at)
				}
			}()
			a.Index(at...)
		}()
	}
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if a.Slice() != nil || a.Len() != 6 || a.String() != "python.Array[float64](2, 3; closed)" {
		t.Errorf("closed: %v, %v", a, a.Slice())
	}
	if err := marshal(new(codec.Encoder), a); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "Array is closed") {
		t.Errorf("a closed Array can be sent: %v", err)
	}
	b, err := ArrayOf([]int16{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c, err := ArrayOf([]bool{true, false})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !slices.Equal(b.Slice(), []int16{1, 2, 3, 4}) || b.Index(1, 0) != 2 || c.String() != "python.Array[bool](2,)" {
		t.Errorf("got %v, %v", b, c)
	}
	var zero Array[uint8]
	var none *Array[uint8]
	for _, z := range []*Array[uint8]{&zero, none} {
		if z.Close() != nil || z.Slice() != nil || z.Len() != 0 || z.Shape() != nil || z.String() != "python.Array[uint8](closed)" {
			t.Errorf("zero: %v", z)
		}
	}
	for _, shape := range [][]int{{}, {0}, {3, 0}, {1}, {1, 1, 1, 1}} {
		z := newArray[complex64](t, shape...)
		n, _ := count(shape)
		if s := z.Slice(); s == nil || len(s) != n || z.Len() != n {
			t.Errorf("shape %v: %v", shape, s)
		}
	}
	for _, shape := range [][]int{{-1}, {3, -2}, {math.MaxInt >> 8, 1 << 8}, {math.MaxInt}, make([]int, 40)} {
		if z, err := NewArray[int8](shape...); err == nil {
			z.Close()
			t.Errorf("an Array of shape %v", shape)
		}
	}
	if _, err := ArrayOf([]int8{1, 2}, 3); err == nil || err.Error() != "python: 2 items do not fill an Array of shape (3,): it has 3" {
		t.Errorf("got %v", err)
	}
}

// What a worker sends is checked.
func TestArrayCorrupt(t *testing.T) {
	a := newArray[uint8](t, 100)
	s, err := a.m.retain()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	find := func(i uint64) (any, error) {
		switch i {
		case 0:
			return s, nil
		case 1:
			return "no memory", nil
		}
		return nil, errCorruptArray
	}
	shape := func(n ...any) pickle.Tuple { return n }
	for _, c := range []struct {
		id any
		ok bool
	}{
		{pickle.Tuple{"array", int64(0), "B", shape(int64(100)), int64(0)}, true},
		{pickle.Tuple{"array", int64(0), "d", shape(int64(2), int64(6)), int64(0)}, true},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(0)), int64(100)}, true},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(101)), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(100)), int64(1)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(1)), int64(-1)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(0)), int64(101)}, false},
		{pickle.Tuple{"array", int64(0), "d", shape(int64(1)), int64(4)}, false},
		{pickle.Tuple{"array", int64(0), "d", shape(int64(1) << 60), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "d", shape(int64(1)<<31, int64(1)<<31, int64(4)), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape(int64(-1)), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape("x"), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "z", shape(), int64(0)}, false},
		{pickle.Tuple{"array", int64(1), "B", shape(), int64(0)}, false},
		{pickle.Tuple{"array", int64(2), "B", shape(), int64(0)}, false},
		{pickle.Tuple{"array", int64(-1), "B", shape(), int64(0)}, false},
		{pickle.Tuple{"array", "0", "B", shape(), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), int64(1), shape(), int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "B", nil, int64(0)}, false},
		{pickle.Tuple{"array", int64(0), "B", shape()}, false},
		{pickle.Tuple{"other", int64(0), "B", shape(), int64(0)}, false},
		{nil, false}, {"array", false},
	} {
		cfg := pickle.Config{PersistentID: func(v reflect.Value) (any, bool, error) { return c.id, true, nil }}
		data, err := cfg.Marshal(&struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		var v any
		err = unmarshal(&codec.Decoder{Buf: data, Handles: find}, &v)
		if c.ok != (err == nil) || err != nil && !errors.Is(err, errCorruptArray) {
			t.Errorf("%s: %v", pickle.Repr(c.id), err)
		}
		if c.ok {
			v.(interface{ Close() error }).Close()
		}
		if err := unmarshal(&codec.Decoder{Buf: data}, &v); err == nil {
			t.Errorf("%s without memory", pickle.Repr(c.id))
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, _, err := openResult([]*os.File{r}); !errors.Is(err, errCorruptArray) {
		t.Errorf("a pipe is memory: %v", err)
	}
}

// Whatever a worker sends: no panic, and nothing outside of the memory that came
// with it.
func FuzzArrayResult(f *testing.F) {
	a := newArray[uint8](f, 100)
	s, err := a.m.retain()
	if err != nil {
		f.Fatal(err)
	}
	for _, id := range []any{
		pickle.Tuple{"array", 0, "d", pickle.Tuple{2, 3}, 8}, pickle.Tuple{"array", 0, "B", pickle.Tuple{math.MaxInt, 2}, 1},
		pickle.Tuple{"array", 1, "?", pickle.Tuple{}, -1}, nil,
	} {
		cfg := pickle.Config{PersistentID: func(v reflect.Value) (any, bool, error) { return id, true, nil }}
		data, err := cfg.Marshal(map[string]any{"A": &struct{}{}, "B": []any{&struct{}{}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v struct {
			A any
			B []*Array[float64]
		}
		find := func(i uint64) (any, error) {
			if i > 0 {
				return nil, errCorruptArray
			}
			return s, nil
		}
		if err := unmarshal(&codec.Decoder{Buf: data, Handles: find}, &v); err != nil {
			return
		}
		for _, b := range v.B {
			if b == nil {
				continue
			}
			if m := b.memory().bytes(); len(m) != 8*b.Len() || len(b.Slice()) != b.Len() {
				t.Fatalf("%v has %d bytes", b, len(m))
			}
			b.Close()
		}
	})
}
