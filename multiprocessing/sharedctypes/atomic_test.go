package sharedctypes_test

import (
	"math"
	"sync"
	"testing"

	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

// numbersOf does everything that is atomic to an element of an array, whose
// neighbours must not notice.
func numbersOf[T sharedctypes.Number](t *testing.T, low, high T) {
	t.Helper()
	a := must[*sharedctypes.RawArray[T]](t)(sharedctypes.NewRawArrayFrom([]T{1, 2, 3, 4, 5, 6, 7, 8, 9}))
	for i := range a.Len() {
		before, _ := a.Slice(0, a.Len())
		c := must[*sharedctypes.RawValue[T]](t)(a.Elem(i))
		c.Store(high)
		if got := c.Load(); got != high {
			t.Errorf("%T: stored %v, got %v", high, high, got)
		}
		if old := sharedctypes.Swap(c, low); old != high {
			t.Errorf("%T: Swap returned %v", low, old)
		}
		if sharedctypes.CompareAndSwap(c, high, 1) || c.Load() != low {
			t.Errorf("%T: CompareAndSwap replaced what was not there", low)
		}
		if !sharedctypes.CompareAndSwap(c, low, 100) || c.Load() != 100 {
			t.Errorf("%T: CompareAndSwap did not replace what was there", low)
		}
		if got := sharedctypes.Add(c, 27); got != 127 || c.Load() != 127 {
			t.Errorf("%T: 100 + 27 = %v, stored %v", low, got, c.Load())
		}
		minus := T(0) - 7
		if got := sharedctypes.Add(c, minus); got != 120 {
			t.Errorf("%T: 127 - 7 = %v", low, got)
		}
		c.Store(high)
		if got, want := sharedctypes.Add(c, 1), high+1; got != want || c.Load() != want {
			t.Errorf("%T: %v + 1 = %v, want %v", low, high, got, want)
		}
		after, _ := a.Slice(0, a.Len())
		for j := range after {
			if j != i && after[j] != before[j] {
				t.Errorf("%T: element %d changed with element %d", low, j, i)
			}
		}
	}
}

func TestAtomic(t *testing.T) {
	numbersOf[int8](t, math.MinInt8, math.MaxInt8)
	numbersOf[int16](t, math.MinInt16, math.MaxInt16)
	numbersOf[int32](t, math.MinInt32, math.MaxInt32)
	numbersOf[int64](t, math.MinInt64, math.MaxInt64)
	numbersOf[int](t, math.MinInt, math.MaxInt)
	numbersOf[uint8](t, 0, math.MaxUint8)
	numbersOf[uint16](t, 0, math.MaxUint16)
	numbersOf[uint32](t, 0, math.MaxUint32)
	numbersOf[uint64](t, 0, math.MaxUint64)
	numbersOf[uint](t, 0, math.MaxUint)
	numbersOf[float32](t, -math.MaxFloat32, math.MaxFloat32)
	numbersOf[float64](t, -math.MaxFloat64, math.MaxFloat64)
	numbersOf[sharedctypes.Long](t, -1, 1<<30)
	numbersOf[sharedctypes.ULong](t, 0, ^sharedctypes.ULong(0))
	numbersOf[sharedctypes.WChar](t, 0, '語')
}

// Floats are compared by their bits.
func TestCompareFloats(t *testing.T) {
	v := must[*sharedctypes.Value[float64]](t)(sharedctypes.NewValue(math.NaN()))
	if !sharedctypes.CompareAndSwap(v, math.NaN(), 0) {
		t.Error("NaN is not NaN")
	}
	if sharedctypes.CompareAndSwap(v, math.Copysign(0, -1), 1) {
		t.Error("0 is -0")
	}
}

// counted adds 1 from several goroutines to neighbours, each to its own.
func counted[T sharedctypes.Number](t *testing.T) {
	const each = 2000
	a := must[*sharedctypes.RawArray[T]](t)(sharedctypes.NewRawArray[T](4))
	shared := must[*sharedctypes.Value[T]](t)(sharedctypes.NewValue[T](0))
	var wg sync.WaitGroup
	for i := range a.Len() {
		wg.Go(func() {
			c := must[*sharedctypes.RawValue[T]](t)(a.Elem(i))
			for range each {
				sharedctypes.Add(c, 1)
				sharedctypes.Add(shared, 1)
			}
		})
	}
	wg.Wait()
	n := 0
	for range each {
		n++
	}
	for i, x := range a.All() {
		if x != T(n) {
			t.Errorf("%T: element %d counts %v", x, i, x)
		}
	}
	if n *= a.Len(); shared.Load() != T(n) {
		t.Errorf("%T: %v together", shared.Load(), shared.Load())
	}
}

// No addition is lost, also not to the neighbours of small words.
func TestAddTogether(t *testing.T) {
	counted[int8](t)
	counted[uint16](t)
	counted[int32](t)
	counted[uint64](t)
	counted[float32](t)
	counted[float64](t)
}

// What comes before a Store comes before what follows the Load that sees it, as
// the race detector sees it.
func TestOrder(t *testing.T) {
	flag := must[*sharedctypes.RawValue[uint8]](t)(sharedctypes.NewRawValue[uint8](0))
	v := must[*sharedctypes.Value[int]](t)(sharedctypes.NewValue(0))
	for range 200 {
		flag.Store(0)
		plain, done := 0, make(chan bool)
		go func() {
			plain++
			flag.Store(1)
			close(done)
		}()
		for flag.Load() == 0 {
			select {
			case <-done:
			default:
			}
		}
		plain++
		if plain != 2 {
			t.Fatal(plain)
		}
	}
	plain := 0
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				if _, err := v.Update(t.Context(), func(n int) int { plain++; return n + 1 }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if plain != 2000 || v.Load() != 2000 {
		t.Errorf("%d, %d", plain, v.Load())
	}
}
