package threading

import (
	"context"
	"sync"
	"testing"
	"time"
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
		var wg sync.WaitGroup
		body := func() {}
		b.ReportAllocs()
		for b.Loop() {
			wg.Go(body)
			wg.Wait()
		}
	})
}

func BenchmarkTimer(b *testing.B) {
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	b.Run("timer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			t := NewTimer(time.Hour, fn)
			t.Start(ctx)
			t.Cancel()
		}
	})
	b.Run("AfterFunc", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			time.AfterFunc(time.Hour, func() {}).Stop()
		}
	})
}

func BenchmarkLocal(b *testing.B) {
	ctx, leave := Adopt(context.Background())
	defer leave()
	var l Local[int]
	b.Run("Store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Store(ctx, 7)
		}
	})
	b.Run("Load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Load(ctx)
		}
	})
	b.Run("Load of many", func(b *testing.B) {
		ls := make([]Local[int], 1000)
		for i := range ls {
			ls[i].Store(ctx, i)
		}
		i := 0
		for b.Loop() {
			ls[i%1000].Load(ctx)
			i++
		}
	})
}
