package robust

import (
	"context"
	"sync/atomic"
	"testing"
)

func BenchmarkMutex(b *testing.B) {
	var w atomic.Uint64
	m := New(&w)
	ctx := context.Background()
	for b.Loop() {
		m.Lock(ctx)
		m.Unlock()
	}
}

func BenchmarkMutexContended(b *testing.B) {
	var w atomic.Uint64
	m := New(&w)
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			m.Lock(ctx)
			m.Unlock()
		}
	})
}
