package sched_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/sched"
)

// What happens to those who wait when others enter and cancel events, pause the
// scheduler, or stop to wait themselves.

// inBubble runs a test on a clock of its own, which does not move while anybody
// has something to do.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	leak.Check(t)
	synctest.Test(t, f)
}

// since is an action that records name and how many seconds have passed.
func since(start time.Time, r *record, name string) sched.Action {
	return func(context.Context) error {
		r.add(name + " at " + time.Since(start).String())
		return nil
	}
}

// start calls f on a goroutine and returns where its error arrives.
func start(f func(context.Context) error, ctx context.Context) chan error {
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	return done
}

func TestEarlierEventIsNoticed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		s.Enter(time.Hour, 0, since(begin, &r, "late"))
		done := start(s.Run, t.Context())
		synctest.Wait()
		s.Enter(time.Minute, 0, since(begin, &r, "early"))
		s.EnterAbs(begin.Add(30*time.Minute).Round(0), 0, since(begin, &r, "wall"))
		synctest.Wait()
		s.Enter(0, 0, since(begin, &r, "now"))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		r.want(t, "now at 0s", "early at 1m0s", "wall at 30m0s", "late at 1h0m0s")
	})
}

func TestRunEndsWithTheLastEvent(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		ev := must(s.Enter(time.Hour, 0, nothing))
		leader, follower := start(s.Run, t.Context()), start(s.Run, t.Context())
		synctest.Wait()
		if err := s.Cancel(ev); err != nil {
			t.Error(err)
		}
		begin := time.Now()
		if err := errors.Join(<-leader, <-follower); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("Run returned %v after the last event was cancelled", d)
		}
	})
}

func TestServe(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		done := start(s.Serve, ctx)
		for range 3 {
			time.Sleep(time.Minute)
			s.Enter(time.Second, 0, since(begin, &r, "event"))
		}
		// Its last event being cancelled is no reason to end.
		time.Sleep(time.Minute)
		s.Cancel(must(s.Enter(time.Second, 0, since(begin, &r, "cancelled"))))
		synctest.Wait()
		s.Enter(time.Second, 0, func(context.Context) error { return errBad })
		if err := <-done; err != errBad {
			t.Errorf("Serve: %v", err)
		}
		r.want(t, "event at 1m1s", "event at 2m1s", "event at 3m1s")

		done = start(s.Serve, ctx)
		s.Enter(time.Hour, 0, nothing)
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve: %v", err)
		}
		if s.Len() != 1 {
			t.Errorf("%d events are left, want 1", s.Len())
		}
	})
}

// Several goroutines run as many events at a time, and all of them return.
func TestSeveralRunners(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		slow := func(name string) sched.Action {
			return func(context.Context) error {
				time.Sleep(time.Minute)
				return since(begin, &r, name)(nil)
			}
		}
		s.Enter(1*time.Second, 0, slow("1"))
		s.Enter(2*time.Second, 0, slow("2"))
		s.Enter(3*time.Second, 0, slow("3"))
		s.Enter(4*time.Second, 0, slow("4"))
		var done []chan error
		for range 3 {
			done = append(done, start(s.Run, t.Context()))
		}
		for _, d := range done {
			if err := <-d; err != nil {
				t.Error(err)
			}
		}
		r.want(t, "1 at 1m1s", "2 at 1m2s", "3 at 1m3s", "4 at 2m1s")
	})
}

// Due events start at once on all who wait, also when they arrive together.
func TestAllFollowersWork(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		const n = 5
		var s sched.Scheduler
		ctx, cancel := context.WithCancel(t.Context())
		var done []chan error
		for range n {
			done = append(done, start(s.Serve, ctx))
		}
		synctest.Wait()
		all := make(chan struct{}, n)
		meet := make(chan struct{})
		at := time.Now()
		for range n {
			s.EnterAbs(at, 0, func(context.Context) error {
				all <- struct{}{}
				<-meet
				return nil
			})
		}
		for range n {
			<-all // blocks for ever if they do not all run at a time
		}
		close(meet)
		cancel()
		for _, d := range done {
			<-d
		}
	})
}

// When the one who sleeps for the first event goes, another takes over.
func TestLeaderGoes(t *testing.T) {
	for _, heirs := range []int{1, 3} {
		inBubble(t, func(t *testing.T) {
			var s sched.Scheduler
			var r record
			begin := time.Now()
			s.Enter(time.Hour, 0, since(begin, &r, "event"))
			ctx, cancel := context.WithCancel(t.Context())
			leader := start(s.Run, ctx)
			synctest.Wait()
			var done []chan error
			for range heirs {
				done = append(done, start(s.Run, t.Context()))
			}
			synctest.Wait()
			cancel()
			if err := <-leader; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			for _, d := range done {
				if err := <-d; err != nil {
					t.Error(err)
				}
			}
			r.want(t, "event at 1h0m0s")
		})
	}
}

// A follower that goes at the moment at which it is roused hands that on.
func TestFollowerGoes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		ctx, cancel := context.WithCancel(t.Context())
		forever, stop := context.WithCancel(t.Context())
		goes := start(s.Serve, ctx)
		synctest.Wait() // so that it is the first follower
		stays := start(s.Serve, forever)
		synctest.Wait()
		ran := make(chan struct{})
		// Both happen before the follower can do anything about either.
		cancel()
		s.Enter(0, 0, func(context.Context) error { close(ran); return nil })
		<-ran
		<-goes
		stop()
		<-stays
	})
}

func TestPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		s.Pause()
		s.Pause()
		if !s.Paused() {
			t.Error("not paused")
		}
		if err := s.Run(t.Context()); err != nil {
			t.Error(err) // nothing to wait for
		}
		s.Enter(1*time.Minute, 0, since(begin, &r, "1"))
		s.Enter(9*time.Minute, 0, since(begin, &r, "9"))
		done := start(s.Run, t.Context())
		time.Sleep(5 * time.Minute)
		s.Enter(0, 0, since(begin, &r, "5")) // an earlier one while paused
		synctest.Wait()
		r.want(t)
		s.Resume()
		s.Resume()
		synctest.Wait()
		r.want(t, "1 at 5m0s", "5 at 5m0s")
		s.Pause() // while it sleeps
		time.Sleep(10 * time.Minute)
		r.want(t)
		s.Resume()
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.want(t, "9 at 15m0s")

		// The context and the last event end a wait for Resume, too.
		s.Pause()
		ev := must(s.Enter(0, 0, nothing))
		ctx, cancel := context.WithCancel(t.Context())
		done = start(s.Run, ctx)
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		done = start(s.Run, t.Context())
		synctest.Wait()
		s.Cancel(ev)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Pause lets what runs go on, and works from an action.
func TestPauseFromAction(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		s.Enter(0, 0, func(context.Context) error {
			s.Pause()
			time.AfterFunc(time.Minute, s.Resume)
			return r.act("first")(nil)
		})
		s.Enter(0, 0, r.act("second"))
		begin := time.Now()
		if err := s.Run(t.Context()); err != nil {
			t.Error(err)
		}
		r.want(t, "first", "second")
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("it took %v", d)
		}
	})
}
