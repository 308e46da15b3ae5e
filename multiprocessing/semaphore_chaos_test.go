//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

var (
	// semWork acquires and releases for ever, up to N permits at once, in two
	// goroutines.
	semWork = conex.Register("test/sem/work", func(ctx context.Context, j semJob) (none, error) {
		work := func() error {
			for ctx.Err() == nil {
				n := rand.IntN(j.N) + 1
				for range n {
					if err := j.sem().Acquire(ctx); err != nil {
						return err
					}
				}
				for range n {
					if err := j.sem().Release(); err != nil {
						return err
					}
				}
				j.Board.at(j.Me).Add(1)
			}
			return nil
		}
		errs := several(2, work)
		return none{}, errors.Join(<-errs, <-errs)
	})
	// semTake acquires for ever.
	semTake = conex.Register("test/sem/take", func(ctx context.Context, j semJob) (none, error) {
		for {
			j.Board.at(j.Me).Store(1)
			if err := j.sem().Acquire(ctx); err != nil {
				return none{}, err
			}
		}
	})
)

// Stopped at full speed, anywhere.
func TestSemaphoreStoppedChaos(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		s, j := make(3) // two for the child's goroutines
		p := spawn(t, semWork.Bind(j.with(0, 1)))
		ctx := within(t, 30*time.Second)
		for range max(kills(20), 1) {
			old := j.Board.at(0).Load()
			eventually(t, "the child works", func() bool { return j.Board.at(0).Load() > old })
			signal(t, p, syscall.SIGSTOP)
			for range 100 {
				if err := s.Acquire(ctx); err != nil {
					t.Fatal(err)
				}
				if err := s.Release(); err != nil {
					t.Fatal(err)
				}
			}
			signal(t, p, syscall.SIGCONT)
		}
		kill(t, p)
		wantValue(t, s, 3)
	})
}

// Processes at full speed, killed and stopped at random moments: not a permit is
// lost, and none is there twice.
func TestSemaphoreChaos(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		const procs, permits = 4, 9 // two goroutines of each want two, so there must be nine
		s, j := make(permits)
		var all [procs]*mp.Process
		for i := range all {
			all[i] = spawn(t, semWork.Bind(j.with(i, 2)))
		}
		work := func() (sum int64) {
			for i := range all {
				sum += j.Board.at(i).Load()
			}
			return sum
		}
		for range kills(10) {
			old := work() + rand.Int64N(2000)
			eventually(t, "work goes on", func() bool { return work() > old })
			i, k := rand.IntN(procs), rand.IntN(procs)
			if i != k {
				signal(t, all[k], syscall.SIGSTOP)
			}
			kill(t, all[i])
			all[i] = spawn(t, semWork.Bind(j.with(i, 2)))
			signal(t, all[k], syscall.SIGCONT)
		}
		for _, p := range all {
			p.Kill()
		}
		for _, p := range all {
			kill(t, p)
		}
		wantValue(t, s, permits)
		for range permits {
			if !try(t, s) {
				t.Error("a permit is missing")
			}
		}
		if try(t, s) {
			t.Error("a permit too many")
		}
	})
}

// Waiters are killed while they are woken: the others go on.
func TestSemaphoreWaitersChaos(t *testing.T) {
	leak.Check(t)
	const procs = 3
	s := must(mp.NewSemaphore(0))
	j := semJob{Sem: s, Board: newBoard(t)}
	var all [procs]*mp.Process
	start := func(i int) {
		j.Board.at(i).Store(0)
		all[i] = spawn(t, semTake.Bind(j.with(i, 0)))
		eventually(t, "it waits", func() bool { return j.Board.at(i).Load() == 1 })
	}
	for i := range all {
		start(i)
	}
	for range kills(15) {
		i := rand.IntN(procs)
		s.Release()
		all[i].Kill()
		s.Release()
		eventually(t, "the others take both", s.Locked)
		kill(t, all[i])
		start(i)
	}
}
