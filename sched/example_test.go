package sched_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conexgo/conex/sched"
)

// simulation is a clock whose time passes only by sleeping, and a little with
// each look at it.
type simulation struct{ now time.Time }

func newSimulation() *simulation {
	return &simulation{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func (c *simulation) Now() time.Time {
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *simulation) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return ctx.Err()
}

// The example of Python's documentation. The events of 2022 are overdue, so
// they run first, the lower priority before the higher one. Despite its
// priority keyword runs after positional: each Enter counts from its own now.
func ExampleScheduler_printTime() {
	s := sched.New(sched.Config{Clock: newSimulation()})
	printTime := func(a string) sched.Action {
		return func(context.Context) error {
			fmt.Println("From print_time", a)
			return nil
		}
	}
	s.Enter(10*time.Second, 1, printTime("default"))
	s.Enter(5*time.Second, 2, printTime("positional"))
	s.Enter(5*time.Second, 1, printTime("keyword"))
	s.EnterAbs(time.Unix(1_650_000_000, 0), 10, printTime("first enterabs"))
	s.EnterAbs(time.Unix(1_650_000_000, 0), 5, printTime("second enterabs"))
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// From print_time second enterabs
	// From print_time first enterabs
	// From print_time positional
	// From print_time keyword
	// From print_time default
}

func ExampleScheduler() {
	var s sched.Scheduler
	s.Enter(20*time.Millisecond, 0, func(context.Context) error {
		fmt.Println("world")
		return nil
	})
	s.Enter(10*time.Millisecond, 0, func(context.Context) error {
		fmt.Println("hello")
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// hello
	// world
}

// A program that has a loop of its own runs what is due, and learns how long
// it may do other things.
func ExampleScheduler_RunPending() {
	clock := newSimulation()
	s := sched.New(sched.Config{Clock: clock})
	s.EnterAbs(clock.now.Add(time.Minute), 0, func(context.Context) error {
		fmt.Println("the event")
		return nil
	})
	for {
		next, ok, err := s.RunPending(context.Background())
		if err != nil || !ok {
			break
		}
		fmt.Println("other things, for", next.Round(time.Second))
		clock.now = clock.now.Add(next)
	}
	// Output:
	// other things, for 1m0s
	// the event
}

// A daemon waits for events that others enter, until it is told to stop.
func ExampleScheduler_Serve() {
	var s sched.Scheduler
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()

	ran := make(chan string)
	for _, name := range []string{"one", "two"} {
		s.Enter(0, 0, func(context.Context) error {
			ran <- name
			return nil
		})
		fmt.Println(<-ran)
	}
	stop()
	fmt.Println(<-done)
	// Output:
	// one
	// two
	// context canceled
}

// Pausing keeps events from starting; those that became due run afterwards.
func ExampleScheduler_Pause() {
	var s sched.Scheduler
	s.Enter(0, 0, func(context.Context) error {
		fmt.Println("at last")
		return nil
	})
	s.Pause()
	_, ok, _ := s.RunPending(context.Background())
	fmt.Println(ok, s.Len())
	s.Resume()
	s.RunPending(context.Background())
	// Output:
	// false 1
	// at last
}

// Errors of actions go to a handler, and the next event has its turn.
func ExampleConfig() {
	s := sched.New(sched.Config{
		Clock: newSimulation(),
		OnError: func(ev *sched.Event, err error) error {
			fmt.Printf("event %d: %v\n", ev.Sequence(), err)
			return nil
		},
	})
	s.Enter(1*time.Hour, 0, func(context.Context) error { return errors.New("no such host") })
	s.Enter(2*time.Hour, 0, func(context.Context) error {
		fmt.Println("goes on")
		return nil
	})
	fmt.Println(s.Run(context.Background()))
	// Output:
	// event 0: no such host
	// goes on
	// <nil>
}

// A year in no time.
func ExampleClock() {
	clock := newSimulation()
	s := sched.New(sched.Config{Clock: clock})
	s.Enter(365*24*time.Hour, 0, func(context.Context) error {
		fmt.Println(clock.now.Format(time.DateOnly))
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: 2027-03-01
}

func ExampleEvent() {
	s := sched.New(sched.Config{Clock: newSimulation()})
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	lunch := func(context.Context) error { return nil }
	s.EnterAbs(noon, 2, lunch)
	first, _ := s.EnterAbs(noon, 1, lunch)
	s.EnterAbs(noon.Add(-time.Hour), 9, lunch)
	for _, ev := range s.Queue() {
		fmt.Println(ev.Time().Format(time.TimeOnly), ev.Priority(), ev.Sequence())
	}
	fmt.Println(s.Cancel(first))
	fmt.Println(s.Cancel(first))
	fmt.Println(s.Len())
	// Output:
	// 11:00:00 9 2
	// 12:00:00 1 1
	// 12:00:00 2 0
	// <nil>
	// sched: event is not queued: it was cancelled
	// 2
}

// An action enters the next event, as long as it likes.
func ExampleAction() {
	s := sched.New(sched.Config{Clock: newSimulation()})
	n := 3
	var countdown sched.Action
	countdown = func(context.Context) error {
		fmt.Println(n)
		if n--; n > 0 {
			s.Enter(time.Second, 0, countdown)
		}
		return nil
	}
	s.Enter(time.Second, 0, countdown)
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 3
	// 2
	// 1
}

// The hour that a report is about is that of its event, however late it runs.
func ExampleCurrent() {
	clock := newSimulation()
	s := sched.New(sched.Config{Clock: clock})
	s.EnterAbs(clock.now.Add(-3*time.Hour), 0, func(ctx context.Context) error {
		fmt.Println("the report for", sched.Current(ctx).Time().Format(time.Kitchen))
		return nil
	})
	if err := s.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: the report for 9:00AM
}
