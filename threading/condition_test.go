package threading

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

// eachCondition runs f in a bubble for every kind of lock, as the thread main.
func eachCondition(t *testing.T, f func(t *testing.T, ctx context.Context, c *Condition)) {
	for name, mk := range map[string]func() *Condition{
		"Zero":  func() *Condition { return new(Condition) },
		"Nil":   func() *Condition { return NewCondition(nil) },
		"Lock":  func() *Condition { return NewCondition(new(Lock)) },
		"RLock": func() *Condition { return NewCondition(new(RLock)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, asThread(context.Background(), "main"), mk()) })
		})
	}
}

// waiter returns a context for a thread that waits; every second one can end.
func waiter(i int) (context.Context, context.CancelFunc) {
	ctx := asThread(context.Background(), "waiter")
	if i%2 == 0 {
		return context.WithCancel(ctx)
	}
	return ctx, func() {}
}

// The oldest are woken first, as many as wanted, however they wait; none is
// woken by a notification that came before it.
func TestNotify(t *testing.T) {
	eachCondition(t, func(t *testing.T, ctx context.Context, c *Condition) {
		notify := func(n int) {
			c.Acquire(ctx)
			if err := c.Notify(ctx, n); err != nil {
				t.Error(err)
			}
			c.Release(ctx)
			synctest.Wait()
		}
		notify(5) // nobody is there
		var got []int
		for i := range 10 {
			// Two that can end, two that cannot, and so on.
			ctx, stop := waiter(i / 2)
			defer stop()
			go func() {
				c.Acquire(ctx)
				if err := c.Wait(ctx); err != nil {
					t.Error(err)
				}
				got = append(got, i)
				c.Release(ctx)
			}()
			synctest.Wait()
		}
		for _, tc := range []struct{ n, want int }{{0, 0}, {-1, 0}, {math.MinInt, 0}, {1, 1}, {1, 2}, {3, 5}, {0, 5}, {2, 7}, {100, 10}, {1, 10}} {
			notify(tc.n)
			slices.Sort(got) // those woken together run together
			if len(got) != tc.want || tc.want > 0 && got[tc.want-1] != tc.want-1 {
				t.Fatalf("after %d: %v, want %d", tc.n, got, tc.want)
			}
		}
		if c.Locked() {
			t.Error("locked")
		}
	})
}

func TestNotifyAll(t *testing.T) {
	eachCondition(t, func(t *testing.T, ctx context.Context, c *Condition) {
		for mixed := range 3 {
			woken := 0
			for i := range 5 {
				ctx, stop := waiter([]int{0, 1, i}[mixed])
				defer stop()
				go c.With(ctx, func(ctx context.Context) error {
					err := c.Wait(ctx)
					woken++
					return err
				})
			}
			synctest.Wait()
			c.Acquire(ctx)
			c.NotifyAll(ctx)
			synctest.Wait()
			if woken != 0 {
				t.Error("went on while the lock was held")
			}
			c.Release(ctx)
			synctest.Wait()
			if woken != 5 {
				t.Errorf("%d of 5 were woken", woken)
			}
		}
	})
}

// The lock is given up as a whole while waiting and held as before afterwards.
func TestWaitLevels(t *testing.T) {
	for _, end := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(asThread(context.Background(), "main"))
			defer stop()
			if !end {
				ctx = context.WithoutCancel(ctx)
			}
			var r RLock
			c := NewCondition(&r)
			for range 3 {
				c.Acquire(ctx)
			}
			time.AfterFunc(time.Second, func() {
				other := asThread(context.Background(), "other")
				if ok, err := c.TryAcquire(other); !ok || err != nil {
					t.Error("held by the one who waits")
				}
				if r.OwnedBy(ctx) {
					t.Error("owned by the one who waits")
				}
				if end {
					stop()
				} else {
					c.Notify(other, 1)
				}
				time.Sleep(time.Second) // it cannot go on
				c.Release(other)
			})
			start := time.Now()
			err := c.Wait(ctx)
			if end != errors.Is(err, context.Canceled) || time.Since(start) != 2*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			for i := range 3 {
				if !r.OwnedBy(ctx) {
					t.Errorf("not held after %d releases", i)
				}
				c.Release(ctx)
			}
			if r.Locked() {
				t.Error("still locked")
			}
		})
	}
}

func TestWaitEnds(t *testing.T) {
	why := errors.New("why")
	eachCondition(t, func(t *testing.T, main context.Context, c *Condition) {
		ctx, stop := context.WithTimeoutCause(main, time.Second, why)
		defer stop()
		c.Acquire(ctx)
		start := time.Now()
		for i := range 2 { // the second time ctx has ended before
			err := c.Wait(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || !c.Locked() {
				t.Errorf("%v, locked %v", err, c.Locked())
			}
			if d := time.Since(start); d != time.Second {
				t.Errorf("%d: after %v", i, d)
			}
		}
		// It is not in the way of those who come later.
		woken := false
		go func() {
			ctx := asThread(context.Background(), "waiter")
			c.Acquire(ctx)
			c.Wait(ctx)
			woken = true
			c.Release(ctx)
		}()
		c.Release(ctx)
		synctest.Wait()
		c.With(main, func(ctx context.Context) error { return c.Notify(ctx, 1) })
		synctest.Wait()
		if !woken {
			t.Error("the notification was lost on one who has gone")
		}
	})
}

// Who is notified has been notified, even if its context ended before it got
// the lock, and whichever came first.
func TestNotifiedAndEnded(t *testing.T) {
	for _, endFirst := range []bool{false, true} {
		eachCondition(t, func(t *testing.T, main context.Context, c *Condition) {
			ctx, stop := context.WithCancel(asThread(context.Background(), "waiter"))
			var err error
			go func() {
				c.Acquire(ctx)
				err = c.Wait(ctx)
				c.Release(ctx)
			}()
			synctest.Wait()
			c.Acquire(main)
			if endFirst {
				stop()
				synctest.Wait()
				c.Notify(main, 1)
			} else {
				c.Notify(main, 1)
				stop()
				synctest.Wait()
			}
			c.Release(main)
			synctest.Wait()
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWaitFor(t *testing.T) {
	eachCondition(t, func(t *testing.T, main context.Context, c *Condition) {
		expired, stop := context.WithDeadline(main, time.Now().Add(-1))
		defer stop()
		c.Acquire(main)
		if err := c.WaitFor(expired, func() bool { return true }); err != nil {
			t.Errorf("true at once: %v", err)
		}
		calls := 0
		if err := c.WaitFor(expired, func() bool { calls++; return false }); !errors.Is(err, context.DeadlineExceeded) || calls != 2 {
			t.Errorf("never true: %v after %d calls", err, calls)
		}
		// It has become true when the context ends, though nobody said so.
		calls = 0
		if err := c.WaitFor(expired, func() bool { calls++; return calls == 2 }); err != nil {
			t.Errorf("true at the end: %v", err)
		}

		state := 0
		go func() {
			ctx := asThread(context.Background(), "other")
			for range 4 {
				time.Sleep(time.Second)
				c.With(ctx, func(ctx context.Context) error {
					state++
					return c.Notify(ctx, 1)
				})
			}
		}()
		start := time.Now()
		if err := c.WaitFor(main, func() bool { return state == 2 }); err != nil || state != 2 || time.Since(start) != 2*time.Second {
			t.Errorf("%v, state %d", err, state)
		}
		// The time is for the whole call.
		ctx, stop := context.WithTimeout(main, 1500*time.Millisecond)
		defer stop()
		start = time.Now()
		if err := c.WaitFor(ctx, func() bool { return state == 100 }); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 1500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		// A panic leaves the lock to whoever took it.
		func() {
			defer func() {
				if recover() != "oops" || !c.Locked() {
					t.Error("not locked after a panic")
				}
			}()
			c.WaitFor(main, func() bool { panic("oops") })
		}()
		c.Release(main)
		time.Sleep(time.Minute)
	})
}

// Conditions on one lock do not wake each other's waiters.
func TestSharedLock(t *testing.T) {
	for _, l := range []ConditionLock{new(Lock), new(RLock)} {
		synctest.Test(t, func(t *testing.T) {
			c := [2]*Condition{NewCondition(l), NewCondition(l)}
			var woken [2]int
			for i := range 4 {
				ctx, stop := waiter(i / 2)
				defer stop()
				go c[i%2].With(ctx, func(ctx context.Context) error {
					err := c[i%2].Wait(ctx)
					woken[i%2]++
					return err
				})
			}
			synctest.Wait()
			main := asThread(context.Background(), "main")
			for i := range 2 {
				c[i].With(main, func(ctx context.Context) error {
					if !c[1-i].Locked() {
						t.Error("not the same lock")
					}
					return c[i].NotifyAll(ctx)
				})
				synctest.Wait()
				if woken[i] != 2 || woken[1]*(1-i) != 0 {
					t.Errorf("after %d: woken %v", i, woken)
				}
			}
		})
	}
}

// Items handed over by notifications, to takers that give up all the time: each
// is taken once, none is left while somebody waits for it.
func TestConditionStress(t *testing.T) {
	for name, l := range map[string]ConditionLock{"Lock": new(Lock), "RLock": new(RLock), "Zero": nil} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			c := NewCondition(l)
			const takers = 6
			n := operations() / takers * takers
			items, taken := 0, 0
			var gaveUp atomic.Int64
			var wg sync.WaitGroup
			for g := range takers {
				wg.Go(func() {
					ctx := asThread(context.Background(), "taker")
					for got := 0; got < n/takers; {
						ctx, stop := ctx, context.CancelFunc(func() {})
						if g%3 != 0 {
							ctx, stop = context.WithTimeout(ctx, time.Duration(got%50)*time.Microsecond)
						}
						c.Acquire(context.WithoutCancel(ctx))
						if err := c.WaitFor(ctx, func() bool { return items > 0 }); err != nil {
							gaveUp.Add(1)
						} else {
							items--
							taken++
							got++
						}
						c.Release(ctx)
						stop()
					}
				})
			}
			ctx := asThread(context.Background(), "giver")
			for i := 0; i < n; {
				c.Acquire(ctx)
				k := min(1+i%3, n-i)
				items += k
				i += k
				if i%2 == 0 {
					c.Notify(ctx, k)
				} else {
					c.NotifyAll(ctx)
				}
				full := items > 4
				c.Release(ctx)
				if full {
					runtime.Gosched()
				}
			}
			wg.Wait()
			if items != 0 || taken != n {
				t.Errorf("%d of %d taken, %d left", taken, n, items)
			}
			t.Logf("gave up %d times", gaveUp.Load())
		})
	}
}

// A single notification wakes exactly one of those that have not given up: each
// Wait that returns nil stands for one notification.
func TestNotificationsAreCounted(t *testing.T) {
	leak.Check(t)
	c := NewCondition(new(Lock))
	ctx := context.Background()
	var notified, waiting int // protected by the lock
	var woken atomic.Int64
	quit := make(chan struct{})
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-quit:
					return
				default:
				}
				wctx, stop := ctx, context.CancelFunc(func() {})
				if g > 0 {
					wctx, stop = context.WithTimeout(ctx, time.Duration(i%30)*time.Microsecond)
				}
				c.Acquire(ctx)
				waiting++
				if c.Wait(wctx) == nil {
					woken.Add(1)
				} else {
					waiting--
				}
				c.Release(ctx)
				stop()
			}
		})
	}
	for notified < operations()/4 {
		c.Acquire(ctx)
		if waiting > 0 {
			waiting--
			notified++
			c.Notify(ctx, 1)
		}
		c.Release(ctx)
		runtime.Gosched()
	}
	close(quit)
	stopped := make(chan struct{})
	go func() {
		wg.Wait()
		close(stopped)
	}()
	for {
		c.Acquire(ctx)
		if waiting > 0 {
			waiting--
			notified++
			c.Notify(ctx, 1)
		}
		c.Release(ctx)
		select {
		case <-stopped:
			if int(woken.Load()) != notified || waiting != 0 {
				t.Errorf("%d notifications, %d woken, %d waiting", notified, woken.Load(), waiting)
			}
			return
		default:
		}
	}
}
