package sched_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/conexgo/conex/sched"
)

// What happens to the times that pass while nobody runs the scheduler, from
// 1m30s to 5m10s, and while a run takes long, from 6m to 8m20s.
func TestMissed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		opts   []sched.RepeatOption
		want   []string
		missed int64
	}{
		{"default", nil, []string{
			"1m0s at 1m0s",
			"2m0s at 5m10s", // stands for 2, 3, 4 and 5
			"6m0s at 6m0s",
			"7m0s at 8m20s", // for 7 and 8
			"9m0s at 9m0s",
		}, 4},
		{"Coalesce", []sched.RepeatOption{sched.CatchUp(), sched.Coalesce()}, []string{
			"1m0s at 1m0s", "2m0s at 5m10s", "6m0s at 6m0s", "7m0s at 8m20s", "9m0s at 9m0s",
		}, 4},
		{"CatchUp", []sched.RepeatOption{sched.CatchUp()}, []string{
			"1m0s at 1m0s",
			"2m0s at 5m10s", "3m0s at 5m10s", "4m0s at 5m10s", "5m0s at 5m10s",
			"6m0s at 6m0s",
			"7m0s at 8m20s", "8m0s at 8m20s",
			"9m0s at 9m0s",
		}, 0},
		{"Skip, short grace", []sched.RepeatOption{sched.Skip(5 * time.Second)}, []string{
			"1m0s at 1m0s",
			"6m0s at 6m0s",
			"9m0s at 9m0s",
		}, 6},
		{"Skip, long grace", []sched.RepeatOption{sched.Skip(75 * time.Second)}, []string{
			"1m0s at 1m0s",
			"4m0s at 5m10s", "5m0s at 5m10s", // 70 and 10 seconds late
			"6m0s at 6m0s",
			"8m0s at 8m20s", // 7 is 80 seconds late
			"9m0s at 9m0s",
		}, 3},
		{"Skip, grace to the second", []sched.RepeatOption{sched.Skip(70 * time.Second)}, []string{
			"1m0s at 1m0s", "4m0s at 5m10s", "5m0s at 5m10s", "6m0s at 6m0s", "8m0s at 8m20s", "9m0s at 9m0s",
		}, 3},
	} {
		// An interval is passed over at once, another schedule step by step.
		for _, steps := range []bool{false, true} {
			name := tc.name + ", interval"
			if steps {
				name = tc.name + ", schedule"
			}
			t.Run(name, func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					var s sched.Scheduler
					var r record
					begin := time.Now()
					var every sched.Schedule = sched.Interval(time.Minute)
					if steps {
						every = until(every, begin.Add(time.Hour))
					}
					var job *sched.Job
					job = must(s.Repeat(every, 0, func(ctx context.Context) error {
						due := sched.Current(ctx).Time().Sub(begin)
						r.add(due.String() + " at " + time.Since(begin).String())
						switch due {
						case 6 * time.Minute:
							time.Sleep(140 * time.Second)
						case 9 * time.Minute:
							job.Cancel()
						}
						return nil
					}, tc.opts...))
					time.AfterFunc(90*time.Second, s.Pause)
					time.AfterFunc(310*time.Second, s.Resume)
					if err := s.Run(t.Context()); err != nil {
						t.Fatal(err)
					}
					r.want(t, tc.want...)
					st := job.Stats()
					if st.Missed != tc.missed || st.Runs != int64(len(tc.want)) || !st.Ended {
						t.Errorf("%+v, want %d missed", st, tc.missed)
					}
				})
			})
		}
	}
}

// A time that is right now is not to come.
func TestMissedToTheInstant(t *testing.T) {
	for name, every := range map[string]sched.Schedule{
		"interval": sched.Interval(time.Minute),
		"schedule": until(sched.Interval(time.Minute), time.Unix(1e9, 0)),
	} {
		var c jumpClock
		s := sched.New(sched.Config{Clock: &c})
		job := must(s.Repeat(every, 0, nothing))
		c.t = 3 * time.Minute
		next, ok, err := s.RunPending(t.Context())
		if next != time.Minute || !ok || err != nil {
			t.Errorf("%s: RunPending: %v, %v, %v", name, next, ok, err)
		}
		if st := job.Stats(); st.Runs != 1 || st.Missed != 2 {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

// When the clock is set back nothing is repeated, unless the job is resumed.
func TestClockSetBack(t *testing.T) {
	hourly := scheduleFunc(func(t time.Time) time.Time { return t.Truncate(time.Hour).Add(time.Hour) })
	var c jumpClock
	s := sched.New(sched.Config{Clock: &c})
	job := must(s.Repeat(hourly, 0, nothing))
	c.t = 13 * time.Hour
	if _, _, err := s.RunPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.t = 5*time.Hour + time.Minute
	next, ok, err := s.RunPending(t.Context())
	if next != 9*time.Hour-time.Minute || !ok || err != nil || job.Stats().Runs != 1 {
		t.Errorf("RunPending: %v, %v, %v", next, ok, err)
	}
	job.Pause()
	job.Resume()
	if got := job.Next(); got != time.Unix(6*3600, 0).UTC() {
		t.Errorf("Next is %v", got)
	}
}

// After the program was away the job goes on from when it last ran.
func TestAfter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		begin := time.Now()
		last := begin.Add(-150 * time.Minute).Round(0) // as a file or a database would have it
		for _, tc := range []struct {
			opt  sched.RepeatOption
			want []string
		}{
			{sched.Coalesce(), []string{"0s", "30m0s"}},
			{sched.CatchUp(), []string{"0s", "0s", "30m0s"}},
			{sched.Skip(time.Minute), []string{"30m0s", "1h30m0s"}},
		} {
			var s sched.Scheduler
			var r record
			begin, last := time.Now(), last.Add(time.Since(begin))
			job := must(s.Repeat(sched.Interval(time.Hour), 0, func(context.Context) error {
				r.add(time.Since(begin).String())
				return nil
			}, sched.After(last), tc.opt))
			for job.Stats().Runs < int64(len(tc.want)) {
				next, ok, err := s.RunPending(t.Context())
				if err != nil || !ok {
					t.Fatal(ok, err)
				}
				time.Sleep(next)
			}
			r.want(t, tc.want...)
		}
	})
}

// A schedule that has missed more than can be counted, such as one of a
// computer that has just learnt that it is not 1970, costs little.
func TestMissedVeryMany(t *testing.T) {
	for name, every := range map[string]sched.Schedule{
		"interval": sched.Interval(time.Millisecond),
		"schedule": scheduleFunc(func(t time.Time) time.Time { return t.Truncate(time.Millisecond).Add(time.Millisecond) }),
	} {
		for _, opt := range []sched.RepeatOption{sched.Coalesce(), sched.Skip(time.Second)} {
			var c jumpClock
			s := sched.New(sched.Config{Clock: &c})
			n := 0
			job := must(s.Repeat(every, 0, func(ctx context.Context) error {
				if n++; n == 3 {
					sched.Current(ctx).Job().Cancel()
				}
				return nil
			}, opt))
			c.t = math.MaxInt64 / 4
			if err := s.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if st := job.Stats(); st.Runs != 3 || st.Missed < 10_000 || time.Duration(c.t-math.MaxInt64/4) > 3*time.Second {
				t.Errorf("%s: %+v", name, st)
			}
		}
	}
}
