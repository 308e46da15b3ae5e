package python

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/pickle"
)

// everyType sends one Array of each type, adds one to what is there, and gets it
// back.
func everyType[T Number](t *testing.T, p *arrayPeer, numpy bool, format string, one, two T) {
	a := newArray[T](t, 3)
	a.Slice()[1] = one
	// What is of complex numbers is pairs in a memoryview.
	_, complex64s := any(one).(complex64)
	_, complex128s := any(one).(complex128)
	pairs := complex64s || complex128s
	if !pairs {
		var back *Array[T]
		p.run(fmt.Sprintf("x[2] = type(x[0])(2)\ny = x if x.format == %q and x.shape == (3,) and x[1] == 1 and not x.readonly else (x.format, x.shape, x[1])", format), a, &back)
		defer back.Close()
		if !slices.Equal(back.Slice(), []T{*new(T), one, two}) || a.Slice()[2] != two {
			t.Errorf("%T: %v", one, back.Slice())
		}
		back.Slice()[0] = one // it is the same memory
		if a.Slice()[0] != one {
			t.Errorf("%T: it was copied", one)
		}
		var made any
		p.run(fmt.Sprintf("array(%q, (2, 2))", format), nil, &made)
		if m, ok := made.(*Array[T]); !ok || !slices.Equal(m.Shape(), []int{2, 2}) || m.Slice()[3] != *new(T) {
			t.Errorf("%T: made %v", one, made)
		} else {
			m.Close()
		}
	} else {
		var flat any
		p.run(fmt.Sprintf("x if x.format == %q and x.shape == (3, 2) and x[1, 0] == 1 else None", format), a, &flat)
		if f, ok := flat.(interface{ Close() error }); !ok {
			t.Errorf("%T is %v", one, flat)
		} else {
			f.Close()
		}
	}
	if !numpy {
		return
	}
	var back *Array[T]
	p.run("x[2] = 2\ny = x if type(x).__name__ == 'ndarray' and x[1] == 1 and x.flags.writeable and x.shape == (3,) else x.dtype", NumPy(a), &back)
	defer back.Close()
	if back.Slice()[2] != two || a.Slice()[2] != two {
		t.Errorf("numpy, %T: %v", one, back.Slice())
	}
	var made any
	p.run("ndarray((2, 2), x.dtype)", NumPy(a), &made)
	if m, ok := made.(*Array[T]); !ok || !slices.Equal(m.Shape(), []int{2, 2}) {
		t.Errorf("numpy, %T: made %v", one, made)
	} else {
		m.Close()
	}
}

func TestArrayTypes(t *testing.T) {
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		_, has := arrayPythons(t)
		numpy := has[p.cmd.Path]
		everyType(t, p, numpy, "b", int8(1), 2)
		everyType(t, p, numpy, "h", int16(1), 2)
		everyType(t, p, numpy, "i", int32(1), 2)
		everyType(t, p, numpy, "q", int64(1), 2)
		everyType(t, p, numpy, "B", uint8(1), 2)
		everyType(t, p, numpy, "H", uint16(1), 2)
		everyType(t, p, numpy, "I", uint32(1), 2)
		everyType(t, p, numpy, "Q", uint64(1), 2)
		everyType(t, p, numpy, "f", float32(1), 2)
		everyType(t, p, numpy, "d", float64(1), 2)
		everyType(t, p, numpy, "?", true, true)
		everyType(t, p, numpy, "f", complex64(1), 2)
		everyType(t, p, numpy, "d", complex128(1), 2)
	})
}

type picture struct {
	Name   string
	Pixels *Array[uint8]
	Layers []*Array[float32]
	ByName map[string]*Array[uint8]
	None   *Array[int8]
	Any    any
}

// Arrays travel anywhere in a value, and what is one stays one.
func TestArrayNested(t *testing.T) {
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		a, b, c := newArray[uint8](t, 4, 4), newArray[float32](t, 2), newArray[int64](t)
		a.Slice()[5], b.Slice()[1], c.Slice()[0] = 9, 1.5, 42
		in := picture{"p", a, []*Array[float32]{b, nil, b}, map[string]*Array[uint8]{"a": a}, nil, c}
		var ok bool
		p.run("x['Pixels'].shape == (4, 4) and x['Pixels'][1, 1] == 9 and x['Layers'][1] is None and x['Layers'][2][1] == 1.5"+
			" and x['Any'][()] == 42 and x['None'] is None and x['Any'].ndim == 0", in, &ok)
		if !ok {
			t.Error("Python has other values")
		}
		var out picture
		p.run("x['Name'] += '!'\nx['ByName']['b'] = x['Pixels']\nx['Pixels'][0, 0] = 7\ny = x", in, &out)
		if out.Name != "p!" || out.Pixels.Slice()[0] != 7 || out.Pixels.Slice()[5] != 9 || out.ByName["b"] != out.Pixels || a.Slice()[0] != 7 ||
			out.Layers[1] != nil || out.Layers[0].Slice()[1] != 1.5 || out.None != nil || out.Any.(*Array[int64]).Slice()[0] != 42 {
			t.Errorf("got %+v", out)
		}
		for _, x := range []interface{ Close() error }{out.Pixels, out.ByName["a"], out.Layers[0], out.Layers[2], out.Any.(*Array[int64])} {
			x.Close()
		}
		// Parts of a view: those in one piece are parts, others copies.
		var parts []any
		p.run("[x[1:3], x.cast('B')[3:7], x.cast('B')[::2], x.cast('B')[4:8].cast('i'), x.toreadonly()]", a, &parts)
		rows, bytes, copied, number := parts[0].(*Array[uint8]), parts[1].(*Array[uint8]), parts[2].(*Array[uint8]), parts[3].(*Array[int32])
		a.Slice()[4], a.Slice()[6] = 77, 0
		if !slices.Equal(rows.Shape(), []int{2, 4}) || rows.Slice()[0] != 77 || bytes.Slice()[1] != 77 || copied.Slice()[2] == 77 || copied.Len() != 8 ||
			number.Slice()[0]&255 != 77 {
			t.Errorf("got %v: %v %v %v %v", parts, rows.Slice(), bytes.Slice(), copied.Slice(), number.Slice())
		}
		for _, x := range parts {
			x.(interface{ Close() error }).Close()
		}
		// Any memoryview, and empty ones.
		var other []*Array[uint8]
		p.run("[memoryview(b'abc'), memoryview(bytearray(b'defg'))[1:], memoryview(b''), array('B', 0), array('B', (0, 3)), memoryview(b'abcdef')[::-2]]", nil, &other)
		var got []string
		for _, o := range other {
			got = append(got, string(o.Slice()))
			o.Close()
		}
		if !slices.Equal(got, []string{"abc", "efg", "", "", "", "fdb"}) {
			t.Errorf("got %q", got)
		}
		for _, shape := range [][]int{{0}, {0, 3}, {3, 0}} {
			var n int
			p.run("len(x)", newArray[float64](t, shape...), &n)
			if n != 0 {
				t.Errorf("shape %v has %d", shape, n)
			}
		}
	})
}

// With numpy.
func TestArrayNumPy(t *testing.T) {
	withPythons(t, true, func(t *testing.T, p *arrayPeer) {
		a := newArray[float64](t, 3, 4)
		for i := range a.Slice() {
			a.Slice()[i] = float64(i)
		}
		var sum float64
		p.run("float(x.sum())", NumPy(a), &sum)
		if sum != 66 {
			t.Errorf("the sum is %v", sum)
		}
		type job struct {
			M    NDArray[float64]
			None NDArray[int8]
			V    *Array[float64]
		}
		var ok bool
		p.run("x['M'].shape == (3, 4) and x['None'] is None and type(x['V']) is memoryview", job{M: NumPy(a), V: a}, &ok)
		if !ok {
			t.Error("Python has other values")
		}
		var out []*Array[float64]
		p.run("[x, x[1:], x.T, x * 2, x[:, 1], x[1], x.astype('>f8')]", NumPy(a), &out)
		a.Slice()[4] = -1
		if out[0].Slice()[4] != -1 || out[1].Slice()[0] != -1 || !slices.Equal(out[2].Shape(), []int{4, 3}) || out[2].Slice()[1] != 4 ||
			out[3].Slice()[4] != 8 || !slices.Equal(out[4].Slice(), []float64{1, 5, 9}) || out[5].Slice()[0] != -1 || out[6].Slice()[5] != 5 {
			t.Errorf("got %v", out)
		}
		for _, o := range out {
			o.Close()
		}
		var whole *Array[complex128]
		p.run("import numpy\ny = numpy.fft.fft(numpy.ones(4))", nil, &whole)
		if !slices.Equal(whole.Slice(), []complex128{4, 0, 0, 0}) {
			t.Errorf("got %v", whole.Slice())
		}
		whole.Close()
		// A scalar is none, and other types are pickled as Python does it.
		var objects []any
		p.run("import numpy\ny = [numpy.array(['a']), numpy.array([1], object), numpy.float64(1.5).item(), numpy.ones(2, 'f2')]", nil, &objects)
		for i, o := range objects {
			if _, isObject := o.(*pickle.Object); isObject == (i == 2) {
				t.Errorf("item %d: %T", i, o)
			}
		}
		var none *Array[float32]
		err := p.fails("x", NumPy(a), &none)
		if u, ok := errors.AsType[*pickle.UnmarshalTypeError](err); !ok || err.Error() != "pickle: *python.Array[float64] does not fit *python.Array[float32]" || none != nil {
			t.Errorf("another type: %v, %v", err, u)
		}
		err = p.fails("ndarray(3, 'f2')", nil, &none)
		if !strings.Contains(err.Error(), "TypeError: no Array has the type") {
			t.Errorf("got %v", err)
		}
	})
}

func TestArrayErrors(t *testing.T) {
	withPythons(t, false, func(t *testing.T, p *arrayPeer) {
		for expr, want := range map[string]string{
			"array('e', 1)":          "ValueError: no Array has the format 'e'",
			"array('D', 1)":          "ValueError: no Array has the format 'D'",
			"array('b', -1)":         "ValueError: negative dimensions",
			"array('b', 1.5)":        "TypeError",
			"[threading.Lock()]":     "TypeError: cannot pickle",
			"memoryview(b'x')[:0].z": "AttributeError",
		} {
			var v any
			if err := p.fails(expr, nil, &v); !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", expr, err)
			}
		}
		a := newArray[float64](t, 3)
		var wrong map[string]*Array[int64]
		if err := p.fails("{'a': x}", a, &wrong); err.Error() != `pickle: at ["a"]: *python.Array[float64] does not fit *python.Array[int64]` {
			t.Errorf("got %v", err)
		}
		var list []float64
		if err := p.fails("x", a, &list); err.Error() != "pickle: *python.Array[float64] does not fit []float64" {
			t.Errorf("got %v", err)
		}
		if err := p.start("x", []any{a, *newArray[int8](t), make(chan int)}); err == nil {
			t.Error("a channel was pickled")
		}
		if err := marshal(&codec.Encoder{NoHandles: true}, a); !errors.Is(err, errNoHandles) {
			t.Errorf("got %v", err)
		}
	})
}
