package sched_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/sched"
)

// stressOps is how many operations a stress test does: CONEX_STRESS, or few.
func stressOps(t *testing.T) int {
	if s := os.Getenv("CONEX_STRESS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			t.Fatalf("CONEX_STRESS=%s is not a number of operations", s)
		}
		return n
	}
	return 20_000
}

// Events are entered and cancelled while runners come and go, with their
// contexts ending at any moment. Each event must run once, or be cancelled.
func TestStress(t *testing.T) {
	leak.Check(t)
	const (
		sources = 4
		runners = 4
	)
	ops := stressOps(t)
	var s sched.Scheduler
	var ran, cancelled, entered atomic.Int64
	var work, serve sync.WaitGroup
	end := make(chan struct{})

	for i := range runners {
		serve.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for {
				// What is cut short goes on in the next one.
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(500))*time.Microsecond)
				var err error
				switch r.IntN(4) {
				case 0:
					err = s.Run(ctx)
				case 1:
					_, _, err = s.RunPending(ctx)
				default:
					err = s.Serve(ctx)
				}
				cancel()
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				select {
				case <-end:
					return
				default:
				}
			}
		})
	}
	for i := range sources {
		work.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(i)))
			var evs []*sched.Event
			for range ops / sources {
				switch r.IntN(8) {
				case 0:
					if len(evs) > 0 {
						k := r.IntN(len(evs))
						switch err := s.Cancel(evs[k]); {
						case err == nil:
							cancelled.Add(1)
						case !errors.Is(err, sched.ErrNotQueued):
							t.Error(err)
						}
						evs[k] = evs[len(evs)-1]
						evs = evs[:len(evs)-1]
					}
				case 1:
					s.Pause()
					s.Resume()
				default:
					at := time.Now().Add(time.Duration(r.IntN(300)-50) * time.Microsecond)
					if r.IntN(2) == 0 {
						at = at.Round(0)
					}
					var once atomic.Bool
					entered.Add(1)
					evs = append(evs, must(s.EnterAbs(at, r.IntN(3), func(context.Context) error {
						if once.Swap(true) {
							t.Error("an event has run twice")
						}
						ran.Add(1)
						return nil
					})))
				}
			}
		})
	}
	work.Wait()
	// A Run beside the others returns when all is taken; these may still run
	// what they have taken.
	if err := s.Run(t.Context()); err != nil {
		t.Error(err)
	}
	close(end)
	serve.Wait()
	if ran.Load()+cancelled.Load() != entered.Load() || !s.Empty() {
		t.Errorf("%d events were entered, %d have run, %d were cancelled, %d wait",
			entered.Load(), ran.Load(), cancelled.Load(), s.Len())
	}
}

// An event wakes somebody, however those who wait come and go: a lost wake-up
// hangs this test.
func TestStressWake(t *testing.T) {
	leak.Check(t)
	var s sched.Scheduler
	ctx, stop := context.WithCancel(t.Context())
	var stays, goes sync.WaitGroup
	stays.Go(func() { s.Serve(ctx) })
	for range 3 {
		goes.Go(func() {
			for ctx.Err() == nil {
				short, cancel := context.WithCancel(ctx)
				defer cancel()
				s.Enter(0, 0, func(context.Context) error { cancel(); return nil })
				s.Serve(short)
			}
		})
	}
	ran := make(chan struct{})
	for range stressOps(t) / 10 {
		s.Enter(0, 0, func(context.Context) error { ran <- struct{}{}; return nil })
		<-ran
	}
	stop()
	stays.Wait()
	goes.Wait()
}

// Jobs that are paused, resumed and cancelled by others while they run.
func TestStressJobs(t *testing.T) {
	leak.Check(t)
	var s sched.Scheduler
	ctx, stop := context.WithCancel(t.Context())
	var serve, work sync.WaitGroup
	for range 3 {
		serve.Go(func() { s.Serve(ctx) })
	}
	for i := range 4 {
		work.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(i)))
			for range stressOps(t) / 400 {
				running := 0 // not protected: runs are ordered
				ran := make(chan struct{}, 1)
				job := must(s.Repeat(sched.Interval(1+r.IntN(20_000)), 0, func(context.Context) error {
					if running++; running != 1 {
						t.Error("a job runs twice at a time")
					}
					running--
					select {
					case ran <- struct{}{}:
					default:
					}
					return nil
				}))
				for range r.IntN(5) {
					job.Pause()
					job.Resume()
				}
				<-ran
				job.Cancel()
				if st := job.Stats(); !st.Ended || st.Runs == 0 && !st.Running {
					t.Errorf("Stats: %+v", st)
				}
			}
		})
	}
	work.Wait()
	if err := s.Run(t.Context()); err != nil { // for jobs that still run
		t.Error(err)
	}
	if !s.Empty() {
		t.Errorf("%d events are left", s.Len())
	}
	stop()
	serve.Wait()
}
