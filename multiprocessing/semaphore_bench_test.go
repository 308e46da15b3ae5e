package multiprocessing_test

import (
	"context"
	"testing"

	mp "github.com/conexgo/conex/multiprocessing"
)

func BenchmarkSemaphore(b *testing.B) {
	ctx := context.Background()
	for name, n := range map[string]int{"account": 1, "large": 1 << 17} {
		b.Run(name, func(b *testing.B) {
			s, err := mp.NewSemaphore(n)
			if err != nil {
				b.Skip(err)
			}
			for b.Loop() {
				s.Acquire(ctx)
				s.Release()
			}
		})
	}
}
