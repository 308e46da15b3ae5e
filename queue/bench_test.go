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

// A job is what priority queues are for.
type job struct{ due, id int }

type boxes []job

func (h boxes) Len() int { return len(h) }
func (h boxes) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].id < h[j].id
}
func (h boxes) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *boxes) Push(x any)   { *h = append(*h, x.(job)) }
func (h *boxes) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// All in at once, and out again; an operation is one job. And a queue that
// stays as long as it is: the next job is put later, and the operation is both.
func BenchmarkPriority(b *testing.B) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 2))
	later := make([]int, 100_000)
	for i := range later {
		later[i] = r.IntN(len(later))
	}
	sorts := func(n int, put func(job), get func() job) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for range max(1, b.N/n) {
				for i := range n {
					put(job{later[i], i})
				}
				last := job{-1, -1}
				for range n {
					j := get()
					if j.due < last.due || j.due == last.due && j.id < last.id {
						b.Fatalf("%v after %v", j, last)
					}
					last = j
				}
			}
		}
	}
	holds := func(n int, put func(job), get func() job) func(b *testing.B) {
		return func(b *testing.B) {
			for i := range n {
				put(job{later[i], i})
			}
			for b.Loop() {
				j := get()
				j.due += later[j.id]
				put(j)
			}
			for range n {
				get()
			}
		}
	}
	for name, bench := range map[string]func(int, func(job), func() job) func(*testing.B){"Sort": sorts, "Hold": holds} {
		for _, n := range []int{10, 1000, 100_000} {
			var h boxes
			b.Run(fmt.Sprintf("%s/%d/heap", name, n), bench(n,
				func(j job) { heap.Push(&h, j) }, func() job { return heap.Pop(&h).(job) }))
			q := queue.NewPriority(0, func(a, b job) bool { return a.due < b.due })
			b.Run(fmt.Sprintf("%s/%d/PriorityQueue", name, n), bench(n,
				func(j job) { q.Put(ctx, j) }, func() job { j, _ := q.Get(ctx); return j }))
		}
	}
}
