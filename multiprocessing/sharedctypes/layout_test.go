package sharedctypes_test

import (
	"encoding/json"
	"errors"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

func refused[T any](t *testing.T, path, reason string) {
	t.Helper()
	var zero T
	_, err := sharedctypes.NewValue(zero)
	var te *sharedctypes.TypeError
	if !errors.Is(err, sharedctypes.ErrNotFixed) || !errors.As(err, &te) {
		t.Errorf("%T: %v", zero, err)
		return
	}
	if te.Path != path || !strings.Contains(te.Reason, reason) || te.Type != reflect.TypeFor[T]() || !strings.Contains(te.Error(), path) {
		t.Errorf("%v: %v at %q, want %q at %q", te.Type, te, te.Path, reason, path)
	}
	if _, err := sharedctypes.NewArray[T](3); !errors.Is(err, sharedctypes.ErrNotFixed) {
		t.Errorf("an array of %v: %v", te.Type, err)
	}
	if _, err := sharedctypes.NewRawArrayFrom([]T{zero}); !errors.Is(err, sharedctypes.ErrNotFixed) {
		t.Errorf("a raw array of %v: %v", te.Type, err)
	}
}

type (
	inner  struct{ Name string }
	outer  struct{ Rows [2][3]inner }
	hidden struct {
		_ int32
		p *int //lint:ignore U1000 it is looked at by reflection
	}
)

// Types that have pointers, however deep, are refused, and the part is named.
func TestRefused(t *testing.T) {
	refused[string](t, "", "[N]byte")
	refused[[]int](t, "", "[N]T")
	refused[*int](t, "", "address")
	refused[uintptr](t, "", "address")
	refused[unsafe.Pointer](t, "", "address")
	refused[map[int]int](t, "", "memory of one process")
	refused[chan int](t, "", "memory of one process")
	refused[func()](t, "", "memory of one process")
	refused[any](t, "", "memory of one process")
	refused[error](t, "", "memory of one process")
	refused[struct{}](t, "", "no bytes")
	refused[[0]int32](t, "", "no bytes")
	refused[inner](t, ".Name", "[N]byte")
	refused[outer](t, ".Rows[][].Name", "[N]byte")
	refused[hidden](t, ".p", "address")
	refused[time.Time](t, ".loc", "address")
	refused[sync.Mutex](t, "", "lock of a Value")
	refused[struct {
		N  int
		mu sync.Mutex
	}](t, ".mu", "lock of a Value")
	refused[atomic.Pointer[int]](t, ".v", "address")
	refused[reflect.Value](t, ".typ_", "address")
	refused[[2]any](t, "[]", "memory of one process")
}

// accepted stores a value and looks at it through other eyes.
func accepted[T comparable](t *testing.T, x T) {
	t.Helper()
	v, err := sharedctypes.NewValue(x)
	if err != nil {
		t.Errorf("%T: %v", x, err)
		return
	}
	a, err := sharedctypes.NewArray[T](3)
	if err != nil {
		t.Errorf("%T: %v", x, err)
		return
	}
	ctx := t.Context()
	if y, err := v.Get(ctx); y != x || err != nil {
		t.Errorf("%T: %v, %v", x, y, err)
	}
	if err := a.SetAt(ctx, 1, x); err != nil {
		t.Error(err)
	}
	var zero T
	if s, err := a.Slice(ctx, 0, 3); err != nil || s[0] != zero || s[1] != x || s[2] != zero {
		t.Errorf("%T: %v, %v", x, s, err)
	}
	if v.Size() != int(unsafe.Sizeof(x)) || a.Size() != 3*v.Size() {
		t.Errorf("%T has %d bytes, 3 of them %d", x, v.Size(), a.Size())
	}
	l := newLocal(t)
	y := send(l, v)
	if y.Load() != x {
		t.Errorf("%T arrived as %v", x, y.Load())
	}
}

func TestAccepted(t *testing.T) {
	accepted(t, true)
	accepted(t, int8(-3))
	accepted(t, int16(-300))
	accepted(t, int32(-3e9/2))
	accepted(t, int64(1)<<62)
	accepted(t, -7)
	accepted(t, uint8(200))
	accepted(t, uint16(60000))
	accepted(t, uint32(4e9))
	accepted(t, ^uint64(0))
	accepted(t, uint(7))
	accepted(t, float32(1.5))
	accepted(t, -2.25)
	accepted(t, complex64(1+2i))
	accepted(t, 3-4i)
	accepted(t, [3]byte{1, 2, 3})
	accepted(t, [5]int16{1, 2, 3, 4, 5})
	accepted(t, time.Second)
	accepted(t, struct {
		a byte
		B int64
		_ [3]byte
		c struct{ d, e float32 }
		f [2]bool
	}{a: 1, B: 2, f: [2]bool{true, false}})
}

// Bytes that are no bool, written by another program, do no harm.
func TestBools(t *testing.T) {
	type flags struct {
		A   bool
		N   int16
		All [3]struct{ X, Y bool }
	}
	raw := must[*sharedctypes.RawArray[flags]](t)(sharedctypes.NewRawArray[flags](2))
	a := must[*sharedctypes.Array[flags]](t)(sharedctypes.SynchronizedArray(raw))
	spoil := func() {
		raw.Use(func(s []flags) {
			b := unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), raw.Size())
			for i := range b {
				b[i] = 0xfe
			}
		})
	}
	check := func(how string, f flags) {
		t.Helper()
		for i, b := range []bool{f.A, f.All[0].X, f.All[2].Y} {
			if n := *(*byte)(unsafe.Pointer(&b)); n != 1 {
				t.Errorf("%s: bool %d is %d", how, i, n)
			}
		}
		if f.N != -0x102 {
			t.Errorf("%s: the number is %x", how, f.N)
		}
	}
	ctx := t.Context()
	spoil()
	x, err := raw.At(1)
	check("At", x)
	spoil()
	s, err2 := a.Slice(ctx, 0, 2)
	check("Slice", s[1])
	spoil()
	err3 := a.With(ctx, func(s []flags) error { check("With", s[0]); return nil })
	e, err4 := raw.Elem(1)
	spoil()
	e.Use(func(p *flags) { check("Use", *p) })
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Error(err)
	}
	one := must[*sharedctypes.RawValue[bool]](t)(sharedctypes.NewRawValue(false))
	one.Use(func(p *bool) { *(*byte)(unsafe.Pointer(p)) = 6 })
	if b := one.Load(); *(*byte)(unsafe.Pointer(&b)) != 1 {
		t.Error("a bool of 6")
	}
}

// python finds a CPython 3, the newest that pyenv has or the one in PATH, that
// was built for the same kind of machine as this test.
func python(t *testing.T) string {
	found := cpython.Versions(8, 99)
	slices.Reverse(found)
	for _, p := range append(found, "python3") {
		out, err := exec.CommandContext(within(t, 30*time.Second), p, "-c", "import ctypes; print(ctypes.sizeof(ctypes.c_void_p))").Output()
		if err == nil && strings.TrimSpace(string(out)) == strconv.Itoa(strconv.IntSize/8) {
			return p
		}
	}
	t.Skipf("no CPython 3 of %d bits on this machine to compare layouts with", strconv.IntSize)
	return ""
}

// cStruct describes a Go struct as fields of a ctypes.Structure: pairs of a
// name and a type, which is a name of ctypes, [type, length], or fields.
func cStruct(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Struct:
		fields := [][2]any{}
		for i := range t.NumField() {
			fields = append(fields, [2]any{t.Field(i).Name, cStruct(t.Field(i).Type)})
		}
		return map[string]any{"fields": fields}
	case reflect.Array:
		return []any{cStruct(t.Elem()), t.Len()}
	case reflect.Float32:
		return "c_float"
	case reflect.Float64:
		return "c_double"
	case reflect.Bool:
		return "c_bool"
	case reflect.Int, reflect.Uint:
		return "c_ssize_t"
	}
	return "c_" + t.Kind().String()
}

// offsets lists size and offsets of all parts of t, fields and first elements.
func offsets(t reflect.Type, off uintptr, list []int) []int {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			list = append(list, int(off+t.Field(i).Offset), int(t.Field(i).Type.Size()))
			list = offsets(t.Field(i).Type, off+t.Field(i).Offset, list)
		}
	case reflect.Array:
		list = offsets(t.Elem(), off, list)
	}
	return list
}

const askLayout = `
import ctypes, json, sys
def build(d):
    if isinstance(d, str): return getattr(ctypes, d)
    if isinstance(d, list): return build(d[0]) * d[1]
    return type("S", (ctypes.Structure,), {"_fields_": [(n, build(f)) for n, f in d["fields"]]})
def offsets(t, off, out):
    if hasattr(t, "_fields_"):
        for name, f in t._fields_:
            at = off + getattr(t, name).offset
            out += [at, ctypes.sizeof(f)]
            offsets(f, at, out)
    elif hasattr(t, "_length_"):
        offsets(t._type_, off, out)
    return out
print(json.dumps([[ctypes.sizeof(t)] + offsets(t, 0, []) for t in map(build, json.load(sys.stdin))]))
`

// Go lays structs out as C does, padding included: a real ctypes.Structure
// of the same fields has the same size and offsets.
func TestStructsAsC(t *testing.T) {
	py := python(t)
	types := []reflect.Type{
		reflect.TypeFor[point](),
		reflect.TypeFor[struct{ A int8 }](),
		reflect.TypeFor[struct {
			A int8
			B int16
			C int8
		}](),
		reflect.TypeFor[struct {
			A uint8
			B float64
			C uint8
			D float32
			E uint16
		}](),
		reflect.TypeFor[struct {
			X int32
			Y float64
			Z int64
		}](),
		reflect.TypeFor[struct {
			A [3]uint8
			B [2]int32
			C [5]struct {
				D int16
				E uint8
			}
			F int64
		}](),
		reflect.TypeFor[struct {
			A bool
			B struct {
				C bool
				D struct{ E int64 }
			}
			F bool
		}](),
		reflect.TypeFor[struct {
			A int
			B uint32
			C uint
		}](),
	}
	want := [][]int{}
	ask := []any{}
	for _, typ := range types {
		want = append(want, offsets(typ, 0, []int{int(typ.Size())}))
		ask = append(ask, cStruct(typ))
	}
	in, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t, 30*time.Second), py, "-c", askLayout)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got [][]int
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i := range types {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%v: %v in Python, %v here", types[i], got[i], want[i])
		}
	}
}

// The codes have C's sizes, as Python has them.
func TestCodesAsC(t *testing.T) {
	py := python(t)
	out, err := exec.CommandContext(within(t, 30*time.Second), py, "-c", `
import ctypes, json
from multiprocessing.sharedctypes import typecode_to_type as t
print(json.dumps({k: ctypes.sizeof(v) for k, v in t.items()}))`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var sizes map[string]int
	if err := json.Unmarshal(out, &sizes); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != len(sharedctypes.Codes()) {
		t.Errorf("Python has %d codes", len(sizes))
	}
	for k, n := range sizes {
		if c := sharedctypes.Code(k[0]); c.Size() != n {
			t.Errorf("%v has %d bytes, in Python %d", c, c.Size(), n)
		}
	}
}
