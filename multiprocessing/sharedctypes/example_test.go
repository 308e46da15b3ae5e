package sharedctypes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
	"github.com/conexgo/conex/threading"
)

// In a program the first line of main is conex.Main(run), and ctx is what run
// was given; here TestMain calls conex.Init.
var ctx = context.Background()

type numbers struct {
	Num *sharedctypes.Value[float64]
	Arr *sharedctypes.Array[int32]
}

var negate = conex.Register("example/negate", func(ctx context.Context, n numbers) (none, error) {
	err := n.Num.Set(ctx, 3.1415927)
	return none{}, errors.Join(err, n.Arr.With(ctx, func(s []int32) error {
		for i := range s {
			s[i] = -s[i]
		}
		return nil
	}))
})

// A child sets a number and changes an array; the parent sees it.
func Example() {
	num, err := sharedctypes.NewValue(0.0)
	if err != nil {
		fmt.Println(err)
		return
	}
	arr, err := sharedctypes.NewArrayFrom([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := mp.Go(ctx, negate.Bind(numbers{num, arr}))
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Join(ctx)

	fmt.Println(num.Get(ctx))
	fmt.Println(arr.Slice(ctx, 0, arr.Len()))
	// Output:
	// 3.1415927 <nil>
	// [0 -1 -2 -3 -4 -5 -6 -7 -8 -9] <nil>
}

type point struct{ X, Y float64 }

type everything struct {
	N *sharedctypes.Value[int32]
	X *sharedctypes.RawValue[float64]
	S *sharedctypes.String
	A *sharedctypes.Array[point]
}

var modify = conex.Register("example/modify", func(ctx context.Context, v everything) (none, error) {
	_, err := v.N.Update(ctx, func(n int32) int32 { return n * n })
	if err != nil {
		return none{}, err
	}
	x := v.X.Load()
	v.X.Store(x * x)

	s, err := v.S.Value(ctx)
	if err != nil {
		return none{}, err
	}
	if err := v.S.SetValue(ctx, bytes.ToUpper(s)); err != nil {
		return none{}, err
	}
	return none{}, v.A.With(ctx, func(points []point) error {
		for i := range points {
			p := &points[i]
			p.X, p.Y = p.X*p.X, p.Y*p.Y
		}
		return nil
	})
})

// The example of Python's sharedctypes: one lock for several objects, one object
// without, strings and structs.
func Example_modify() {
	lock, err := mp.NewLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	var v everything
	var errs [4]error
	v.N, errs[0] = sharedctypes.NewValue[int32](7)
	v.X, errs[1] = sharedctypes.NewRawValue(1.0 / 3.0)
	v.S, errs[2] = sharedctypes.NewStringFrom([]byte("hello world"), sharedctypes.WithLock(lock))
	v.A, errs[3] = sharedctypes.NewArrayFrom([]point{{1.875, -6.25}, {-5.75, 2.0}, {2.375, 9.5}}, sharedctypes.WithLock(lock))
	if err := errors.Join(errs[:]...); err != nil {
		fmt.Println(err)
		return
	}
	p, err := mp.Go(ctx, modify.Bind(v))
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Join(ctx)

	fmt.Println(v.N.Load())
	fmt.Println(v.X.Load())
	s, _ := v.S.Value(ctx)
	fmt.Printf("%s\n", s)
	fmt.Println(v.A.Slice(ctx, 0, v.A.Len()))
	// Output:
	// 49
	// 0.1111111111111111
	// HELLO WORLD
	// [{3.515625 39.0625} {33.0625 4} {5.640625 90.25}] <nil>
}

var increment = conex.Register("example/increment", func(ctx context.Context, v *sharedctypes.Value[int]) (none, error) {
	for range 1000 {
		if _, err := v.Update(ctx, func(n int) int { return n + 1 }); err != nil {
			return none{}, err
		}
	}
	return none{}, nil
})

// Four processes count together. Between reading and writing nobody comes in:
// no count is lost.
func ExampleValue_Update() {
	v, err := sharedctypes.NewValue(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	var ps [4]*mp.Process
	for i := range ps {
		if ps[i], err = mp.Go(ctx, increment.Bind(v)); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, p := range ps {
		p.Join(ctx)
	}
	fmt.Println(v.Get(ctx))
	// Output: 4000 <nil>
}

var add = conex.Register("example/add", func(_ context.Context, v *sharedctypes.RawValue[int64]) (none, error) {
	for range 1000 {
		sharedctypes.Add(v, 1)
	}
	return none{}, nil
})

// Without a lock: the hardware adds.
func ExampleAdd() {
	v, err := sharedctypes.NewRawValue[int64](0)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := mp.Go(ctx, add.Bind(v))
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 1000 {
		sharedctypes.Add(v, 1)
	}
	p.Join(ctx)
	fmt.Println(v.Load())
	// Output: 2000
}

// A struct as it is used in place, and one that cannot be shared.
func ExampleNewValue() {
	type stats struct {
		Requests uint64
		Slowest  float32
		Host     [12]byte
	}
	v, err := sharedctypes.NewValue(stats{Requests: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.With(ctx, func(s *stats) error {
		s.Requests++
		copy(s.Host[:], "localhost")
		return nil
	})
	s, _ := v.Get(ctx)
	fmt.Println(v.Size(), s.Requests, err)

	type user struct{ Name string }
	_, err = sharedctypes.NewValue(user{})
	fmt.Println(errors.Is(err, sharedctypes.ErrNotFixed))
	fmt.Println(err)
	// Output:
	// 24 2 <nil>
	// true
	// sharedctypes: sharedctypes_test.user cannot lie in shared memory: its part .Name has type string: its bytes lie elsewhere, in the memory of one process: use [N]byte
}

// An element itself, not a copy of it.
func ExampleRawArray_Elem() {
	hits, err := sharedctypes.NewRawArray[uint32](3)
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := hits.Elem(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	sharedctypes.Add(second, 5)
	fmt.Println(hits.Slice(0, 3))
	_, err = hits.At(-1)
	fmt.Println(err)
	// Output:
	// [0 5 0] <nil>
	// sharedctypes: index outside of the array: -1 of 3
}

// Work on many elements under one lock.
func ExampleArray() {
	hist, err := sharedctypes.NewArray[int](4)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = hist.With(ctx, func(s []int) error {
		for _, x := range []int{3, 1, 3, 0, 3} {
			s[x]++
		}
		return nil
	})
	fmt.Println(hist.Len(), err)
	for n, err := range hist.All(ctx) {
		fmt.Print(n, err, "; ")
	}
	fmt.Println(hist.SetAt(ctx, 4, 1))
	// Output:
	// 4 <nil>
	// 1 <nil>; 1 <nil>; 0 <nil>; 3 <nil>; sharedctypes: index outside of the array: 4 of 4
}

// With an RLock, which is Python's default, methods can be used within each other.
// The ctx must say whose the lock is: that of conex.Main does, and that of a
// process; others get a thread by threading.Adopt.
func ExampleWithRLock() {
	ctx, leave := threading.Adopt(ctx)
	defer leave()
	lock, err := mp.NewRLock()
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := sharedctypes.NewValue(20, sharedctypes.WithRLock(lock))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = v.With(ctx, func(*int) error {
		n, err := v.Get(ctx)
		if err != nil {
			return err
		}
		return v.Set(ctx, 2*n+2)
	})
	fmt.Println(v.Load(), err)
	// Output: 42 <nil>
}

// Bytes up to the first zero, as in C.
func ExampleString() {
	s, err := sharedctypes.NewString(12)
	if err != nil {
		fmt.Println(err)
		return
	}
	s.SetValue(ctx, []byte("hello world"))
	s.SetValue(ctx, []byte("bye"))
	value, _ := s.Value(ctx)
	raw, _ := s.Raw(ctx)
	fmt.Printf("%q %q\n", value, raw)
	// Output: "bye" "bye\x00o world\x00"
}

// What a Python program calls Array('i', [1, 2, 3]).
func ExampleNewArrayCode() {
	o, err := sharedctypes.NewArrayCode('i', []int{1, 2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	switch a := o.(type) {
	case *sharedctypes.Array[int32]:
		fmt.Println(a.Len(), a.Size())
	}
	// Output: 3 12
}
