package queue_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/queue"
)

// Puts and gets race with contexts that end. Each item comes out exactly once,
// what a call refused never does, and who has put first comes first, in queues
// that say so.
func TestStress(t *testing.T) {
	leak.Check(t)
	for _, k := range kinds {
		for _, size := range []int{1, 3, 64} {
			t.Run(fmt.Sprintf("%s/%d", k.name, size), func(t *testing.T) {
				stress(t, k.make(size), k.name == "Queue", operations()/len(kinds)/3)
			})
		}
	}
}

const stressers = 4

// hurried returns a context that mostly ends soon, if at all.
func hurried(r *rand.Rand) (context.Context, func()) {
	switch r.IntN(4) {
	case 0:
		return bg, func() {}
	case 1:
		ctx, cancel := context.WithCancel(bg)
		return ctx, cancel
	default:
		return context.WithTimeout(bg, time.Duration(r.IntN(30))*time.Microsecond)
	}
}

func stress(t *testing.T, q tasked, inOrder bool, n int) {
	each := n/stressers + 1
	var puts, gets atomic.Int64
	seen := make([]atomic.Int32, stressers*each)
	var producers, consumers sync.WaitGroup
	for p := range stressers {
		producers.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(p)))
			for i := range each {
				v := p*each + i
				ctx, cancel := hurried(r)
				err := q.Put(ctx, v)
				for tries := 0; err != nil; tries++ {
					want(t, err, queue.ErrFull)
					if r.IntN(3) == 0 {
						err = q.TryPut(v)
					} else {
						err = q.Put(bg, v)
					}
				}
				puts.Add(1)
				cancel()
			}
		})
		consumers.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(p)))
			var last [stressers]int // of each producer, the last item seen here
			for {
				ctx, cancel := hurried(r)
				v, err := q.Get(ctx)
				cancel()
				switch {
				case errors.Is(err, queue.ErrEmpty):
					continue
				case errors.Is(err, queue.ErrShutDown):
					return
				}
				want(t, err)
				gets.Add(1)
				if seen[v].Add(1) != 1 {
					t.Errorf("%d came out twice", v)
				}
				if from := v / each; inOrder && v+1 <= last[from] {
					t.Errorf("%d came out after %d", v, last[from]-1)
				} else {
					last[from] = v + 1
				}
				want(t, q.TaskDone())
			}
		})
	}
	producers.Wait()
	want(t, q.Join(bg))
	q.Shutdown()
	consumers.Wait()
	if total := int64(stressers * each); puts.Load() != total || gets.Load() != total {
		t.Errorf("%d put, %d got, want %d", puts.Load(), gets.Load(), total)
	}
}

// Some wait for ever while the contexts of others end all the time: were a
// wake-up lost on one of those, the former would hang.
func TestStressHandOver(t *testing.T) {
	leak.Check(t)
	n := operations() / 8
	q := queue.New[int](1)
	over, end := context.WithCancel(bg)
	var hasty, producers, consumers sync.WaitGroup
	var put, got atomic.Int64
	for p := range uint64(4) {
		hasty.Go(func() {
			r := rand.New(rand.NewPCG(3, p))
			for over.Err() == nil {
				ctx, cancel := context.WithTimeout(over, time.Duration(r.IntN(20))*time.Microsecond)
				if p%2 == 0 {
					if _, err := q.Get(ctx); err == nil {
						got.Add(1)
					}
				} else if q.Put(ctx, 1) == nil {
					put.Add(1)
				}
				cancel()
			}
		})
	}
	for range 2 {
		producers.Go(func() {
			for range n {
				want(t, q.Put(bg, 1))
				put.Add(1)
			}
		})
		consumers.Go(func() {
			for range q.All(bg) {
				got.Add(1)
			}
		})
	}
	producers.Wait()
	end()
	hasty.Wait()
	q.Shutdown()
	consumers.Wait()
	if put.Load() != got.Load() || put.Load() < int64(2*n) {
		t.Errorf("%d put, %d got", put.Load(), got.Load())
	}
}

// Calls race with the end of the queue: what was put was got or thrown away,
// and everybody returns.
func TestStressShutdown(t *testing.T) {
	leak.Check(t)
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			for _, k := range kinds {
				for round := range operations() / 1000 {
					stressShutdown(t, k.make(1+round%3), s.stop, s.now, uint64(round))
				}
			}
		})
	}
}

func stressShutdown(t *testing.T, q tasked, stop func(tasked), now bool, seed uint64) {
	var put, got atomic.Int64
	var wg sync.WaitGroup
	for p := range uint64(3) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, p))
			for {
				ctx, cancel := hurried(r)
				err := q.Put(ctx, 1)
				cancel()
				if errors.Is(err, queue.ErrShutDown) {
					return
				}
				if err == nil {
					put.Add(1)
				}
			}
		})
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, p+10))
			for {
				ctx, cancel := hurried(r)
				_, err := q.Get(ctx)
				cancel()
				if errors.Is(err, queue.ErrShutDown) {
					return
				}
				if err == nil {
					got.Add(1)
					want(t, q.TaskDone())
				}
			}
		})
	}
	for put.Load() < 5 {
		want(t, q.Put(bg, 1))
		put.Add(1)
	}
	stop(q)
	wg.Wait()
	want(t, q.Join(bg))
	if got.Load() > put.Load() || !now && got.Load() != put.Load() {
		t.Errorf("%d put, %d got", put.Load(), got.Load())
	}
}
