package sharedmemory_test

import (
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

type point struct {
	X, Y float64
	Tag  [8]uint8
}

func TestSlice(t *testing.T) {
	leak.Check(t)
	s := block(t, sharedmemory.Config{Size: 100})
	ints, err := sharedmemory.Slice[int64](s)
	if err != nil || len(ints) != 12 || cap(ints) != 12 {
		t.Fatal(len(ints), err)
	}
	ints[1] = -2
	bytes, err := sharedmemory.SliceAt[uint8](s, 8, 8)
	if err != nil || bytes[3] != 0xff {
		t.Fatal(bytes, err)
	}
	points, err := sharedmemory.Slice[point](s)
	if err != nil || len(points) != 4 {
		t.Fatal(len(points), err)
	}
	points[1].X = math.Pi
	if got := math.Float64frombits(uint64(ints[3])); got != math.Pi {
		t.Error(got)
	}
	words, err := sharedmemory.SliceAt[int32](s, 96, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n := atomic.AddInt32(&words[0], 5); n != 5 {
		t.Error(n)
	}
	if none, err := sharedmemory.SliceAt[int64](s, 0, 0); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
}

func TestSliceErrors(t *testing.T) {
	leak.Check(t)
	s := block(t, sharedmemory.Config{Size: 20})
	type inner struct {
		A int32
		S string
	}
	for name, err := range map[string]error{
		"bool":      second(sharedmemory.Slice[bool](s)),
		"pointer":   second(sharedmemory.Slice[*int](s)),
		"string":    second(sharedmemory.Slice[string](s)),
		"slice":     second(sharedmemory.Slice[[]int](s)),
		"map":       second(sharedmemory.Slice[map[int]int](s)),
		"any":       second(sharedmemory.Slice[any](s)),
		"uintptr":   second(sharedmemory.Slice[uintptr](s)),
		"struct":    second(sharedmemory.Slice[inner](s)),
		"array":     second(sharedmemory.Slice[[3]func()](s)),
		"no bytes":  second(sharedmemory.Slice[struct{}](s)),
		"no bytes2": second(sharedmemory.SliceAt[[0]int64](s, 0, 1)),
	} {
		if !errors.Is(err, sharedmemory.ErrType) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"too many":  second(sharedmemory.SliceAt[int32](s, 0, 6)),
		"too far":   second(sharedmemory.SliceAt[int32](s, 24, 0)),
		"behind":    second(sharedmemory.SliceAt[int32](s, 16, 2)),
		"huge":      second(sharedmemory.SliceAt[int64](s, 0, math.MaxInt)),
		"huge2":     second(sharedmemory.SliceAt[int64](s, math.MaxInt-7, 1)),
		"negative":  second(sharedmemory.SliceAt[int64](s, 0, -1)),
		"negative2": second(sharedmemory.SliceAt[int64](s, -8, 1)),
		"not one":   second(sharedmemory.Slice[[21]byte](s)),
		"view":      second(sharedmemory.NewViewAt[int32](s, 0, 6)),
		"not one 2": second(sharedmemory.NewView[[21]byte](s)),
	} {
		if !errors.Is(err, sharedmemory.ErrTooShort) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := second(sharedmemory.SliceAt[int64](s, 2, 1)); !errors.Is(err, sharedmemory.ErrAlign) {
		t.Error(err)
	}
	if err := second(sharedmemory.NewViewAt[int64](s, 2, 1)); !errors.Is(err, sharedmemory.ErrAlign) {
		t.Error(err)
	}
	s.Close() // refused views hold nothing
	if err := second(sharedmemory.Slice[int32](s)); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
	if err := second(sharedmemory.NewView[int32](s)); err != sharedmemory.ErrClosed {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestView(t *testing.T) {
	leak.Check(t)
	s := block(t, sharedmemory.Config{Size: 48})
	v, err := sharedmemory.NewView[int64](s)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int64{1, 1, 2, 3, 5, 8} {
		if err := v.Set(i, n); err != nil {
			t.Error(err)
		}
	}
	part, err := sharedmemory.NewViewAt[int64](s, 16, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != sharedmemory.ErrInUse {
		t.Error("closing under a view:", err)
	}
	if !slices.Equal(part.Items(), []int64{2, 3, 5, 8}) || part.Len() != 4 {
		t.Error(part.Items())
	}
	sum := int64(0)
	for i, n := range v.All() {
		if at, err := v.At(i); err != nil || at != n {
			t.Error(at, err)
		}
		sum += n
	}
	if sum != 20 {
		t.Error(sum)
	}
	for range v.All() {
		break
	}
	for _, i := range []int{-1, 6} {
		if _, err := v.At(i); !errors.Is(err, sharedmemory.ErrIndex) {
			t.Error(err)
		}
		if err := v.Set(i, 0); !errors.Is(err, sharedmemory.ErrIndex) {
			t.Error(err)
		}
	}
	v.Close()
	v.Close()
	if _, err := v.At(0); err != sharedmemory.ErrClosed || v.Len() != 0 {
		t.Error(err)
	}
	if err := s.Close(); err != sharedmemory.ErrInUse {
		t.Error(err)
	}
	part.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
