package sched_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/sched"
)

// A funcClock is made of two functions, as in Python.
type funcClock struct {
	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

func (c funcClock) Now() time.Time                                   { return c.now() }
func (c funcClock) Sleep(ctx context.Context, d time.Duration) error { return c.sleep(ctx, d) }

// tracedClock is a simulated time that records how long it slept.
func tracedClock(r *record) funcClock {
	var c jumpClock
	return funcClock{c.Now, func(ctx context.Context, d time.Duration) error {
		r.add("sleep " + d.String())
		return c.Sleep(ctx, d)
	}}
}

// The clock sleeps for as long as is left, and for nothing after each event.
func TestClock(t *testing.T) {
	var r record
	s := sched.New(sched.Config{Clock: tracedClock(&r)})
	s.Enter(3*time.Second, 0, r.act("3"))
	s.Enter(-1*time.Second, 0, r.act("-1"))
	s.EnterAbs(time.Unix(5, 0), 0, r.act("5"))
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "-1", "sleep 0s", "sleep 3s", "3", "sleep 0s", "sleep 2s", "5", "sleep 0s")
	s.Enter(0, 0, func(context.Context) error { return errBad })
	if err := s.Run(t.Context()); err != errBad {
		t.Fatal(err)
	}
	r.want(t)
}

// A clock that wakes too early is asked again.
func TestClockEarly(t *testing.T) {
	var c jumpClock
	var slept []time.Duration
	s := sched.New(sched.Config{Clock: funcClock{c.Now, func(ctx context.Context, d time.Duration) error {
		if d > 0 {
			slept = append(slept, d)
		}
		return c.Sleep(ctx, (d+1)/2)
	}}})
	s.Enter(8, 0, nothing)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []time.Duration{8, 4, 2, 1}; !slices.Equal(slept, want) {
		t.Errorf("slept %v, want %v", slept, want)
	}
}

// What goes wrong in a clock ends the Run, and nothing is lost.
func TestClockFails(t *testing.T) {
	boom := errors.New("boom")
	for _, at := range []string{"before the event", "after the event"} {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panic=%v", at, panics), func(t *testing.T) {
				leak.Check(t)
				var r record
				var c jumpClock
				works := false
				s := sched.New(sched.Config{Clock: funcClock{c.Now, func(ctx context.Context, d time.Duration) error {
					if !works && (d == 0) == (at == "after the event") {
						if panics {
							panic(boom)
						}
						return boom
					}
					return c.Sleep(ctx, d)
				}}})
				s.Enter(time.Second, 0, r.act("event"))
				s.Enter(2*time.Second, 0, r.act("next"))
				func() {
					defer func() {
						if p := recover(); panics && p != boom {
							t.Errorf("panicked with %v", p)
						}
					}()
					if err := s.Run(t.Context()); err != boom {
						t.Errorf("Run: %v", err)
					}
				}()
				if at == "after the event" {
					r.want(t, "event")
				} else {
					r.want(t)
				}
				works = true
				if err := s.Run(t.Context()); err != nil {
					t.Error(err)
				}
				if at == "after the event" {
					r.want(t, "next")
				} else {
					r.want(t, "event", "next")
				}
			})
		}
	}
}

// When the one who sleeps is ended by the clock, another one takes over.
func TestClockFailsLeader(t *testing.T) {
	for _, panics := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			boom := errors.New("boom")
			var r record
			sleeps := 0
			s := sched.New(sched.Config{Clock: funcClock{time.Now, func(_ context.Context, d time.Duration) error {
				if d == 0 {
					return nil
				}
				sleeps++
				if time.Sleep(d); sleeps > 1 {
					return nil
				}
				if panics {
					panic(boom)
				}
				return boom
			}}})
			s.Enter(time.Minute, 0, r.act("event"))
			failed := make(chan any)
			go func() {
				defer func() { failed <- recover() }()
				if err := s.Run(t.Context()); err != nil {
					panic(err)
				}
			}()
			synctest.Wait()
			done := start(s.Run, t.Context())
			if got := <-failed; got != boom {
				t.Errorf("Run ended with %v", got)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			r.want(t, "event")
		})
	}
}

// Clocks and actions may use the scheduler, since no lock is held.
func TestClockUsesScheduler(t *testing.T) {
	var s *sched.Scheduler
	var c jumpClock
	s = sched.New(sched.Config{Clock: funcClock{
		func() time.Time { s.Len(); return c.Now() },
		func(ctx context.Context, d time.Duration) error {
			if d > 0 && s.Len() == 1 {
				s.Enter(d/2, 0, nothing)
			}
			return c.Sleep(ctx, (d+1)/2)
		},
	}})
	s.Enter(100, 0, nothing)
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A clock with a monotonic reading orders by the wall clock all the same.
func TestClockMonotonicIgnored(t *testing.T) {
	now := time.Now()
	c := funcClock{func() time.Time { return now }, func(ctx context.Context, d time.Duration) error { now = now.Add(d); return nil }}
	s := sched.New(sched.Config{Clock: c})
	a := must(s.Enter(time.Second, 0, nothing))
	b := must(s.EnterAbs(now.Add(2*time.Second), 0, nothing))
	c2 := must(s.EnterAbs(now.Add(3*time.Second).Round(0), 0, nothing))
	if a.Time() != now.Add(time.Second).Round(0) {
		t.Errorf("the event is at %v", a.Time())
	}
	if got := s.Queue(); !slices.Equal(got, []*sched.Event{a, b, c2}) {
		t.Errorf("Queue: %v", got)
	}
	if err := s.Run(t.Context()); err != nil || !now.Round(0).Equal(c2.Time()) {
		t.Errorf("Run: %v, at %v", err, now)
	}
}

// An earlier event interrupts the sleep of a clock; one that does not heed its
// context looks after the sleep, as in Python.
func TestEnterConcurrent(t *testing.T) {
	for _, heed := range []bool{true, false} {
		t.Run(fmt.Sprintf("heed=%v", heed), func(t *testing.T) {
			leak.Check(t)
			clock := newStepClock(heed)
			s := sched.New(sched.Config{Clock: clock})
			q := make(chan int, 10)
			put := func(x int) sched.Action { return func(context.Context) error { q <- x; return nil } }
			enter := func(xs ...int) {
				for _, x := range xs {
					s.EnterAbs(time.Unix(int64(x), 0), 1, put(x))
				}
			}
			get := func(want ...int) {
				t.Helper()
				for _, w := range want {
					if x := <-q; x != w {
						t.Errorf("%d ran, want %d", x, w)
					}
				}
				if len(q) > 0 {
					t.Error("more has run")
				}
			}
			enter(1, 3)
			done := start(s.Run, t.Context())
			clock.advance(1 * time.Second)
			get(1)
			enter(4, 5, 2)
			clock.advance(2 * time.Second)
			get(2, 3)
			clock.advance(1 * time.Second)
			get(4)
			clock.advance(1 * time.Second)
			get(5)
			clock.advance(1000 * time.Second)
			if err := <-done; err != nil {
				t.Error(err)
			}
			get()
			if got := clock.Now().Unix(); got != 5 {
				t.Errorf("the clock is at %d, want 5", got)
			}
		})
	}
}

func TestCancelConcurrent(t *testing.T) {
	for _, heed := range []bool{true, false} {
		t.Run(fmt.Sprintf("heed=%v", heed), func(t *testing.T) {
			leak.Check(t)
			clock := newStepClock(heed)
			s := sched.New(sched.Config{Clock: clock})
			q := make(chan int, 10)
			evs := map[int]*sched.Event{}
			for _, x := range []int{1, 2, 4, 5, 3} {
				evs[x] = must(s.EnterAbs(time.Unix(int64(x), 0), 1, func(context.Context) error { q <- x; return nil }))
			}
			done := start(s.Run, t.Context())
			clock.advance(1 * time.Second)
			if x := <-q; x != 1 {
				t.Errorf("%d ran", x)
			}
			if err := errors.Join(s.Cancel(evs[2]), s.Cancel(evs[5])); err != nil {
				t.Error(err)
			}
			clock.advance(1 * time.Second)
			clock.advance(1 * time.Second)
			if x := <-q; x != 3 {
				t.Errorf("%d ran", x)
			}
			clock.advance(1 * time.Second)
			if x := <-q; x != 4 {
				t.Errorf("%d ran", x)
			}
			clock.advance(1000 * time.Second)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if len(q) > 0 {
				t.Error("more has run")
			}
			if got := clock.Now().Unix(); got != 4 {
				t.Errorf("the clock is at %d, want 4", got)
			}
		})
	}
}

// The sleep of a clock is ended by the context of Run, by an earlier event, and
// by the end of the last one.
func TestClockInterrupted(t *testing.T) {
	leak.Check(t)
	sleeping := make(chan time.Duration)
	now := time.Unix(0, 0)
	s := sched.New(sched.Config{Clock: funcClock{
		func() time.Time { return now },
		func(ctx context.Context, d time.Duration) error {
			if d == 0 {
				return nil
			}
			sleeping <- d
			<-ctx.Done()
			return ctx.Err()
		},
	}})
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	ev := must(s.Enter(time.Hour, 0, nothing))
	done := start(s.Run, ctx)
	want := func(d time.Duration) {
		t.Helper()
		if got := <-sleeping; got != d {
			t.Errorf("it sleeps for %v, want %v", got, d)
		}
	}
	want(time.Hour)
	earlier := must(s.Enter(time.Minute, 0, nothing))
	want(time.Minute)
	ran := make(chan struct{})
	s.Enter(-1, 0, func(context.Context) error { close(ran); return nil })
	<-ran
	want(time.Minute)
	cancel(stop)
	if err := <-done; !errors.Is(err, stop) || !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}

	done = start(s.Run, t.Context())
	want(time.Minute)
	if err := errors.Join(s.Cancel(earlier), s.Cancel(ev)); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}
