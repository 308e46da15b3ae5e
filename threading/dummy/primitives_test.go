package dummy

import (
	"cmp"
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

// Both kinds of semaphore, and what is different about them.
func TestSemaphore(t *testing.T) {
	type semaphore interface {
		Acquire(context.Context) error
		TryAcquire() bool
		Release() error
		ReleaseN(n int) error
		Value() int
	}
	s, err := NewSemaphore(2)
	check(t, "NewSemaphore", err, nil)
	b, err := NewBoundedSemaphore(2)
	check(t, "NewBoundedSemaphore", err, nil)
	for _, tc := range []struct {
		name string
		s    semaphore
		over error // of a release above the first value
	}{
		{"Semaphore", s, nil},
		{"BoundedSemaphore", b, ErrReleasedTooOften},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := as(t)
			s := tc.s
			check(t, "Acquire", s.Acquire(ctx), nil)
			since := next()
			if !s.TryAcquire() || s.TryAcquire() || s.Value() != 0 {
				t.Errorf("TryAcquire; value %d", s.Value())
			}
			at := next()
			err := s.Acquire(ctx)
			deadlocked(t, err, want{tc.name + ".Acquire", "test", at, "", since, "there is no permit, the last one was taken since"})
			waits(t, ctx, s.Acquire)
			for _, n := range []int{0, -1, math.MinInt} {
				check(t, "ReleaseN of less than one", s.ReleaseN(n), ErrReleaseCount)
			}
			check(t, "ReleaseN", s.ReleaseN(2), nil)
			inside(t, ctx, "taker", func(ctx context.Context) {
				since = next()
				check(t, "Acquire", s.Acquire(ctx), nil)
				check(t, "Release", s.Release(), nil)
			})
			check(t, "Release above", s.Release(), tc.over)
			check(t, "ReleaseN, all or none", s.ReleaseN(math.MaxInt), cmp.Or(tc.over, ErrTooManyPermits))
			if want := map[bool]int{true: 2, false: 3}[tc.over != nil]; s.Value() != want {
				t.Errorf("value %d, want %d", s.Value(), want)
			}
		})
	}
	for _, n := range []int{-1, math.MinInt} {
		_, err := NewSemaphore(n)
		check(t, "NewSemaphore", err, ErrNegativeValue)
		_, err = NewBoundedSemaphore(n)
		check(t, "NewBoundedSemaphore", err, ErrNegativeValue)
	}
	if math.MaxInt > maxPermits { // not on 32 bits
		_, err := NewSemaphore(math.MaxInt)
		check(t, "NewSemaphore", err, ErrTooManyPermits)
		_, err = NewBoundedSemaphore(math.MaxInt)
		check(t, "NewBoundedSemaphore", err, ErrTooManyPermits)
	}
	var one Semaphore
	var single BoundedSemaphore
	if one.Value() != 1 || single.Value() != 1 || single.Bound() != 1 || b.Bound() != 2 {
		t.Error("zero values and bounds")
	}
	check(t, "Release of a zero one", single.Release(), ErrReleasedTooOften)
	none, _ := NewSemaphore(0)
	deadlocked(t, none.Acquire(t.Context()), want{op: "Semaphore.Acquire", reason: "there is no permit"})
}

func TestEvent(t *testing.T) {
	ctx := as(t)
	var e Event
	if e.IsSet() {
		t.Error("set from the start")
	}
	before := e.Done()
	at := next()
	err := e.Wait(ctx)
	deadlocked(t, err, want{"Event.Wait", "test", at, "", "", "the event is not set"})
	waits(t, ctx, e.Wait)
	inside(t, ctx, "setter", func(context.Context) { e.Set(); e.Set() })
	<-before
	<-e.Done()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	check(t, "Wait for a set one, context ended", e.Wait(ended), nil)
	if !e.IsSet() {
		t.Error("not set")
	}
	e.Clear()
	e.Clear()
	waits(t, ctx, e.Wait)
	select {
	case <-e.Done():
		t.Error("done when cleared")
	case <-before: // stays closed
	}
	var late Event
	late.Set()
	<-late.Done()
}

func TestCondition(t *testing.T) {
	for _, tc := range []struct {
		name  string
		c     *Condition
		owner bool // the lock belongs to a thread
	}{
		{"zero", new(Condition), true},
		{"nil", NewCondition(nil), true},
		{"RLock", NewCondition(new(RLock)), true},
		{"Lock", NewCondition(new(Lock)), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := as(t)
			c := tc.c
			yes, no := func() bool { return true }, func() bool { return false }
			all := map[string]func(ctx context.Context) error{
				"Wait":      c.Wait,
				"WaitFor":   func(ctx context.Context) error { return c.WaitFor(ctx, yes) },
				"Notify":    func(ctx context.Context) error { return c.Notify(ctx, 1) },
				"NotifyAll": c.NotifyAll,
				"Release":   c.Release,
			}
			for name, f := range all {
				if !tc.owner {
					check(t, name+", not held", f(ctx), ErrNotLocked)
				} else {
					check(t, name+", not held", f(ctx), ErrNotOwner)
					check(t, name+", no thread", f(context.Background()), ErrNoThread)
				}
			}
			check(t, "Acquire", c.Acquire(ctx), nil)
			if tc.owner {
				inside(t, ctx, "other", func(ctx context.Context) {
					for name, f := range all {
						check(t, name+", held by another", f(ctx), ErrNotOwner)
					}
				})
			}
			at := next()
			err := c.Wait(ctx)
			deadlocked(t, err, want{"Condition.Wait", "test", at, "", "", "nobody else can notify"})
			at = next()
			err = c.WaitFor(ctx, no)
			deadlocked(t, err, want{"Condition.WaitFor", "test", at, "", "", "nobody else can notify"})
			waits(t, ctx, c.Wait)
			waits(t, ctx, func(ctx context.Context) error { return c.WaitFor(ctx, no) })
			check(t, "WaitFor of what is", c.WaitFor(ctx, yes), nil)
			calls := 0
			check(t, "WaitFor of what is at last", c.WaitFor(ctx, func() bool { calls++; return calls == 2 }), nil)
			for _, n := range []int{1, 0, -1, math.MaxInt} {
				check(t, "Notify", c.Notify(ctx, n), nil)
			}
			check(t, "NotifyAll", c.NotifyAll(ctx), nil)
			if ok, err := c.TryAcquire(ctx); ok != tc.owner || err != nil {
				t.Errorf("TryAcquire again: %v, %v", ok, err)
			} else if ok {
				c.Release(ctx)
			}
			if !c.Locked() {
				t.Error("not held any more")
			}
			check(t, "Release", c.Release(ctx), nil)
			if c.Locked() {
				t.Error("still held")
			}
		})
	}
}

// The pattern of producer and consumer works if they come in this order.
func TestProducerConsumer(t *testing.T) {
	ctx := as(t)
	c := NewCondition(nil)
	items := 0
	inside(t, ctx, "producer", func(ctx context.Context) {
		check(t, "With", c.With(ctx, func(ctx context.Context) error {
			items++
			return c.Notify(ctx, 1)
		}), nil)
	})
	consume := func(ctx context.Context) error {
		return c.With(ctx, func(ctx context.Context) error {
			for items == 0 {
				if err := c.Wait(ctx); err != nil {
					return err
				}
			}
			items--
			return nil
		})
	}
	inside(t, ctx, "consumer", func(ctx context.Context) {
		check(t, "the first", consume(ctx), nil)
		check(t, "the second", consume(ctx), ErrWouldDeadlock)
	})
	if items != 0 || c.Locked() {
		t.Errorf("%d items left, locked: %v", items, c.Locked())
	}
}

func TestBarrier(t *testing.T) {
	ctx := as(t)
	for _, n := range []int{0, -1, math.MinInt} {
		_, err := NewBarrier(n)
		check(t, "NewBarrier", err, ErrParties)
	}
	i, err := new(Barrier).Wait(ctx)
	check(t, "Wait at a zero one", err, ErrNotInitialized)
	if i != -1 {
		t.Errorf("index %d with an error", i)
	}

	var failure error
	acts := 0
	b, err := NewBarrier(1, WithTimeout(time.Hour), WithAction(func() error { acts++; return failure }))
	check(t, "NewBarrier", err, nil)
	for range 3 {
		i, err := b.Wait(ctx)
		check(t, "Wait alone", err, nil)
		if i != 0 || b.Parties() != 1 || b.Waiting() != 0 || b.Broken() {
			t.Errorf("index %d, barrier %+v", i, b)
		}
	}
	failure = errors.New("failure")
	_, err = b.Wait(ctx)
	check(t, "Wait, action fails", err, failure)
	_, err = b.Wait(ctx)
	check(t, "Wait at a broken one", err, ErrBrokenBarrier)
	if acts != 4 || !b.Broken() {
		t.Errorf("%d actions; broken: %v", acts, b.Broken())
	}
	b.Reset()
	failure = nil
	_, err = b.Wait(ctx)
	check(t, "Wait at a mended one", err, nil)

	p, _ := NewBarrier(1, WithAction(func() error { panic("action") }))
	func() {
		defer func() {
			if v := recover(); v != "action" || !p.Broken() {
				t.Errorf("panicked with %v; broken: %v", v, p.Broken())
			}
		}()
		p.Wait(ctx)
	}()
}

// What its action does to a barrier.
func TestBarrierAction(t *testing.T) {
	ctx := as(t)
	var b *Barrier
	for _, tc := range []struct {
		name   string
		do     func()
		err    error
		broken bool
	}{
		{"nothing", func() {}, nil, false},
		{"Abort", func() { b.Abort() }, ErrBrokenBarrier, true},
		{"Reset", func() { b.Reset() }, ErrBrokenBarrier, false},
		{"Abort and Reset", func() { b.Abort(); b.Reset() }, ErrBrokenBarrier, false},
		{"Wait", func() {
			at := next()
			_, err := b.Wait(ctx)
			deadlocked(t, err, want{"Barrier.Wait", "test", at, "", "", "the action is running"})
		}, nil, false},
		{"Wait with a deadline", func() {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			_, err := b.Wait(ctx)
			check(t, "Wait", err, ErrBrokenBarrier)
		}, nil, true}, // this round passes, none after it
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, _ = NewBarrier(1, WithAction(func() error { tc.do(); return nil }))
			for range 2 {
				_, err := b.Wait(ctx)
				check(t, "Wait", err, tc.err)
				if b.Broken() != tc.broken {
					t.Errorf("broken: %v", b.Broken())
				}
				b.Reset()
			}
		})
	}
}

// A barrier for more is never passed; it breaks where it would have in time.
func TestBarrierDeadlock(t *testing.T) {
	ctx := as(t)
	b, _ := NewBarrier(2)
	limited, _ := NewBarrier(2, WithTimeout(time.Hour))
	at := next()
	_, err := b.Wait(ctx)
	deadlocked(t, err, want{"Barrier.Wait", "test", at, "", "", "no other party can come"})
	if b.Broken() {
		t.Error("broken by who never stopped waiting")
	}
	waits(t, ctx, func(ctx context.Context) error {
		b.Reset()
		_, err := b.Wait(ctx)
		if _, deadline := ctx.Deadline(); deadline || ctx.Err() != nil {
			check(t, "Wait", err, ErrBrokenBarrier)
			if !b.Broken() {
				t.Error("not broken")
			}
		}
		return err
	})
	_, err = limited.Wait(ctx)
	for _, want := range []error{ErrBrokenBarrier, ErrWouldDeadlock, context.DeadlineExceeded} {
		check(t, "Wait with a limit", err, want)
	}
	b.Reset()
	b.Abort()
	_, err = b.Wait(ctx)
	check(t, "Wait after Abort", err, ErrBrokenBarrier)
}
