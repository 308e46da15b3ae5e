//go:build linux

package multiprocessing_test

import (
	"context"
	"testing"
	"time"

	mp "github.com/conexgo/conex/multiprocessing"
)

func BenchmarkSemaphore(b *testing.B) {
	for name, s := range map[string]semaphore{
		"account":    must(mp.NewSemaphore(1)),
		"no account": must(mp.NewSemaphore(1 << 17)),
		"bounded":    must(mp.NewBoundedSemaphore(1)),
		"named":      namedSemaphore(b, 1),
	} {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			for b.Loop() {
				if s.Acquire(ctx) != nil || s.Release() != nil {
					b.Fatal("it does not work")
				}
			}
		})
	}
}

// BenchmarkSemaphoreContended has another process do the same.
func BenchmarkSemaphoreContended(b *testing.B) {
	board := newBoard(b)
	for name, j := range map[string]semJob{
		"one":   {Sem: must(mp.NewSemaphore(1)), Board: board},
		"three": {Sem: must(mp.NewSemaphore(3)), Board: board}, // nobody waits
	} {
		b.Run(name, func(b *testing.B) {
			s := j.sem()
			p := spawn(b, semCount.Bind(j.with(0, 1<<30)))
			defer kill(b, p)
			ctx := context.Background()
			bench(b, p, func() {
				s.Acquire(ctx)
				s.Release()
			})
		})
	}
}

// BenchmarkSemaphorePingPong is a round trip of two signals.
func BenchmarkSemaphorePingPong(b *testing.B) {
	ask, answer := must(mp.NewSemaphore(0)), must(mp.NewSemaphore(0))
	p := spawn(b, semAnswer.Bind([2]*mp.Semaphore{ask, answer}))
	ctx := context.Background()
	bench(b, p, func() {
		ask.Release()
		answer.Acquire(ctx)
	})
}

// BenchmarkSemaphoreDeath is how long it takes from the kill of a holder, a child
// of ours, until who waits has its permit.
func BenchmarkSemaphoreDeath(b *testing.B) {
	ctx := context.Background()
	s := must(mp.NewSemaphore(1))
	var sum time.Duration
	for range b.N {
		j := semJob{Sem: s, Board: newBoard(b), N: 1}
		p := spawn(b, semHold.Bind(j))
		eventually(b, "it holds", func() bool { return j.Board.at(0).Load() == 1 })
		errs := several(1, func() error { return s.Acquire(ctx) })
		start := time.Now()
		p.Kill()
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
		sum += time.Since(start)
		s.Release()
	}
	b.ReportMetric(float64(sum)/float64(b.N), "ns/death")
}
