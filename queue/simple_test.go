package queue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/queue"
)

func TestSimple(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, q := range []*queue.SimpleQueue[int]{new(queue.SimpleQueue[int]), queue.NewSimple[int]()} {
			state := func(n int) {
				t.Helper()
				if q.Len() != n || q.Empty() != (n == 0) {
					t.Errorf("Len %d, Empty %v with %d items", q.Len(), q.Empty(), n)
				}
			}
			state(0)
			for i := range 1000 {
				q.Put(i)
				state(i + 1)
			}
			item(t, 0)(q.Get(bg))
			item(t, 1)(q.TryGet())
			for i := 2; i < 1000; i++ {
				item(t, i)(q.Get(t.Context()))
			}
			state(0)
			_, err := q.TryGet()
			want(t, err, queue.ErrEmpty)
			ctx, cancel := context.WithTimeout(bg, time.Second)
			_, err = q.Get(ctx)
			want(t, err, queue.ErrEmpty, context.DeadlineExceeded)
			q.Put(1)
			item(t, 1)(q.Get(ctx)) // it need not wait
			_, err = q.Get(ctx)
			want(t, err, queue.ErrEmpty, context.DeadlineExceeded)
			cancel()

			ctx, cancel = context.WithCancel(bg)
			var got []int
			go func() {
				for v := range q.All(ctx) {
					got = append(got, v)
				}
			}()
			for i := range 3 {
				synctest.Wait()
				q.Put(i)
			}
			synctest.Wait()
			cancel()
			synctest.Wait()
			if !slices.Equal(got, []int{0, 1, 2}) {
				t.Errorf("got %v", got)
			}
		}
	})
}

// Many put and many get, in each of the three ways to get.
func TestSimpleMany(t *testing.T) {
	leak.Check(t)
	for name, get := range map[string]func(*queue.SimpleQueue[int], *rand.Rand) (int, error){
		"Get":    func(q *queue.SimpleQueue[int], _ *rand.Rand) (int, error) { return q.Get(bg) },
		"TryGet": func(q *queue.SimpleQueue[int], _ *rand.Rand) (int, error) { return q.TryGet() },
		"in a hurry": func(q *queue.SimpleQueue[int], r *rand.Rand) (int, error) {
			ctx, cancel := hurried(r)
			defer cancel()
			return q.Get(ctx)
		},
	} {
		for _, k := range []int{1, 8} {
			each := operations()/30/k + 1
			var q queue.SimpleQueue[int]
			var mu sync.Mutex
			var got []int
			var wg sync.WaitGroup
			for p := range k {
				wg.Go(func() {
					for i := range each {
						q.Put(p*each + i)
					}
				})
				wg.Go(func() {
					r := rand.New(rand.NewPCG(4, uint64(p)))
					var mine []int
					for len(mine) < each {
						v, err := get(&q, r)
						if err == nil {
							mine = append(mine, v)
						} else if !errors.Is(err, queue.ErrEmpty) {
							t.Errorf("%s: error %v", name, err)
						}
					}
					mu.Lock()
					defer mu.Unlock()
					got = append(got, mine...)
				})
			}
			wg.Wait()
			if k == 1 && !slices.IsSorted(got) {
				t.Errorf("%s: not in order", name)
			}
			slices.Sort(got)
			for i, v := range got {
				if i != v {
					t.Fatalf("%s: item %d is %d", name, i, v)
				}
			}
			if len(got) != k*each || !q.Empty() {
				t.Errorf("%s: %d got, %d left", name, len(got), q.Len())
			}
		}
	}
}

// A callback that the runtime makes at any time may put.
func TestSimpleFromCallbacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue.SimpleQueue[int]
		for i := range 100 {
			time.AfterFunc(time.Duration(i), func() { q.Put(i) })
		}
		for i := range 100 {
			item(t, i)(q.Get(bg))
		}
	})
}
