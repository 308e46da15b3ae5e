package sched_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/conexgo/conex/sched"
)

// perEvent reports the time for one of the n events of each iteration.
func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
}

// Events in an order that is neither sorted nor random, as the benchmark of
// Python's scheduler enters them; on a clock that runs as fast as it is read,
// and on the system's.
func BenchmarkEnterRun(b *testing.B) {
	for _, n := range []int{1, 1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint("clock=fake/n=", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s := sched.New(sched.Config{Clock: new(jumpClock)})
				for i := range n {
					s.Enter(time.Duration(int64(i)*7919%int64(n))*time.Second, 0, nothing)
				}
				if err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, n)
		})
		b.Run(fmt.Sprint("clock=system/n=", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var s sched.Scheduler
				for i := range n {
					s.Enter(-time.Duration(int64(i)*7919%int64(n))*time.Microsecond, 0, nothing)
				}
				if err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, n)
		})
	}
}

// An event that is entered and cancelled while others wait.
func BenchmarkEnterCancel(b *testing.B) {
	for _, n := range []int{0, 1_000, 100_000} {
		b.Run(fmt.Sprint("pending=", n), func(b *testing.B) {
			b.ReportAllocs()
			var s sched.Scheduler
			for i := range n {
				s.Enter(time.Duration(1000+i)*time.Second, 0, nothing)
			}
			for b.Loop() {
				ev, err := s.Enter(1500*time.Second, 0, nothing)
				if err == nil {
					err = s.Cancel(ev)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What the events of a job cost.
func BenchmarkJob(b *testing.B) {
	b.ReportAllocs()
	s := sched.New(sched.Config{Clock: new(jumpClock)})
	n := 0
	var job *sched.Job
	job, err := s.Repeat(sched.Interval(time.Second), 0, func(context.Context) error {
		if n++; n == b.N {
			job.Cancel()
		}
		return nil
	})
	if err == nil {
		err = s.Run(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
}

// An event that is entered while another goroutine sleeps in Serve, until it
// has run.
func BenchmarkServe(b *testing.B) {
	b.ReportAllocs()
	var s sched.Scheduler
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	ran := make(chan struct{})
	for b.Loop() {
		s.Enter(0, 0, func(context.Context) error {
			ran <- struct{}{}
			return nil
		})
		<-ran
	}
	cancel()
	<-done
}
