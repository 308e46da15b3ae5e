package threading

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		begin := time.Now()
		var at time.Duration
		var inside *Thread
		tm := NewTimer(30*time.Second, func(ctx context.Context) error {
			at, inside = time.Since(begin), Current(ctx)
			return nil
		}, WithName("alarm"))
		if tm.Alive() || tm.Name() != "alarm" {
			t.Errorf("before the start: %v", tm)
		}
		if err := tm.Join(ctx); err != ErrNotStarted {
			t.Errorf("Join before the start: %v", err)
		}
		time.Sleep(time.Minute)
		begin = time.Now()
		if err := tm.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if err := tm.Start(ctx); err != ErrAlreadyStarted {
			t.Errorf("second Start: %v", err)
		}
		synctest.Wait()
		if _, ok := tm.ID(); !ok || !tm.Alive() || !slices.Contains(Enumerate(), &tm.Thread) {
			t.Errorf("it waits: %v", tm)
		}
		if err := tm.Join(ctx); err != nil {
			t.Error(err)
		}
		if at != 30*time.Second || inside != &tm.Thread || tm.Alive() || tm.Cancel() {
			t.Errorf("called after %v in %v; %v", at, inside, tm)
		}
	})
}

func TestTimerCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		never := func(context.Context) error { t.Error("called"); return nil }
		before := ActiveCount()

		waits := NewTimer(time.Hour, never)
		waits.Start(ctx)
		joined := make(chan error)
		go func() { joined <- waits.Join(ctx) }()
		synctest.Wait()
		if !waits.Cancel() || waits.Cancel() {
			t.Error("Cancel of one that waits")
		}
		if err := <-joined; err != nil || waits.Alive() || waits.Err() != nil {
			t.Errorf("cancelled: %v, %v", err, waits)
		}

		unstarted := NewTimer(time.Hour, never)
		if !unstarted.Cancel() || unstarted.Cancel() {
			t.Error("Cancel before Start")
		}
		if err := unstarted.Start(ctx); err != nil || unstarted.Alive() {
			t.Errorf("Start: %v, %v", err, unstarted)
		}
		if err := unstarted.Join(ctx); err != nil {
			t.Error(err)
		}

		begun := NewTimer(0, func(context.Context) error { time.Sleep(time.Second); return nil })
		begun.Start(ctx)
		synctest.Wait()
		if begun.Cancel() || !begun.Alive() {
			t.Error("Cancel of one that has begun")
		}
		begun.Join(ctx)

		limit, cancel := context.WithCancelCause(ctx)
		limited := NewTimer(time.Hour, never)
		limited.Start(limit)
		cancel(errTest)
		if err := limited.Join(ctx); err != nil || !errors.Is(limited.Err(), errTest) || !errors.Is(limited.Err(), context.Canceled) || limited.Cancel() {
			t.Errorf("its context ended: %v, %v", err, limited.Err())
		}
		time.Sleep(2 * time.Hour)
		if n := ActiveCount(); n != before {
			t.Errorf("%d threads are left", n-before)
		}
	})
}

func TestTimerRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		begin := time.Now()
		tm := NewTimer(time.Minute, fails)
		if err := tm.Run(ctx); err != errTest || time.Since(begin) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := tm.Run(ctx); err != ErrAlreadyStarted || tm.Cancel() {
			t.Errorf("again: %v", err)
		}
		tm = NewTimer(time.Hour, fails)
		begin = time.Now()
		time.AfterFunc(time.Second, func() { tm.Cancel() })
		if err := tm.Run(ctx); err != nil || time.Since(begin) != time.Second {
			t.Errorf("cancelled: %v after %v", err, time.Since(begin))
		}
		limit, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := NewTimer(time.Hour, fails).Run(limit); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("its time ran out: %v", err)
		}
		tm = NewTimer(time.Hour, fails)
		tm.Cancel()
		if err := tm.Run(ctx); err != nil {
			t.Errorf("cancelled before: %v", err)
		}
	})
}

// Firing, cancelling and the end of the context meet.
func TestTimerRace(t *testing.T) {
	leak.Check(t)
	before := ActiveCount()
	var calls, cancelled, ended atomic.Int64
	var wg sync.WaitGroup
	const n = 2000
	for i := range n {
		ctx, cancel := context.WithCancel(context.Background())
		tm := NewTimer(time.Duration(i%3)*time.Microsecond, func(context.Context) error { calls.Add(1); return nil })
		wg.Go(func() {
			if tm.Cancel() {
				cancelled.Add(1)
			}
		})
		wg.Go(cancel)
		tm.Start(ctx)
		wg.Go(func() {
			tm.Join(context.Background())
			if tm.Err() != nil {
				ended.Add(1)
			}
		})
	}
	wg.Wait()
	if sum := calls.Load() + cancelled.Load() + ended.Load(); sum != n || ActiveCount() != before {
		t.Errorf("%d called, %d cancelled, %d ended of %d; %d threads left", calls.Load(), cancelled.Load(), ended.Load(), n, ActiveCount()-before)
	}
}
