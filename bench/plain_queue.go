package main

import (
	"container/heap"
	"errors"
	"math/rand/v2"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What Go has in place of package queue: channels, and container/heap.

// queueSize is how many items the bounded queues hold, ours and the peers'.
const queueSize = 128

// channel moves numbers from k producers to k consumers through a buffered channel.
func channel(k int) meter.Party {
	return func(s meter.Spec) (meter.Figure, error) {
		c := make(chan int, queueSize)
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) {
			return move(k, n, func(lo, hi int) error {
				for i := lo; i < hi; i++ {
					c <- i
				}
				return nil
			}, func(count int) (sum int, _ error) {
				for range count {
					sum += meter.Inc(<-c)
				}
				return sum, nil
			})
		})
	}
}

// move has k producers put the numbers below n into a queue and k consumers take them out, all at the same time, and returns
// the consumers' sum.
func move(k, n int, produce func(lo, hi int) error, consume func(count int) (int, error)) (int, error) {
	failed := make(chan error, 1)
	go func() {
		_, err := meter.Together(k, n, func(lo, hi int) (int, error) { return 0, produce(lo, hi) })
		failed <- err
	}()
	sum, err := meter.Together(k, n, func(lo, hi int) (int, error) { return consume(hi - lo) })
	if err != nil {
		return 0, err
	}
	return sum, <-failed
}

// A job is what priority queues are sorted for: when it is due, and which one it is.
type job struct{ due, id int }

// jobBatch is how many jobs are put into a priority queue before the first is taken.
const jobBatch = 100_000

// jobs times the way of n jobs through a priority queue, batch by batch, and checks their order. Jobs that are due at the
// same time come out as they came in.
func jobs(s meter.Spec, put func(job) error, get func() (job, error)) (meter.Figure, error) {
	random := rand.New(rand.NewPCG(1, 2))
	due := make([]int, min(s.N, jobBatch))
	for i := range due {
		due[i] = random.IntN(1 << 30)
	}
	return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
		for lo := 0; lo < n; lo += jobBatch {
			hi := min(lo+jobBatch, n)
			for i := lo; i < hi; i++ {
				if err := put(job{due[i-lo], i}); err != nil {
					return 0, err
				}
			}
			last := job{-1, -1}
			for range hi - lo {
				j, err := get()
				if err != nil {
					return 0, err
				}
				if j.due < last.due || j.due == last.due && j.id < last.id {
					return 0, errors.New("jobs in the wrong order")
				}
				last = j
				sum += meter.Inc(j.id)
			}
		}
		return sum, nil
	})
}

// jobHeap is the usual type for package container/heap.
type jobHeap []job

func (h jobHeap) Len() int { return len(h) }
func (h jobHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].id < h[j].id
}
func (h jobHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(x any)   { *h = append(*h, x.(job)) }
func (h *jobHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// heapJobs is a priority queue without a lock: for one goroutine only.
func heapJobs(s meter.Spec) (meter.Figure, error) {
	var h jobHeap
	return jobs(s, func(j job) error {
		heap.Push(&h, j)
		return nil
	}, func() (job, error) { return heap.Pop(&h).(job), nil })
}
