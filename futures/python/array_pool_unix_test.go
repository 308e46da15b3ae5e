//go:build unix

package python_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// mappings counts this process's mappings of shared memory that Arrays have. It is
// 0 where there is no /proc.
func mappings(t testing.TB) (n int) {
	t.Helper()
	data, err := os.ReadFile("/proc/self/maps")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "memfd:conex (") || strings.Contains(line, "memfd:conex-array") {
			n++
		}
	}
	return n
}

// The suite's module and the functions for arrays, inline.
const arraySource = `
import conex_worker
import os

def double(x):
    for i in range(len(x)):
        x[i] = 2 * x[i]
    return x

def total(a, b=None, scale=1):
    return scale * (sum(a) + (sum(b) if b is not None else 0))

def nested(d):
    d["more"]["made"] = made = conex_worker.array("d", (2, 2))
    made[1, 1] = d["one"][0]
    d["text"] = "x" * d["size"]
    return d

def each(x):
    for i in range(len(x)):
        y = conex_worker.array("d", 1)
        y[0] = x[i]
        yield y

def die(x):
    x[0] = 7
    kept = conex_worker.array("d", 1000)
    os.kill(os.getpid(), 9)

class Model:
    def __init__(self, weights):
        self.weights = weights

    def apply(self, x):
        return sum(w * v for w, v in zip(self.weights, x))
`

type (
	floats    = python.Array[float64]
	totalArgs struct {
		A     *floats `python:",positional"`
		B     *floats `python:"b,omitempty"`
		Scale int     `python:"scale"`
	}
	nestedArg struct {
		One  *floats            `pickle:"one"`
		More map[string]*floats `pickle:"more"`
		Text string             `pickle:"text"`
		Size int                `pickle:"size"`
	}
)

var (
	arrayDouble  = python.Inline[*floats, *floats](arraySource, "double")
	arrayTotal   = python.Inline[totalArgs, float64](arraySource, "total")
	arrayTotal2  = python.Inline[python.Call, float64](arraySource, "total")
	arrayTotal3  = python.Inline[python.Args, any](arraySource, "total")
	arrayNested  = python.Inline[nestedArg, nestedArg](arraySource, "nested")
	arrayEach    = python.Inline[*floats, *floats](arraySource, "each")
	arrayDie     = python.Inline[*floats, any](arraySource, "die")
	arrayWrong   = python.Inline[*floats, *python.Array[float32]](arraySource, "double")
	arrayModel   = python.Inline[*floats, any](arraySource, "Model")
	arrayApply   = python.Method[*floats, float64]("apply")
	arrayBuiltin = python.Expr[*floats, float64]("max(x)")
)

func arrayOf(t testing.TB, s ...float64) *floats {
	t.Helper()
	a, err := python.ArrayOf(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// Arrays go wherever values go, through pools.
func TestArrayPool(t *testing.T) {
	for _, py := range suitePythons(t) {
		t.Run(py.name, func(t *testing.T) {
			leak.Check(t)
			maps := mappings(t)
			pool, err := python.NewPool(python.Config{Interpreter: py.path, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			a, b := arrayOf(t, 1, 2, 3), arrayOf(t, 10)
			back, err := futures.Submit(ctx, pool, arrayDouble, a).Result(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(a.Slice(), []float64{2, 4, 6}) || !slices.Equal(back.Slice(), a.Slice()) {
				t.Errorf("got %v, %v", a.Slice(), back.Slice())
			}
			back.Close()
			if n, err := futures.Submit(ctx, pool, arrayTotal, totalArgs{a, b, 2}).Result(ctx); n != 44 || err != nil {
				t.Errorf("struct: %v, %v", n, err)
			}
			if n, err := futures.Submit(ctx, pool, arrayTotal, totalArgs{A: a, Scale: 1}).Result(ctx); n != 12 || err != nil {
				t.Errorf("struct without one: %v, %v", n, err)
			}
			call := python.Call{Args: []any{a}, Kwargs: map[string]any{"b": b}}
			if n, err := futures.Submit(ctx, pool, arrayTotal2, call).Result(ctx); n != 22 || err != nil {
				t.Errorf("Call: %v, %v", n, err)
			}
			if n, err := futures.Submit(ctx, pool, arrayTotal3, python.Args{a, b, 3}).Result(ctx); n != 66. || err != nil {
				t.Errorf("Args: %v, %v", n, err)
			}
			if n, err := futures.Submit(ctx, pool, arrayBuiltin, a).Result(ctx); n != 6 || err != nil {
				t.Errorf("Expr: %v, %v", n, err)
			}
			// Within values, whose pickles are short and long.
			for _, size := range []int{3, 1 << 20} {
				in := nestedArg{a, map[string]*floats{"a": a, "none": nil}, strings.Repeat("y", size), size}
				out, err := futures.Submit(ctx, pool, arrayNested, in).Result(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if out.One != out.More["a"] || out.One.Slice()[0] != 2 || out.More["none"] != nil || len(out.Text) != size ||
					out.More["made"].Slice()[3] != 2 {
					t.Errorf("got %v of length %d", out.More, len(out.Text))
				}
				out.One.Close()
				out.More["made"].Close()
			}
			// As items of a Map and of a Stream.
			var in []*floats
			for i := range 100 {
				in = append(in, arrayOf(t, float64(i)))
			}
			i := 0
			for y, err := range futures.Map(ctx, pool, arrayDouble, slices.Values(in)) {
				if err != nil {
					t.Fatal(err)
				}
				if y.Slice()[0] != float64(2*i) || in[i].Slice()[0] != float64(2*i) {
					t.Errorf("item %d: %v", i, y.Slice())
				}
				y.Close()
				in[i].Close()
				i++
			}
			i = 0
			for y, err := range python.Stream(ctx, pool, arrayEach, a) {
				if err != nil {
					t.Fatal(err)
				}
				if y.Slice()[0] != a.Slice()[i] {
					t.Errorf("item %d: %v", i, y.Slice())
				}
				y.Close()
				i++
			}
			if i != 3 {
				t.Errorf("%d items", i)
			}
			// Objects keep theirs.
			o, err := python.NewObject(ctx, pool, arrayModel, a)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := futures.Submit(ctx, o, arrayApply, a).Result(ctx); n != 56 || err != nil {
				t.Errorf("object: %v, %v", n, err)
			}
			o.Close()
			// What is an array of numpy's for Python only goes as Python's pickle.
			if v, err := futures.Submit(ctx, pool, python.Expr[python.Args, any]("numpy.array(['a'])"), nil).Result(ctx); err == nil {
				if _, ok := v.(*pickle.Object); !ok {
					t.Errorf("an array of strings is %T", v)
				}
			} else if !strings.Contains(err.Error(), "numpy") {
				t.Errorf("an array of strings: %v", err)
			}
			// Errors.
			_, err = futures.Submit(ctx, pool, arrayWrong, a).Result(ctx)
			if !errors.As(err, new(*pickle.UnmarshalTypeError)) || !strings.Contains(err.Error(), "*python.Array[float64] does not fit *python.Array[float32]") {
				t.Errorf("another type: %v", err)
			}
			_, err = futures.Submit(ctx, pool, arrayDie, a).Result(ctx)
			if !errors.Is(err, futures.ErrWorkerDied) || a.Slice()[0] != 7 {
				t.Errorf("death: %v, %v", err, a.Slice())
			}
			b.Close()
			if _, err := futures.Submit(ctx, pool, arrayDouble, b).Result(ctx); !errors.Is(err, futures.ErrNotEncodable) || !errors.Is(err, os.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			pool.Close()
			a.Close()
			if n := mappings(t); n != maps {
				t.Errorf("%d mappings are left, there were %d", n, maps)
			}
		})
	}
}

// A thousand arrays, there and back, leave nothing with the pool's workers either:
// all memory can be used up by 4 MiB arrays otherwise.
func TestArrayPoolMany(t *testing.T) {
	leak.Check(t)
	maps := mappings(t)
	pool, err := python.NewPool(python.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := python.Expr[struct{}, int]("len(os.listdir('/proc/self/fd'))")
	var before int
	for i := range 1000 {
		a, err := python.NewArray[float64](3)
		if err != nil {
			t.Fatal(err)
		}
		y, err := futures.Submit(ctx, pool, arrayDouble, a).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		y.Close()
		a.Close()
		if i%100 != 99 || runtime.GOOS != "linux" {
			continue
		}
		n, err := futures.Submit(ctx, pool, open, struct{}{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if before == 0 {
			before = n
		} else if n > before+4 {
			t.Fatalf("after %d arrays the worker has %d descriptors, after 100 it had %d", i+1, n, before)
		}
		// The pool gives back its share of an argument after the result is there.
		for start := time.Now(); mappings(t) != maps; time.Sleep(time.Millisecond) {
			if time.Since(start) > 20*time.Second {
				t.Fatalf("after %d arrays there are %d mappings, before %d", i+1, mappings(t), maps)
			}
		}
	}
}
