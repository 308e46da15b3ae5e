package queue_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/queue"
)

// stop is one of the ways to shut a queue down.
var stops = []struct {
	name string
	now  bool
	stop func(tasked)
}{
	{"Shutdown", false, tasked.Shutdown},
	{"ShutdownNow", true, tasked.ShutdownNow},
}

// eachStop runs test over all kinds and both ways to shut down, in a bubble.
func eachStop(t *testing.T, test func(t *testing.T, make func(int) tasked, stop func(tasked), now bool)) {
	leak.Check(t)
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			each(t, func(t *testing.T, make func(int) tasked) {
				synctest.Test(t, func(t *testing.T) { test(t, make, s.stop, s.now) })
			})
		})
	}
}

func TestShutdown(t *testing.T) {
	eachStop(t, func(t *testing.T, make func(int) tasked, stop func(tasked), now bool) {
		q := make(2)
		want(t, q.Put(bg, 'L'))
		want(t, q.TryPut('O'))
		stop(q)
		if !q.Closed() || q.Empty() != now {
			t.Errorf("Closed %v, Len %d", q.Closed(), q.Len())
		}
		want(t, q.Put(bg, 'E'), queue.ErrShutDown)
		want(t, q.TryPut('W'), queue.ErrShutDown)
		if now {
			want(t, q.TaskDone(), queue.ErrTooManyDone)
		} else {
			var got []int
			for v := range q.All(bg) {
				got = append(got, v)
				want(t, q.TaskDone())
			}
			if slices.Sort(got); !slices.Equal(got, []int{'L', 'O'}) {
				t.Errorf("got %v", got)
			}
		}
		want(t, q.Join(bg))
		_, err := q.Get(bg)
		want(t, err, queue.ErrShutDown)
		_, err = q.TryGet()
		want(t, err, queue.ErrShutDown)
		_, err = q.Get(t.Context())
		want(t, err, queue.ErrShutDown)
		// Again, and either way.
		q.Shutdown()
		q.ShutdownNow()
		q.Shutdown()
		if !q.Closed() || !q.Empty() {
			t.Errorf("Closed %v, Len %d", q.Closed(), q.Len())
		}
	})
}

// First one way, then the other: what is left is thrown away.
func TestShutdownThenNow(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		q := make(0)
		for i := range 1000 {
			want(t, q.Put(bg, i))
		}
		q.Shutdown()
		_, err := q.Get(bg)
		want(t, err)
		q.ShutdownNow()
		if q.Len() != 0 || q.Unfinished() != 1 {
			t.Errorf("Len %d, Unfinished %d", q.Len(), q.Unfinished())
		}
		_, err = q.Get(bg)
		want(t, err, queue.ErrShutDown)
		want(t, q.TaskDone())
		want(t, q.Join(bg))
	})
}

// Those who wait already are told.
func TestShutdownWaiters(t *testing.T) {
	eachStop(t, func(t *testing.T, make func(int) tasked, stop func(tasked), now bool) {
		var refused atomic.Int64
		start := func(op func(context.Context) error) {
			for i := range 6 {
				go func() {
					want(t, op([]context.Context{bg, t.Context()}[i%2]), queue.ErrShutDown)
					refused.Add(1)
				}()
			}
			synctest.Wait()
			if n := refused.Load(); n != 0 {
				t.Fatalf("%d returned before the shutdown", n)
			}
		}
		check := func() {
			synctest.Wait()
			if n := refused.Swap(0); n != 6 {
				t.Errorf("%d of 6 were told", n)
			}
		}
		q := make(2)
		start(func(ctx context.Context) error { _, err := q.Get(ctx); return err })
		stop(q)
		check()

		q = make(2)
		want(t, q.Put(bg, 1))
		want(t, q.Put(bg, 2))
		start(func(ctx context.Context) error { return q.Put(ctx, 3) })
		stop(q)
		check()
		if n := q.Len(); n != map[bool]int{true: 0, false: 2}[now] {
			t.Errorf("%d items are left", n)
		}
	})
}

// More getters than items: each item is got, and the others are told.
func TestShutdownGetters(t *testing.T) {
	eachStop(t, func(t *testing.T, make func(int) tasked, stop func(tasked), now bool) {
		q := make(2)
		want(t, q.Put(bg, 1))
		want(t, q.Put(bg, 2))
		var got, refused atomic.Int64
		goOn := newGate()
		for range 5 {
			go func() {
				<-goOn
				if _, err := q.Get(bg); err == nil {
					got.Add(1)
				} else {
					want(t, err, queue.ErrShutDown)
					refused.Add(1)
				}
			}()
		}
		stop(q)
		close(goOn)
		synctest.Wait()
		items := map[bool]int64{true: 0, false: 2}[now]
		if got.Load() != items || refused.Load() != 5-items {
			t.Errorf("%d got one, %d were refused", got.Load(), refused.Load())
		}
	})
}

func newGate() chan struct{} { return make(chan struct{}) }

// Who joins waits for what is being worked on, and for what is left unless it
// is thrown away.
func TestShutdownJoin(t *testing.T) {
	eachStop(t, func(t *testing.T, make func(int) tasked, stop func(tasked), now bool) {
		q := make(0)
		for i := range 3 {
			want(t, q.Put(bg, i))
		}
		_, err := q.Get(bg)
		want(t, err)
		var joined atomic.Int64
		for range 2 {
			go func() {
				want(t, q.Join(bg))
				joined.Add(1)
			}()
		}
		synctest.Wait()
		stop(q)
		synctest.Wait()
		if joined.Load() != 0 {
			t.Error("joined while one was being worked on")
		}
		want(t, q.TaskDone())
		synctest.Wait()
		if !now {
			if joined.Load() != 0 {
				t.Error("joined while two were left")
			}
			for range q.All(bg) {
				want(t, q.TaskDone())
			}
			synctest.Wait()
		}
		if n := joined.Load(); n != 2 {
			t.Errorf("%d of 2 joined", n)
		}
	})
}

// Nothing being worked on, ShutdownNow releases who joins.
func TestShutdownNowReleases(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		synctest.Test(t, func(t *testing.T) {
			q := make(0)
			want(t, q.Put(bg, 1))
			joined := newGate()
			go func() {
				want(t, q.Join(t.Context()))
				close(joined)
			}()
			synctest.Wait()
			q.ShutdownNow()
			<-joined
		})
	})
}

// Writers and readers in full flight: whatever was put is got, or was thrown
// away, and everybody ends.
func TestShutdownInFlight(t *testing.T) {
	leak.Check(t)
	for _, s := range stops {
		t.Run(s.name, func(t *testing.T) {
			each(t, func(t *testing.T, make func(int) tasked) {
				for range 4 {
					shutdownInFlight(t, make(128), s.stop, s.now)
				}
			})
		})
	}
}

func shutdownInFlight(t *testing.T, q tasked, stop func(tasked), now bool) {
	var put, got, empty atomic.Int64
	half := newGate()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				if err := q.Put(bg, i); err != nil {
					want(t, err, queue.ErrShutDown)
					return
				}
				if put.Add(1) == 2000 {
					close(half)
				}
			}
		})
		wg.Go(func() {
			for {
				_, err := q.Get(bg)
				if err != nil {
					want(t, err, queue.ErrShutDown)
					empty.Add(1)
					return
				}
				got.Add(1)
				want(t, q.TaskDone())
			}
		})
		wg.Go(func() {
			<-half
			want(t, q.Join(bg))
		})
	}
	<-half
	stop(q)
	if now && !q.Empty() {
		t.Error("not empty")
	}
	wg.Wait()
	if empty.Load() != 4 || got.Load() > put.Load() || !now && got.Load() != put.Load() {
		t.Errorf("%d put, %d got, %d getters told", put.Load(), got.Load(), empty.Load())
	}
}
