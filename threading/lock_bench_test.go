package threading

import (
	"context"
	"strconv"
	"sync"
	"testing"
)

func BenchmarkLock(b *testing.B) {
	b.Run("Mutex", func(b *testing.B) {
		var mu sync.Mutex
		for b.Loop() {
			mu.Lock()
			mu.Unlock()
		}
	})
	b.Run("Locker", func(b *testing.B) {
		var mu Lock
		for b.Loop() {
			mu.Lock()
			mu.Unlock()
		}
	})
	b.Run("Background", func(b *testing.B) {
		var mu Lock
		ctx := context.Background()
		for b.Loop() {
			mu.Acquire(ctx)
			mu.Release()
		}
	})
	b.Run("WithCancel", func(b *testing.B) {
		var mu Lock
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		for b.Loop() {
			mu.Acquire(ctx)
			mu.Release()
		}
	})
}

func BenchmarkLockContended(b *testing.B) {
	run := func(name string, g int, f func(n int)) {
		b.Run(name+"/"+strconv.Itoa(g), func(b *testing.B) {
			b.ReportAllocs()
			var wg sync.WaitGroup
			for i := range g {
				n := b.N / g
				if i == 0 {
					n += b.N % g
				}
				wg.Go(func() { f(n) })
			}
			wg.Wait()
		})
	}
	for _, g := range []int{2, 4, 16} {
		var mu sync.Mutex
		var l Lock
		var x int
		run("Mutex", g, func(n int) {
			for range n {
				mu.Lock()
				x++
				mu.Unlock()
			}
		})
		run("Lock", g, func(n int) {
			ctx := context.Background()
			for range n {
				l.Acquire(ctx)
				x++
				l.Release()
			}
		})
		run("WithCancel", g, func(n int) {
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			for range n {
				l.Acquire(ctx)
				x++
				l.Release()
			}
		})
	}
}
