package threading

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestEventFlag(t *testing.T) {
	var e Event
	expired, stop := context.WithCancel(context.Background())
	stop()
	for range 3 {
		for range 2 {
			if e.IsSet() || closed(e.Done()) || !errors.Is(e.Wait(expired), context.Canceled) {
				t.Error("set")
			}
			e.Clear()
		}
		for range 2 {
			e.Set()
			if !e.IsSet() || !closed(e.Done()) || e.Wait(expired) != nil || e.Wait(context.Background()) != nil {
				t.Error("not set")
			}
		}
		e.Clear()
	}
}

// Set wakes everybody, whatever they sleep on, even if Clear follows at once.
func TestEventWakesAll(t *testing.T) {
	for _, clear := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var e Event
			for round := range 3 {
				var woken atomic.Int32
				for i := range 6 {
					ctx, stop := waiter(i)
					defer stop()
					go func() {
						if err := e.Wait(ctx); err != nil {
							t.Error(err)
						}
						woken.Add(1)
					}()
				}
				done := e.Done()
				synctest.Wait()
				if woken.Load() != 0 || closed(done) {
					t.Fatal("woken before Set")
				}
				e.Set()
				if clear {
					e.Clear()
				}
				synctest.Wait()
				if woken.Load() != 6 || !closed(done) {
					t.Fatalf("round %d: %d of 6 woken", round, woken.Load())
				}
				if closed(e.Done()) == clear {
					t.Error("Done after Set")
				}
				e.Clear()
			}
		})
	}
}

func TestEventEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		var e Event
		var results [4]error
		for i := range 4 {
			ctx, stop := context.WithTimeoutCause(context.Background(), time.Duration(i+1)*time.Second, why)
			defer stop()
			go func() { results[i] = e.Wait(ctx) }()
		}
		time.Sleep(2500 * time.Millisecond)
		e.Set()
		synctest.Wait()
		for i, err := range results {
			if i > 1 {
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			} else if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// An Event of the program can be waited for in one bubble after another.
func TestEventOutlivesBubble(t *testing.T) {
	var e Event
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			for range 2 {
				go e.Wait(ctx)
			}
			if err := e.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			synctest.Wait()
		})
	}
	e.Set()
	if e.gate != nil {
		t.Error("a channel was left")
	}
}

// What happens in the middle of Set, between its steps.
func TestEventMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Set before the sleeper is noted, but after it has looked.
		var e Event
		e.sleep(e.state.Load() - eventStep) // makes the bed
		e.state.Store(eventStep | eventSet)
		e.bed.Wait()

		// Somebody gives up when e is set, before and after the channel is
		// closed.
		for _, opened := range []bool{false, true} {
			e.Clear()
			g, s := e.enterGate(false), e.state.Load()
			e.state.Store(s&^eventGated + eventStep | eventSet)
			if opened {
				e.openGate(s)
			}
			if !e.leaveGate(g) || closed(g.ch) != opened {
				t.Error("the wake-up is lost")
			}
			if !opened {
				// Clear is faster than Set: who comes then waits for
				// the next time, and the others go on all the same.
				e.Clear()
				next := e.Done()
				if !closed(g.ch) || closed(next) {
					t.Errorf("closed %v, next %v", closed(g.ch), closed(next))
				}
				e.openGate(s)
				if closed(next) {
					t.Error("woken by what was before")
				}
				e.Set()
				if !closed(next) {
					t.Error("not woken")
				}
			}
		}
	})
}

// Rounds in lock step: everybody hears of every Set, though Clear follows at
// once and contexts end in between.
func TestEventStress(t *testing.T) {
	leak.Check(t)
	const waiters = 6
	rounds := operations() / waiters
	var start, stop [2]Event
	var arrived [2]atomic.Int32
	var wg sync.WaitGroup
	for g := range waiters {
		wg.Go(func() {
			for r := range rounds {
				ctx := context.Background()
				for i := 0; ; i++ {
					wctx, end := ctx, context.CancelFunc(func() {})
					if g%3 != 0 {
						wctx, end = context.WithTimeout(ctx, time.Duration(1+(r+i+g)%50)*time.Microsecond)
					}
					err := start[r%2].Wait(wctx)
					end()
					if err == nil {
						break
					}
				}
				if arrived[r%2].Add(1) == waiters {
					arrived[r%2].Store(0)
					stop[r%2].Set()
				}
			}
		})
	}
	for r := range rounds {
		start[r%2].Set()
		stop[r%2].Wait(context.Background())
		stop[r%2].Clear()
		start[r%2].Clear()
	}
	wg.Wait()
}

// Whoever sleeps when Set is called wakes up, even if Clear follows at once.
func TestEventPulse(t *testing.T) {
	leak.Check(t)
	const waiters = 4
	n := operations() / 4
	var e Event
	var left atomic.Int32
	left.Store(waiters)
	var woken atomic.Int64
	var wg sync.WaitGroup
	for g := range waiters {
		wg.Go(func() {
			defer left.Add(-1)
			for i := range n {
				ctx, stop := context.Background(), context.CancelFunc(func() {})
				if g%2 == 0 {
					ctx, stop = context.WithTimeout(ctx, time.Duration(1+i%100)*time.Microsecond)
				}
				if e.Wait(ctx) == nil {
					woken.Add(1)
				}
				stop()
			}
		})
	}
	for left.Load() > 0 {
		e.Set()
		e.Clear()
	}
	wg.Wait()
	if woken.Load() < int64(n*waiters/2) {
		t.Errorf("%d woken", woken.Load())
	}
}
