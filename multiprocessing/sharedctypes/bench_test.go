package sharedctypes_test

import (
	"context"
	"sync/atomic"
	"testing"

	mp "github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
	"github.com/conexgo/conex/threading"
)

// Beside them CPython 3.13, on the same machine:
//
//	python3 -m timeit -s 'from multiprocessing import Value; v = Value("i")' 'with v.get_lock(): v.value += 1'

func BenchmarkUpdate(b *testing.B) {
	v := must[*sharedctypes.Value[int32]](b)(sharedctypes.NewValue[int32](0))
	ctx := context.Background()
	for b.Loop() {
		v.Update(ctx, func(n int32) int32 { return n + 1 })
	}
}

func BenchmarkUpdateRLock(b *testing.B) {
	l := must[*mp.RLock](b)(mp.NewRLock())
	v := must[*sharedctypes.Value[int32]](b)(sharedctypes.NewValue[int32](0, sharedctypes.WithRLock(l)))
	ctx, leave := threading.Adopt(context.Background())
	defer leave()
	for b.Loop() {
		v.Update(ctx, func(n int32) int32 { return n + 1 })
	}
}

func BenchmarkWith(b *testing.B) {
	v := must[*sharedctypes.Value[int32]](b)(sharedctypes.NewValue[int32](0))
	ctx := context.Background()
	for b.Loop() {
		v.With(ctx, func(n *int32) error { *n++; return nil })
	}
}

func BenchmarkGet(b *testing.B) {
	v := must[*sharedctypes.Value[float64]](b)(sharedctypes.NewValue(1.5))
	ctx := context.Background()
	for b.Loop() {
		v.Get(ctx)
	}
}

func BenchmarkSet(b *testing.B) {
	v := must[*sharedctypes.Value[float64]](b)(sharedctypes.NewValue(1.5))
	ctx := context.Background()
	for b.Loop() {
		v.Set(ctx, 2)
	}
}

func BenchmarkSetAt(b *testing.B) {
	a := must[*sharedctypes.Array[int32]](b)(sharedctypes.NewArray[int32](100))
	ctx := context.Background()
	for b.Loop() {
		a.SetAt(ctx, 7, 2)
	}
}

func BenchmarkAddPlain(b *testing.B) { // what the hardware needs
	var n atomic.Int64
	for b.Loop() {
		n.Add(1)
	}
}

func BenchmarkAdd(b *testing.B) {
	v := must[*sharedctypes.Value[int64]](b)(sharedctypes.NewValue[int64](0))
	for b.Loop() {
		sharedctypes.Add(v, 1)
	}
}

func BenchmarkAddFloat(b *testing.B) {
	v := must[*sharedctypes.RawValue[float64]](b)(sharedctypes.NewRawValue(0.0))
	for b.Loop() {
		sharedctypes.Add(v, 1)
	}
}

func BenchmarkAddByte(b *testing.B) {
	v := must[*sharedctypes.RawValue[uint8]](b)(sharedctypes.NewRawValue[uint8](0))
	for b.Loop() {
		sharedctypes.Add(v, 1)
	}
}

func BenchmarkLoad(b *testing.B) {
	v := must[*sharedctypes.RawValue[int64]](b)(sharedctypes.NewRawValue[int64](0))
	for b.Loop() {
		v.Load()
	}
}

func BenchmarkStore(b *testing.B) {
	v := must[*sharedctypes.RawValue[int64]](b)(sharedctypes.NewRawValue[int64](0))
	for b.Loop() {
		v.Store(1)
	}
}

func BenchmarkUpdateStruct(b *testing.B) {
	v := must[*sharedctypes.Value[[4]float64]](b)(sharedctypes.NewValue([4]float64{}))
	ctx := context.Background()
	for b.Loop() {
		v.Update(ctx, func(a [4]float64) [4]float64 { a[1]++; return a })
	}
}
