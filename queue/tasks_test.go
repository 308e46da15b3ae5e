package queue_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/queue"
)

func TestTaskDone(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		q := make(0)
		want(t, q.TaskDone(), queue.ErrTooManyDone)
		want(t, q.Put(bg, 1))
		want(t, q.TaskDone()) // as in Python: whether it was got is not looked at
		want(t, q.TaskDone(), queue.ErrTooManyDone)
		item(t, 1)(q.Get(bg))
		want(t, q.TaskDone(), queue.ErrTooManyDone)
		want(t, q.Put(bg, 2))
		if q.Unfinished() != 1 {
			t.Errorf("%d unfinished", q.Unfinished())
		}
		// Shut down, it gives back what is left and not more.
		want(t, q.TaskDone())
		want(t, q.Put(bg, 3))
		want(t, q.Put(bg, 4))
		want(t, q.TaskDone())
		q.ShutdownNow()
		if q.Unfinished() != 0 {
			t.Errorf("%d unfinished", q.Unfinished())
		}
		want(t, q.TaskDone(), queue.ErrTooManyDone)
	})
}

func TestJoin(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, make func(int) tasked) {
		synctest.Test(t, func(t *testing.T) {
			q := make(0)
			sum, ended := 0, 0
			got := func(v int) {
				if sum += v; v < 0 {
					ended++
				}
			}
			results := newResults(got)
			for range 2 {
				go func() {
					for v := range q.All(bg) {
						results <- v
						want(t, q.TaskDone())
					}
				}()
			}
			for round := range 2 {
				for i := range 100 {
					want(t, q.Put(bg, i))
				}
				joined := 0
				for _, ctx := range []context.Context{bg, t.Context()} { // may end, and may not
					want(t, q.Join(ctx))
					joined++
				}
				synctest.Wait()
				if want := (round + 1) * 4950; sum != want || joined != 2 {
					t.Errorf("sum %d, want %d; %d joined", sum, want, joined)
				}
			}
			want(t, q.TaskDone(), queue.ErrTooManyDone)
			q.Shutdown()
			close(results)
		})
	})
}

// newResults has what is sent to the channel added up by one goroutine.
func newResults(got func(int)) chan int {
	c := make(chan int)
	go func() {
		for v := range c {
			got(v)
		}
	}()
	return c
}

// Join waits until the last is done, and its context ends it.
func TestJoinWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue.New[int](0)
		want(t, q.Put(bg, 1))
		want(t, q.Put(bg, 2))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		want(t, q.Join(ctx), context.DeadlineExceeded)
		var n atomic.Int64
		for range 3 {
			go func() {
				want(t, q.Join(t.Context()))
				n.Add(1)
			}()
		}
		synctest.Wait()
		want(t, q.TaskDone())
		synctest.Wait()
		if n.Load() != 0 {
			t.Fatalf("%d joined before the last was done", n.Load())
		}
		want(t, q.TaskDone())
		// Whoever waited is released, though there is something to do again.
		want(t, q.Put(bg, 3))
		synctest.Wait()
		if n.Load() != 3 {
			t.Errorf("%d of 3 joined", n.Load())
		}
	})
}

func TestAll(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		synctest.Test(t, func(t *testing.T) {
			q := make(0)
			for range 3 {
				want(t, q.Put(bg, 7))
			}
			for v := range q.All(bg) {
				if v != 7 {
					t.Errorf("got %d", v)
				}
				break
			}
			if q.Len() != 2 {
				t.Errorf("%d left after one was taken of 3", q.Len())
			}
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			n := 0
			for range q.All(ctx) {
				n++
			}
			if n != 2 || ctx.Err() == nil {
				t.Errorf("%d items until the context ended, want 2", n)
			}
			go func() {
				time.Sleep(time.Second)
				want(t, q.Put(bg, 8))
				q.Shutdown()
			}()
			n = 0
			for range q.All(bg) {
				n++
			}
			if n != 1 {
				t.Errorf("%d items until the queue was shut down, want 1", n)
			}
		})
	})
}
