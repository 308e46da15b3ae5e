package sched_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/sched"
)

var errBad = errors.New("bad")

// However an action goes wrong, the rest is run by the next Run, and what went
// wrong is not tried again.
func TestActionFails(t *testing.T) {
	for _, tc := range []struct {
		name string
		act  sched.Action
		want error
	}{
		{"error", func(context.Context) error { return errBad }, errBad},
		{"panic", func(context.Context) error { panic(errBad) }, nil},
		{"Goexit", func(context.Context) error { runtime.Goexit(); return nil }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s sched.Scheduler
			var r record
			at := time.Now()
			s.EnterAbs(at, 1, r.act("first"))
			failed := must(s.EnterAbs(at, 2, tc.act))
			s.EnterAbs(at, 3, r.act("third"))
			s.EnterAbs(at.Add(time.Microsecond), 1, r.act("last"))

			done := make(chan any)
			go func() {
				var err error
				defer func() {
					if p := recover(); p != nil {
						done <- p
						return
					}
					done <- err
				}()
				err = s.Run(t.Context())
			}()
			if got := <-done; got != tc.want && (tc.name != "panic" || got != errBad) {
				t.Errorf("Run ended with %v, want %v", got, tc.want)
			}
			r.want(t, "first")
			if s.Len() != 2 {
				t.Errorf("%d events wait, want 2", s.Len())
			}
			if err := s.Cancel(failed); !errors.Is(err, sched.ErrNotQueued) {
				t.Errorf("what has failed is still queued: %v", err)
			}
			if err := s.Run(t.Context()); err != nil {
				t.Error(err)
			}
			r.want(t, "third", "last")
		})
	}
}

func TestOnError(t *testing.T) {
	var r record
	worse := errors.New("worse")
	var failed *sched.Event
	s := sched.New(sched.Config{OnError: func(ev *sched.Event, err error) error {
		if ev != failed || err != errBad {
			t.Errorf("OnError(%v, %v)", ev, err)
		}
		r.add("handled")
		if ev.Priority() == 2 {
			return nil
		}
		return worse
	}})
	at := time.Now()
	fail := func(ctx context.Context) error {
		failed = sched.Current(ctx)
		return errBad
	}
	s.EnterAbs(at, 1, r.act("1"))
	s.EnterAbs(at, 2, fail)
	s.EnterAbs(at, 3, r.act("3"))
	s.EnterAbs(at, 4, fail)
	s.EnterAbs(at, 5, r.act("5"))
	if err := s.Run(t.Context()); err != worse {
		t.Errorf("Run: %v", err)
	}
	r.want(t, "1", "handled", "3", "handled")
	if _, _, err := s.RunPending(t.Context()); err != nil {
		t.Error(err)
	}
	r.want(t, "5")
}

// When the context ends Run says so, and what is left stays.
func TestRunContext(t *testing.T) {
	stop := errors.New("stop")
	check := func(t *testing.T, s *sched.Scheduler, err error, left int) {
		t.Helper()
		if !errors.Is(err, context.Canceled) || !errors.Is(err, stop) {
			t.Errorf("Run: %v", err)
		}
		if s.Len() != left {
			t.Errorf("%d events are left, want %d", s.Len(), left)
		}
	}
	t.Run("while it sleeps", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var s sched.Scheduler
			s.Enter(time.Hour, 0, nothing)
			time.AfterFunc(time.Minute, func() { cancel(stop) })
			start := time.Now()
			check(t, &s, s.Run(ctx), 1)
			if d := time.Since(start); d != time.Minute {
				t.Errorf("it took %v", d)
			}
		})
	})
	t.Run("while an action runs", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var s sched.Scheduler
		s.Enter(0, 0, func(context.Context) error { cancel(stop); return nil })
		s.Enter(0, 1, nothing)
		check(t, &s, s.Run(ctx), 1)
	})
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stop)
		var s sched.Scheduler
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run with nothing to do: %v", err)
		}
		check(t, &s, s.Serve(ctx), 0)
		if next, ok, err := s.RunPending(ctx); next != 0 || ok || err != nil {
			t.Errorf("RunPending with nothing to do: %v, %v, %v", next, ok, err)
		}
		s.Enter(0, 0, nothing)
		s.Enter(time.Hour, 0, nothing)
		check(t, &s, s.Run(ctx), 2)
		next, ok, err := s.RunPending(ctx)
		if next != 0 || !ok {
			t.Errorf("RunPending: %v, %v", next, ok)
		}
		check(t, &s, err, 2)
	})
}

func TestRunPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		want := func(wantNext time.Duration, wantOK bool, wantErr error) {
			t.Helper()
			next, ok, err := s.RunPending(t.Context())
			if next != wantNext || ok != wantOK || err != wantErr {
				t.Errorf("RunPending: %v, %v, %v, want %v, %v, %v", next, ok, err, wantNext, wantOK, wantErr)
			}
		}
		want(0, false, nil)
		for _, d := range []time.Duration{10, 9, 8, 7, 6} {
			s.Enter(d*time.Second, 1, r.act("late"))
		}
		want(6*time.Second, true, nil)
		r.want(t)
		s.Enter(0, 1, r.act("1"))
		s.Enter(0, 1, func(context.Context) error {
			s.Enter(0, 1, r.act("3"))
			s.Enter(time.Second, 1, r.act("4"))
			return r.act("2")(nil)
		})
		want(time.Second, true, nil)
		r.want(t, "1", "2", "3")
		// What becomes due while others run is pending, too.
		s.Enter(0, 1, func(context.Context) error { time.Sleep(time.Second); return nil })
		want(5*time.Second, true, nil)
		r.want(t, "4")
		s.Enter(-1, 1, func(context.Context) error { return errBad })
		s.Enter(0, 1, r.act("5"))
		want(0, true, errBad)
		s.Pause()
		want(0, false, nil)
		s.Resume()
		r.want(t)
		want(5*time.Second, true, nil)
		r.want(t, "5")
		s.Enter(0, 1, func(context.Context) error { return errBad })
		want(5*time.Second, true, errBad)
		time.Sleep(10 * time.Second)
		want(0, false, nil)
		r.want(t, "late", "late", "late", "late", "late")
		s.Enter(0, 1, func(context.Context) error { return errBad })
		want(0, false, errBad)
	})
}

// What takes long makes others late; nothing is dropped.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		s.Enter(1*time.Second, 0, func(context.Context) error { time.Sleep(time.Minute); return nil })
		s.Enter(3*time.Second, 0, r.act("3"))
		s.Enter(2*time.Second, 0, r.act("2"))
		s.Enter(2*time.Minute, 0, r.act("in time"))
		start := time.Now()
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.want(t, "2", "3", "in time")
		if d := time.Since(start); d != 2*time.Minute {
			t.Errorf("it took %v", d)
		}
	})
}

// An action may run the scheduler itself.
func TestNestedRun(t *testing.T) {
	var s sched.Scheduler
	var r record
	s.Enter(0, 0, func(ctx context.Context) error {
		r.add("outer")
		s.Enter(time.Microsecond, 0, r.act("inner"))
		err := s.Run(ctx)
		r.add("end")
		return err
	})
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(t, "outer", "inner", "end")
}
