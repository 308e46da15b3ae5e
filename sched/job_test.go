package sched_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/sched"
)

// scheduleFunc is a schedule made of a function.
type scheduleFunc func(time.Time) time.Time

func (f scheduleFunc) Next(t time.Time) time.Time { return f(t) }

// until is a schedule that ends.
func until(s sched.Schedule, end time.Time) sched.Schedule {
	return scheduleFunc(func(t time.Time) time.Time {
		if n := s.Next(t); n.Before(end) {
			return n
		}
		return time.Time{}
	})
}

func TestRepeat(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		every := until(sched.Interval(time.Minute), begin.Add(4*time.Minute))
		job := must(s.Repeat(every, 7, func(ctx context.Context) error {
			ev := sched.Current(ctx)
			if ev.Job() == nil || ev.Priority() != 7 {
				t.Errorf("the event is %v of job %p", ev, ev.Job())
			}
			if st := ev.Job().Stats(); !st.Running || !st.Next.IsZero() {
				t.Errorf("while it runs: %+v", st)
			}
			time.Sleep(10 * time.Second) // does not make it drift
			return since(begin, &r, "run")(ctx)
		}))
		if got, want := job.Next(), begin.Add(time.Minute); !got.Equal(want) {
			t.Errorf("Next is %v, want %v", got, want)
		}
		if q := s.Queue(); len(q) != 1 || q[0].Job() != job {
			t.Errorf("Queue: %v", q)
		}
		if err := s.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.want(t, "run at 1m10s", "run at 2m10s", "run at 3m10s")
		st := job.Stats()
		if st.Runs != 3 || st.Failed != 0 || st.Missed != 0 || !st.Ended || st.Running || st.Paused || st.Err != nil ||
			!st.Next.IsZero() || !st.Last.Equal(begin.Add(3*time.Minute)) {
			t.Errorf("Stats: %+v", st)
		}
	})
}

func TestRepeatRefuses(t *testing.T) {
	type thirtiethOfFebruary struct{ sched.Schedule }
	never := thirtiethOfFebruary{scheduleFunc(func(time.Time) time.Time { return time.Time{} })}
	stuck := scheduleFunc(func(t time.Time) time.Time { return t })
	hourly := sched.Interval(time.Hour)
	for _, tc := range []struct {
		name     string
		schedule sched.Schedule
		action   sched.Action
		opts     []sched.RepeatOption
		want     error
	}{
		{"no action", hourly, nil, nil, sched.ErrNilAction},
		{"no schedule", nil, nothing, nil, sched.ErrBadSchedule},
		{"no interval", sched.Interval(0), nothing, nil, sched.ErrBadSchedule},
		{"back in time", sched.Interval(-1), nothing, nil, sched.ErrBadSchedule},
		{"stuck", stuck, nothing, nil, sched.ErrBadSchedule},
		{"never", never, nothing, nil, sched.ErrNeverDue},
		{"no grace", hourly, nothing, []sched.RepeatOption{sched.Skip(0)}, sched.ErrBadGrace},
		{"negative grace", hourly, nothing, []sched.RepeatOption{sched.Skip(-1), sched.CatchUp()}, sched.ErrBadGrace},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s sched.Scheduler
			job, err := s.Repeat(tc.schedule, 0, tc.action, tc.opts...)
			if job != nil || !errors.Is(err, tc.want) || !s.Empty() {
				t.Errorf("Repeat: %v, %v; %d events", job, err, s.Len())
			}
		})
	}
}

func TestJobFails(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		n := 0
		job := must(s.Repeat(sched.Interval(time.Minute), 0, func(context.Context) error {
			switch n++; n {
			case 1:
				return errBad
			case 2:
				panic(errBad)
			}
			return nil
		}))
		if err := s.Run(t.Context()); err != errBad {
			t.Errorf("Run: %v", err)
		}
		if st := job.Stats(); st.Runs != 1 || st.Failed != 1 || st.Err != errBad || st.Ended || st.Next.IsZero() {
			t.Errorf("after an error: %+v", st)
		}
		func() {
			defer func() { recover() }()
			s.Run(t.Context())
			t.Error("Run did not panic")
		}()
		if st := job.Stats(); st.Runs != 2 || st.Failed != 2 || st.Running || st.Ended || st.Next.IsZero() {
			t.Errorf("after a panic: %+v", st)
		}
		time.AfterFunc(90*time.Second, job.Cancel)
		if err := s.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		if st := job.Stats(); st.Runs != 3 || st.Failed != 2 || st.Err != nil || !st.Ended || !st.Next.IsZero() {
			t.Errorf("at the end: %+v", st)
		}
	})
}

// A schedule that turns bad ends the job, after the run that was due.
func TestScheduleTurnsBad(t *testing.T) {
	for _, tc := range []struct {
		name string
		bad  func(t time.Time) time.Time
		is   error
	}{
		{"stuck", func(t time.Time) time.Time { return t }, sched.ErrBadSchedule},
		{"backwards", func(t time.Time) time.Time { return t.Add(-1) }, sched.ErrBadSchedule},
		{"panic", func(time.Time) time.Time { panic(errBad) }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, action := range []error{nil, errBad} {
				inBubble(t, func(t *testing.T) {
					first := true
					var failed *sched.Event
					s := sched.New(sched.Config{OnError: func(ev *sched.Event, err error) error { failed = ev; return err }})
					job := must(s.Repeat(scheduleFunc(func(t time.Time) time.Time {
						if first {
							first = false
							return t.Add(time.Minute)
						}
						return tc.bad(t)
					}), 0, func(context.Context) error { return action }, sched.CatchUp()))
					defer func() {
						if p := recover(); p != nil && (tc.is != nil || p != errBad) {
							t.Errorf("panicked: %v", p)
						}
						if st := job.Stats(); st.Runs != 1 || !st.Ended || !s.Empty() {
							t.Errorf("Stats: %+v", st)
						}
						// It does not count as running any more.
						if err := s.Run(t.Context()); err != nil {
							t.Error(err)
						}
					}()
					err := s.Run(t.Context())
					if !errors.Is(err, tc.is) || action != nil && !errors.Is(err, action) {
						t.Errorf("Run: %v", err)
					}
					if failed == nil || failed.Job() != job {
						t.Errorf("reported with %v", failed)
					}
				})
			}
		})
	}
}

func TestJobCancel(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		// While it waits, by itself, through its event, or when it is paused.
		for _, cancel := range []func(*sched.Job){
			(*sched.Job).Cancel,
			func(*sched.Job) { s.Cancel(s.Queue()[0]) },
			func(j *sched.Job) { j.Pause(); j.Cancel(); j.Resume() },
			func(j *sched.Job) { j.Cancel(); j.Cancel(); j.Pause(); j.Resume() },
		} {
			job := must(s.Repeat(sched.Interval(time.Minute), 0, r.act("run")))
			done := start(s.Run, t.Context())
			synctest.Wait()
			cancel(job)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if st := job.Stats(); !st.Ended || st.Paused || !st.Next.IsZero() {
				t.Errorf("Stats: %+v", st)
			}
			r.want(t)
		}
	})
}

func TestJobPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		begin := time.Now()
		job := must(s.Repeat(sched.Interval(time.Minute), 0, since(begin, &r, "run")))
		ctx, cancel := context.WithCancel(t.Context())
		done := start(s.Serve, ctx)
		time.Sleep(90 * time.Second)
		r.want(t, "run at 1m0s")
		job.Pause()
		if st := job.Stats(); !st.Paused || !st.Next.IsZero() || !s.Empty() {
			t.Errorf("Stats: %+v", st)
		}
		time.Sleep(5 * time.Minute)
		job.Resume()
		job.Resume()
		if st := job.Stats(); st.Paused || st.Missed != 0 || !st.Next.Equal(begin.Add(7*time.Minute)) {
			t.Errorf("Stats: %+v", st)
		}
		time.Sleep(time.Minute)
		r.want(t, "run at 7m0s")
		// Between two of its times it is as if nothing had happened.
		job.Pause()
		job.Resume()
		time.Sleep(time.Minute)
		r.want(t, "run at 8m0s")
		cancel()
		<-done

		// Nobody waits for a job that is paused.
		done = start(s.Run, t.Context())
		synctest.Wait()
		job.Pause()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A job that Repeat has not made can do nothing.
func TestZeroJob(t *testing.T) {
	var job sched.Job
	job.Pause()
	job.Resume()
	job.Cancel()
	if st := job.Stats(); st != (sched.JobStats{Ended: true}) || !job.Next().IsZero() {
		t.Errorf("Stats: %+v", st)
	}
}

// Pausing from the action takes effect after the run; so does cancelling.
func TestJobFromItsAction(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		n := 0
		job := must(s.Repeat(sched.Interval(time.Minute), 0, func(ctx context.Context) error {
			job := sched.Current(ctx).Job()
			switch n++; n {
			case 1:
				job.Pause()
				job.Resume()
			case 2:
				job.Pause()
			case 3:
				job.Pause()
				job.Cancel()
				job.Resume()
			}
			return nil
		}))
		if err := s.Run(t.Context()); err != nil || n != 2 {
			t.Errorf("%d runs, %v", n, err)
		}
		if st := job.Stats(); !st.Paused || st.Ended {
			t.Errorf("Stats: %+v", st)
		}
		job.Resume()
		if err := s.Run(t.Context()); err != nil || n != 3 {
			t.Errorf("%d runs, %v", n, err)
		}
		if st := job.Stats(); !st.Ended || st.Paused {
			t.Errorf("Stats: %+v", st)
		}
	})
}

// A job never runs twice at a time, and Run waits for its next run.
func TestJobDoesNotOverlap(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		running, n := 0, 0
		job := must(s.Repeat(sched.Interval(time.Second), 0, func(ctx context.Context) error {
			// Not protected: the race detector shows that runs are ordered.
			if running++; running != 1 {
				t.Errorf("%d runs at a time", running)
			}
			time.Sleep(1500 * time.Millisecond)
			running--
			if n++; n == 10 {
				sched.Current(ctx).Job().Cancel()
			}
			return nil
		}))
		begin := time.Now()
		var done []chan error
		for range 3 {
			done = append(done, start(s.Run, t.Context()))
		}
		for _, d := range done {
			if err := <-d; err != nil {
				t.Error(err)
			}
			if got := job.Stats().Runs; got != 10 {
				t.Errorf("Run returned after %d runs and %v", got, time.Since(begin))
			}
		}
	})
}

// An action of a job that calls Run does not wait for itself.
func TestJobNestedRun(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var s sched.Scheduler
		var r record
		must(s.Repeat(sched.Interval(time.Second), 0, func(ctx context.Context) error {
			sched.Current(ctx).Job().Cancel()
			s.Enter(time.Second, 0, r.act("inner"))
			err := s.Run(ctx)
			r.add("outer")
			return err
		}))
		if err := s.Run(t.Context()); err != nil {
			t.Error(err)
		}
		r.want(t, "inner", "outer")
	})
}

func TestInterval(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	i := sched.Interval(90 * time.Second)
	if got := i.Next(at); got != at.Add(90*time.Second) {
		t.Errorf("Next: %v", got)
	}
	if i.String() != "1m30s" {
		t.Errorf("String: %v", i)
	}
}
