package sched_test

import (
	"context"
	"fmt"
	"time"

	"github.com/conexgo/conex/sched"
)

// weekdays is a schedule of one's own: Monday to Friday at a full hour. Those
// that parsers of cron expressions return are used in the same way:
//
//	schedule, err := cron.ParseStandard("30 9 * * MON-FRI") // github.com/robfig/cron/v3
//	…
//	job, err := s.Repeat(schedule, 0, action)
type weekdays struct {
	hour int
	in   *time.Location
}

// Next builds the time from its date, so that it follows the wall clock, and is
// at the same hour of the day in summer and in winter.
func (w weekdays) Next(t time.Time) time.Time {
	t = t.In(w.in)
	for day := t.Day(); ; day++ {
		next := time.Date(t.Year(), t.Month(), day, w.hour, 0, 0, 0, w.in)
		if wd := next.Weekday(); next.After(t) && wd != time.Saturday && wd != time.Sunday {
			return next
		}
	}
}

func ExampleSchedule() {
	clock := newSimulation() // a Sunday
	s := sched.New(sched.Config{Clock: clock})
	runs := 0
	s.Repeat(weekdays{9, time.UTC}, 0, func(ctx context.Context) error {
		fmt.Println(sched.Current(ctx).Time().Format("Mon 2 Jan 15:04"))
		if runs++; runs == 6 {
			sched.Current(ctx).Job().Cancel()
		}
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Mon 2 Mar 09:00
	// Tue 3 Mar 09:00
	// Wed 4 Mar 09:00
	// Thu 5 Mar 09:00
	// Fri 6 Mar 09:00
	// Mon 9 Mar 09:00
}

func ExampleJob() {
	clock := newSimulation()
	s := sched.New(sched.Config{Clock: clock})
	at := func() string { return clock.now.Format("15:04") }
	job, err := s.Repeat(sched.Interval(10*time.Minute), 0, func(context.Context) error {
		fmt.Println("run at", at())
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	s.Enter(25*time.Minute, 0, func(context.Context) error { job.Pause(); return nil })
	s.Enter(55*time.Minute, 0, func(context.Context) error { job.Resume(); return nil })
	s.Enter(75*time.Minute, 0, func(context.Context) error { job.Cancel(); return nil })
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(job.Stats().Runs, "runs")
	// Output:
	// run at 12:10
	// run at 12:20
	// run at 13:00
	// run at 13:10
	// 4 runs
}

// The beat does not drift, whatever the runs take.
func ExampleInterval() {
	clock := newSimulation()
	s := sched.New(sched.Config{Clock: clock})
	job, _ := s.Repeat(sched.Interval(time.Minute), 0, func(ctx context.Context) error {
		fmt.Println(clock.now.Format(time.TimeOnly))
		clock.now = clock.now.Add(20 * time.Second) // what it does takes long
		return nil
	})
	s.Enter(190*time.Second, 0, func(context.Context) error { job.Cancel(); return nil })
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 12:01:00
	// 12:02:00
	// 12:03:00
}

// What the three options make of a scheduler that nobody has run from 12:00 to
// 15:10. Its job is due at each full hour.
func ExampleRepeatOption() {
	for _, opt := range []struct {
		name string
		sched.RepeatOption
	}{
		{"Coalesce", sched.Coalesce()},
		{"CatchUp", sched.CatchUp()},
		{"Skip", sched.Skip(5 * time.Minute)},
	} {
		clock := newSimulation()
		s := sched.New(sched.Config{Clock: clock})
		job, _ := s.Repeat(sched.Interval(time.Hour), 0, func(ctx context.Context) error {
			fmt.Println(opt.name, "runs at", clock.now.Format("15:04"))
			return nil
		}, opt.RepeatOption)
		clock.now = clock.now.Add(3*time.Hour + 10*time.Minute)
		s.Enter(time.Hour, 0, func(context.Context) error { job.Cancel(); return nil })
		if err := s.Run(context.Background()); err != nil {
			fmt.Println(err)
		}
		fmt.Println(job.Stats().Missed, "missed")
	}
	// Output:
	// Coalesce runs at 15:10
	// Coalesce runs at 16:00
	// 2 missed
	// CatchUp runs at 15:10
	// CatchUp runs at 15:10
	// CatchUp runs at 15:10
	// CatchUp runs at 16:00
	// 0 missed
	// Skip runs at 16:00
	// 3 missed
}

func ExampleJobStats() {
	s := sched.New(sched.Config{
		Clock:   newSimulation(),
		OnError: func(*sched.Event, error) error { return nil }, // goes on
	})
	job, _ := s.Repeat(sched.Interval(time.Hour), 0, func(ctx context.Context) error {
		switch stats := sched.Current(ctx).Job().Stats(); stats.Runs {
		case 1:
			return fmt.Errorf("run %d fails", stats.Runs)
		case 2:
			sched.Current(ctx).Job().Cancel()
		}
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	stats := job.Stats()
	fmt.Println(stats.Runs, "runs,", stats.Failed, "failed, the last at", stats.Last.Format("15:04"))
	fmt.Println("ended:", stats.Ended)
	// Output:
	// 3 runs, 1 failed, the last at 15:00
	// ended: true
}
