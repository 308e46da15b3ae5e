package sharedctypes_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
	"github.com/conexgo/conex/threading"
)

// The cases of CPython's _TestValue, _TestArray and _TestSharedCTypes.

type plainValues struct {
	I *sharedctypes.RawValue[int32]
	D *sharedctypes.RawValue[float64]
	H *sharedctypes.RawValue[int16]
	Q *sharedctypes.RawValue[int64]
	C *sharedctypes.RawValue[byte]
}

type values struct {
	I *sharedctypes.Value[int32]
	D *sharedctypes.Value[float64]
	H *sharedctypes.Value[int16]
	Q *sharedctypes.Value[int64]
	C *sharedctypes.Value[byte]
}

var setValues = conex.Register("test/sharedctypes/setValues", func(ctx context.Context, v values) (none, error) {
	return none{}, errors.Join(v.I.Set(ctx, 24234), v.D.Set(ctx, -4.25), v.H.Set(ctx, 234), v.Q.Set(ctx, 1<<34), v.C.Set(ctx, 'y'))
})

var setPlain = conex.Register("test/sharedctypes/setPlain", func(ctx context.Context, v plainValues) (none, error) {
	v.I.Store(24234)
	v.D.Store(-4.25)
	v.H.Store(234)
	v.Q.Store(1 << 34)
	v.C.Store('y')
	return none{}, nil
})

func TestChildSetsValues(t *testing.T) {
	leak.Check(t)
	v := values{
		must[*sharedctypes.Value[int32]](t)(sharedctypes.NewValue[int32](4343)),
		must[*sharedctypes.Value[float64]](t)(sharedctypes.NewValue(3.625)),
		must[*sharedctypes.Value[int16]](t)(sharedctypes.NewValue[int16](-232)),
		must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](1 << 33)),
		must[*sharedctypes.Value[byte]](t)(sharedctypes.NewValue[byte]('x')),
	}
	p := plainValues{
		must[*sharedctypes.RawValue[int32]](t)(sharedctypes.Copy(v.I.Obj())),
		must[*sharedctypes.RawValue[float64]](t)(sharedctypes.Copy(v.D.Obj())),
		must[*sharedctypes.RawValue[int16]](t)(sharedctypes.Copy(v.H.Obj())),
		must[*sharedctypes.RawValue[int64]](t)(sharedctypes.Copy(v.Q.Obj())),
		must[*sharedctypes.RawValue[byte]](t)(sharedctypes.Copy(v.C.Obj())),
	}
	look := func(p plainValues) string {
		return fmt.Sprint(p.I.Load(), p.D.Load(), p.H.Load(), p.Q.Load(), p.C.Load())
	}
	inside := plainValues{v.I.Obj(), v.D.Obj(), v.H.Obj(), v.Q.Obj(), v.C.Obj()}
	const before, after = "4343 3.625 -232 8589934592 120", "24234 -4.25 234 17179869184 121"
	if a, b := look(p), look(inside); a != before || b != before {
		t.Error(a, b)
	}
	run(t, setValues.Bind(v))
	if a, b := look(p), look(inside); a != before || b != after {
		t.Error(a, b)
	}
	run(t, setPlain.Bind(p))
	if a := look(p); a != after {
		t.Error(a)
	}
}

type arrays struct {
	A *sharedctypes.Array[int32]
	R *sharedctypes.RawArray[int32]
}

var sums = conex.Register("test/sharedctypes/sums", func(ctx context.Context, a arrays) (none, error) {
	for i := 1; i < a.R.Len(); i++ {
		before, err := a.A.At(ctx, i-1)
		_, err2 := a.A.Update(ctx, i, func(n int32) int32 { return n + before })
		x, err3 := a.R.At(i - 1)
		y, err4 := a.R.At(i)
		if err := errors.Join(err, err2, err3, err4, a.R.SetAt(i, x+y)); err != nil {
			return none{}, err
		}
	}
	return none{}, nil
})

func TestChildChangesArrays(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	seq := []int32{680, 626, 934, 821, 150, 233, 548, 982, 714, 831}
	a := arrays{
		must[*sharedctypes.Array[int32]](t)(sharedctypes.NewArrayFrom(seq)),
		must[*sharedctypes.RawArray[int32]](t)(sharedctypes.NewRawArrayFrom(seq)),
	}
	check := func(want []int32, i, j int) {
		t.Helper()
		s, err := a.A.Slice(ctx, i, j)
		r, err2 := a.R.Slice(i, j)
		if !slices.Equal(s, want) || !slices.Equal(r, want) || err != nil || err2 != nil {
			t.Errorf("%v, %v, want %v", s, r, want)
		}
	}
	check(seq[2:7], 2, 7)
	copy(seq[4:8], []int32{1, 2, 3, 4})
	if err := errors.Join(a.A.SetSlice(ctx, 4, seq[4:8]), a.R.SetSlice(4, seq[4:8])); err != nil {
		t.Error(err)
	}
	check(seq, 0, 10)
	for i := 1; i < len(seq); i++ {
		seq[i] += seq[i-1]
	}
	run(t, sums.Bind(a))
	check(seq, 0, 10)
}

type foo struct {
	X int32
	Y float64
	Z int64
}

type many struct {
	X   *sharedctypes.Value[int32]
	Y   *sharedctypes.Value[float64]
	Z   *sharedctypes.Value[int64]
	Foo *sharedctypes.Value[foo]
	Arr *sharedctypes.Array[float64]
	Str *sharedctypes.String
	// The same without locks, nested.
	Raw []map[string]*sharedctypes.RawValue[foo]
	RS  *sharedctypes.RawString
	Nil *sharedctypes.Value[foo]
}

func twice[T sharedctypes.Number](x T) T { return 2 * x }

var double = conex.Register("test/sharedctypes/double", func(ctx context.Context, m many) (none, error) {
	_, err := m.X.Update(ctx, twice)
	_, err2 := m.Y.Update(ctx, twice)
	_, err3 := m.Z.Update(ctx, twice)
	err4 := m.Foo.With(ctx, func(f *foo) error { f.X *= 2; f.Y *= 2; return nil })
	err5 := m.Arr.With(ctx, func(s []float64) error {
		for i := range s {
			s[i] *= 2
		}
		return nil
	})
	b, err6 := m.Str.Value(ctx)
	err7 := m.Str.SetValue(ctx, append(b, b...))
	m.Raw[0]["foo"].Use(func(f *foo) { f.X *= 2; f.Y *= 2 })
	r := m.RS.Value()
	err8 := m.RS.SetValue(append(r, r...))
	if m.Nil != nil {
		err = errors.New("nil arrived as something")
	}
	return none{}, errors.Join(err, err2, err3, err4, err5, err6, err7, err8)
})

func TestChildDoubles(t *testing.T) {
	leak.Check(t)
	ctx := t.Context()
	m := many{
		X:   must[*sharedctypes.Value[int32]](t)(sharedctypes.NewValue[int32](7)),
		Y:   must[*sharedctypes.Value[float64]](t)(sharedctypes.NewValue(1.0 / 3.0)),
		Z:   must[*sharedctypes.Value[int64]](t)(sharedctypes.NewValue[int64](1 << 33)),
		Foo: must[*sharedctypes.Value[foo]](t)(sharedctypes.NewValue(foo{3, 2, 1 << 40})),
		Arr: must[*sharedctypes.Array[float64]](t)(sharedctypes.NewArrayFrom([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})),
		Str: must[*sharedctypes.String](t)(sharedctypes.NewString(20)),
		RS:  must[*sharedctypes.RawString](t)(sharedctypes.NewRawString(20)),
	}
	f := must[*sharedctypes.RawValue[foo]](t)(sharedctypes.Copy(m.Foo.Obj()))
	m.Raw = []map[string]*sharedctypes.RawValue[foo]{{"foo": f}}
	if err := errors.Join(m.Str.SetValue(ctx, []byte("hello")), m.RS.SetValue([]byte("bye"))); err != nil {
		t.Fatal(err)
	}
	run(t, double.Bind(m))
	want := foo{6, 4, 1 << 40}
	if m.X.Load() != 14 || m.Y.Load() != 2.0/3.0 || m.Z.Load() != 1<<34 || m.Foo.Load() != want || f.Load() != want {
		t.Error(m.X, m.Y, m.Z, m.Foo, f)
	}
	for i, x := range m.Arr.Obj().All() {
		if x != float64(2*i) {
			t.Error(i, x)
		}
	}
	if b, err := m.Str.Value(ctx); string(b) != "hellohello" || err != nil || string(m.RS.Value()) != "byebye" {
		t.Errorf("%q, %q, %v", b, m.RS.Value(), err)
	}
}

type counters struct {
	Locked *sharedctypes.Value[int]
	RLock  *sharedctypes.Value[wide]
	Atomic *sharedctypes.RawValue[int64]
	Float  *sharedctypes.RawValue[float64]
	Small  *sharedctypes.RawArray[uint8] // neighbours, one a worker
	I, N   int
}

var count = conex.Register("test/sharedctypes/count", func(ctx context.Context, c counters) (none, error) {
	own, err := c.Small.Elem(c.I)
	if err != nil {
		return none{}, err
	}
	ctx, leave := threading.Adopt(ctx)
	defer leave()
	for range c.N {
		_, err := c.Locked.Update(ctx, func(n int) int { return n + 1 })
		err2 := c.RLock.With(ctx, func(w *wide) error { w.A++; w.B--; w.C += 2; return nil })
		if err := errors.Join(err, err2); err != nil {
			return none{}, err
		}
		sharedctypes.Add(c.Atomic, 1)
		sharedctypes.Add(c.Float, 1)
		sharedctypes.Add(own, 1)
	}
	return none{}, nil
})

// Several processes with several goroutines each lose no count, by whichever
// way they count.
func TestExactCounts(t *testing.T) {
	leak.Check(t)
	const tasks, each = 8, 2000
	ctx := within(t, 60*time.Second)
	pool, err := process.NewPool(process.Config{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rl := must[*mp.RLock](t)(mp.NewRLock())
	c := counters{
		Locked: must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(0)),
		RLock:  must[*sharedctypes.Value[wide]](t)(sharedctypes.NewValue(wide{}, sharedctypes.WithRLock(rl))),
		Atomic: must[*sharedctypes.RawValue[int64]](t)(sharedctypes.NewRawValue[int64](0)),
		Float:  must[*sharedctypes.RawValue[float64]](t)(sharedctypes.NewRawValue(0.0)),
		Small:  must[*sharedctypes.RawArray[uint8]](t)(sharedctypes.NewRawArray[uint8](tasks)),
		N:      each,
	}
	var fs []*futures.Future[none]
	for i := range tasks {
		c.I = i
		fs = append(fs, futures.Submit(ctx, pool, count, c))
	}
	if _, err := count.Call(ctx, c); err != nil { // this process, too; it shares an element with the last task
		t.Error(err)
	}
	for _, f := range fs {
		if _, err := f.Result(ctx); err != nil {
			t.Error(err)
		}
	}
	const all = (tasks + 1) * each
	if n := c.Locked.Load(); n != all {
		t.Errorf("%d under a lock, not %d", n, all)
	}
	if w := c.RLock.Load(); w != (wide{all, -all, 2 * all}) {
		t.Errorf("%v under an RLock", w)
	}
	if n := c.Atomic.Load(); n != all {
		t.Errorf("%d added", n)
	}
	if n := c.Float.Load(); n != all {
		t.Errorf("%v added as floats", n)
	}
	want := slices.Repeat([]uint8{each % 256}, tasks)
	want[tasks-1] = 2 * each % 256
	if s, _ := c.Small.Slice(0, tasks); !reflect.DeepEqual(s, want) {
		t.Errorf("%v added as bytes, want %v", s, want)
	}
}

var giveBack = conex.Register("test/sharedctypes/giveBack", func(ctx context.Context, a *sharedctypes.Array[point]) (*sharedctypes.RawValue[point], error) {
	made, err := sharedctypes.NewRawArrayFrom([]point{{1, 2}, {3, 4}})
	if err != nil {
		return nil, err
	}
	if err := a.SetAt(ctx, 0, point{5, 6}); err != nil {
		return nil, err
	}
	return made.Elem(1)
})

// A child makes an object and returns it: it outlives the child.
func TestFromChild(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 30*time.Second)
	pool, err := process.NewPool(process.Config{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	a := must[*sharedctypes.Array[point]](t)(sharedctypes.NewArray[point](1))
	p, err := futures.Submit(ctx, pool, giveBack, a).Result(ctx)
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	if x, err := a.At(ctx, 0); x != (point{5, 6}) || err != nil || p.Load() != (point{3, 4}) {
		t.Error(x, err, p)
	}
}
