package queue_test

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/conexgo/conex/queue"
)

// The channel, for the cases that have one: the ratio counts.
func benchChan(b *testing.B, capacity, k int) {
	ch := make(chan int, capacity)
	each := b.N/k + 1
	var p, c sync.WaitGroup
	b.ResetTimer()
	for range k {
		p.Go(func() {
			for i := range each {
				ch <- i
			}
		})
		c.Go(func() {
			for range ch {
			}
		})
	}
	p.Wait()
	close(ch)
	c.Wait()
}

func benchQueue(b *testing.B, ctx context.Context, capacity, k int) {
	b.ReportAllocs()
	q := queue.New[int](capacity)
	each := b.N/k + 1
	var p, c sync.WaitGroup
	b.ResetTimer()
	for range k {
		p.Go(func() {
			for i := range each {
				q.Put(ctx, i)
			}
		})
		c.Go(func() {
			for range q.All(ctx) {
			}
		})
	}
	p.Wait()
	q.Shutdown()
	c.Wait()
}

func benchSimple(b *testing.B, k int) {
	b.ReportAllocs()
	ctx := context.Background()
	var q queue.SimpleQueue[int]
	each := b.N/k + 1
	var p sync.WaitGroup
	b.ResetTimer()
	for range k {
		p.Go(func() {
			for i := range each {
				q.Put(i)
			}
		})
		p.Go(func() {
			for range each {
				q.Get(ctx)
			}
		})
	}
	p.Wait()
}

func BenchmarkPassing(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, k := range []int{1, 4} {
		name := fmt.Sprintf("%dp%dc/", k, k)
		for _, capacity := range []int{1, 128} {
			name := fmt.Sprintf("%scap%d/", name, capacity)
			b.Run(name+"chan", func(b *testing.B) { benchChan(b, capacity, k) })
			b.Run(name+"Queue", func(b *testing.B) { benchQueue(b, context.Background(), capacity, k) })
			b.Run(name+"Queue-cancellable", func(b *testing.B) { benchQueue(b, ctx, capacity, k) })
		}
		b.Run(name+"SimpleQueue", func(b *testing.B) { benchSimple(b, k) })
		b.Run(name+"Queue-unbounded", func(b *testing.B) { benchQueue(b, context.Background(), 0, k) })
	}
}

// One goroutine that puts and gets: what the calls themselves cost.
func BenchmarkAlone(b *testing.B) {
	ctx := context.Background()
	b.Run("chan", func(b *testing.B) {
		ch := make(chan int, 128)
		for b.Loop() {
			ch <- 1
			<-ch
		}
	})
	b.Run("Queue", func(b *testing.B) {
		b.ReportAllocs()
		q := queue.New[int](128)
		for b.Loop() {
			q.Put(ctx, 1)
			q.Get(ctx)
		}
	})
	b.Run("Queue-TaskDone", func(b *testing.B) {
		q := queue.New[int](128)
		for b.Loop() {
			q.Put(ctx, 1)
			q.Get(ctx)
			q.TaskDone()
		}
	})
	b.Run("LifoQueue", func(b *testing.B) {
		b.ReportAllocs()
		q := queue.NewLifo[int](128)
		for b.Loop() {
			q.Put(ctx, 1)
			q.Get(ctx)
		}
	})
	b.Run("PriorityQueue", func(b *testing.B) {
		b.ReportAllocs()
		q := queue.NewOrdered[int](128)
		for b.Loop() {
			q.Put(ctx, 1)
			q.Get(ctx)
		}
	})
}

// A request and an answer, each of which somebody waits for.
func BenchmarkPingPong(b *testing.B) {
	ctx := context.Background()
	b.Run("chan", func(b *testing.B) {
		x, y := make(chan int, 1), make(chan int, 1)
		go func() {
			for v := range x {
				y <- v
			}
		}()
		for b.Loop() {
			x <- 1
			<-y
		}
		close(x)
	})
	b.Run("Queue", func(b *testing.B) {
		b.ReportAllocs()
		x, y := queue.New[int](1), queue.New[int](1)
		go func() {
			for v := range x.All(ctx) {
				y.Put(ctx, v)
			}
		}()
		for b.Loop() {
			x.Put(ctx, 1)
			y.Get(ctx)
		}
		x.Shutdown()
	})
}

type boxes []int

func (h boxes) Len() int           { return len(h) }
func (h boxes) Less(i, j int) bool { return h[i] < h[j] }
func (h boxes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *boxes) Push(x any)        { *h = append(*h, x.(int)) }
func (h *boxes) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// 1e5 random numbers in, and out again; an operation is one of them.
func BenchmarkPriority(b *testing.B) {
	const n = 100_000
	r := rand.New(rand.NewPCG(1, 2))
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = r.Int()
	}
	b.Run("heap", func(b *testing.B) {
		for range b.N / n {
			var h boxes
			for _, v := range numbers {
				heap.Push(&h, v)
			}
			for range numbers {
				heap.Pop(&h)
			}
		}
	})
	for name, q := range map[string]*queue.PriorityQueue[int]{
		"NewOrdered":  queue.NewOrdered[int](0),
		"NewPriority": queue.NewPriority(0, func(a, b int) bool { return a < b }),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			for range b.N / n {
				for _, v := range numbers {
					q.Put(ctx, v)
				}
				for range numbers {
					q.Get(ctx)
				}
			}
		})
	}
}
