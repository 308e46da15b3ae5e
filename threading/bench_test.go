package threading

import (
	"context"
	"sync"
	"testing"
)

func BenchmarkThread(b *testing.B) {
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	b.Run("thread", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			t := New(fn)
			t.Start(ctx)
			t.Join(ctx)
		}
	})
	b.Run("WaitGroup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var wg sync.WaitGroup
			wg.Go(func() { fn(ctx) })
			wg.Wait()
		}
	})
}
