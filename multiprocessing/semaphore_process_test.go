//go:build linux

package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

// A semJob is what processes do with semaphores.
type semJob struct {
	Sem     *mp.Semaphore
	Bounded *mp.BoundedSemaphore
	Named   *mp.NamedSemaphore
	Board   *board
	Me      int // where on the board this process writes
	N       int
}

func (j semJob) sem() semaphore {
	switch {
	case j.Sem != nil:
		return j.Sem
	case j.Bounded != nil:
		return j.Bounded
	}
	return j.Named
}

var (
	// semHold acquires N permits, says so, and ends with its context or, if N
	// is negative, at once.
	semHold = conex.Register("test/sem/hold", func(ctx context.Context, j semJob) (none, error) {
		for range max(j.N, -j.N) {
			if err := j.sem().Acquire(ctx); err != nil {
				return none{}, err
			}
		}
		j.Board.at(j.Me).Add(1)
		if j.N < 0 {
			return none{}, nil
		}
		<-ctx.Done()
		return none{}, nil
	})
	// semRelease releases N permits.
	semRelease = conex.Register("test/sem/release", func(ctx context.Context, j semJob) (none, error) {
		for range j.N {
			if err := j.sem().Release(); err != nil {
				return none{}, err
			}
		}
		return none{}, nil
	})
	// semCount increments a number N times under a semaphore of one, in two
	// goroutines.
	semCount = conex.Register("test/sem/count", func(ctx context.Context, j semJob) (none, error) {
		count := func() error {
			for range j.N / 2 {
				if err := j.sem().Acquire(ctx); err != nil {
					return err
				}
				*(*int64)(unsafe.Pointer(j.Board.at(j.Me)))++
				if err := j.sem().Release(); err != nil {
					return err
				}
			}
			return nil
		}
		errs := several(2, count)
		return none{}, errors.Join(<-errs, <-errs)
	})
	// semWait has N goroutines wait, and says what they cost.
	semWait = conex.Register("test/sem/wait", func(ctx context.Context, j semJob) (none, error) {
		before := residentMemory()
		errs := several(j.N, func() error { return j.sem().Acquire(ctx) })
		for lined := 0; lined < j.N-1; { // and the first sleeps in the kernel
			time.Sleep(time.Millisecond)
			lined = inLine()
		}
		debug.FreeOSMemory() // what it took to find that out
		list, _ := os.ReadDir("/proc/self/task")
		j.Board.at(1).Store(int64(len(list)))
		j.Board.at(2).Store(residentMemory() - before)
		j.Board.at(0).Store(1)
		for range j.N {
			if err := <-errs; err != nil {
				return none{}, err
			}
		}
		return none{}, nil
	})
	semAnswer = conex.Register("test/sem/answer", func(ctx context.Context, j [2]*mp.Semaphore) (none, error) {
		for {
			if err := j[0].Acquire(ctx); err != nil {
				return none{}, err
			}
			j[1].Release()
		}
	})
	semNested = conex.Register("test/sem/nested", func(ctx context.Context, j semNest) (none, error) {
		if j.Nil != nil {
			return none{}, errors.New("nil has become a semaphore")
		}
		for _, s := range append(j.List, j.Map["x"].Sem) {
			if err := s.Acquire(ctx); err != nil {
				return none{}, err
			}
		}
		return none{}, errors.Join(j.Map["x"].Bounded.Release(), j.Map["x"].Named.Release())
	})
)

type semNest struct {
	List []*mp.Semaphore
	Map  map[string]semJob
	Nil  *mp.Semaphore
}

// inLine is how many goroutines of this process wait in line.
func inLine() (sum int) {
	var b strings.Builder
	pprof.Lookup("goroutine").WriteTo(&b, 1) // those with the same stack are one paragraph
	_, text, _ := strings.Cut(b.String(), "\n")
	for _, same := range strings.Split(text, "\n\n") {
		if strings.Contains(same, "park.(*Queue).sleep") {
			n := 0
			fmt.Sscanf(same, "%d @", &n)
			sum += n
		}
	}
	return sum
}

// residentMemory is what this process has in memory, its program included.
func residentMemory() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	var size, resident int64
	fmt.Sscan(string(text), &size, &resident)
	return resident * int64(os.Getpagesize())
}

// semKinds runs a test over those with accounts.
func semKinds(t *testing.T, test func(t *testing.T, make func(n int) (semaphore, semJob))) {
	leak.Check(t)
	t.Cleanup(mp.StopForkServer)
	t.Run("Semaphore", func(t *testing.T) {
		test(t, func(n int) (semaphore, semJob) {
			s := must(mp.NewSemaphore(n))
			return s, semJob{Sem: s, Board: newBoard(t)}
		})
	})
	t.Run("BoundedSemaphore", func(t *testing.T) {
		test(t, func(n int) (semaphore, semJob) {
			s := must(mp.NewBoundedSemaphore(n))
			return s, semJob{Bounded: s, Board: newBoard(t)}
		})
	})
}

func (j semJob) with(me, n int) semJob {
	j.Me, j.N = me, n
	return j
}

func signal(t testing.TB, p *mp.Process, s syscall.Signal) {
	t.Helper()
	if pid, ok := p.PID(); ok {
		syscall.Kill(pid, s)
	}
}

// Permits return when their process ends, and who waits for them goes on.
func TestSemaphoreHolderDies(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		for name, end := range map[string]func(p *mp.Process){
			"killed":     func(p *mp.Process) { p.Kill() },
			"terminated": func(p *mp.Process) { p.Terminate() },
		} {
			t.Run(name, func(t *testing.T) {
				s, j := make(3)
				if !try(t, s) {
					t.Fatal("no permit")
				}
				p := spawn(t, semHold.Bind(j.with(0, 2)))
				eventually(t, "the child holds two", func() bool { return j.Board.at(0).Load() == 1 })
				wantValue(t, s, 0)
				errs := several(2, func() error { return s.Acquire(within(t, 20*time.Second)) })
				end(p)
				for range 2 {
					if err := <-errs; err != nil {
						t.Fatal(err)
					}
				}
				wantValue(t, s, 0)
				for range 3 {
					if err := s.Release(); err != nil {
						t.Fatal(err)
					}
				}
				wantValue(t, s, 3)
			})
		}
	})
}

// Once a process has been waited for, its permits are there at once, also for
// who does not wait, under each start method.
func TestSemaphoreHolderIsDead(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	each(t, func(t *testing.T, opt mp.Option) {
		s := must(mp.NewSemaphore(1))
		j := semJob{Sem: s, Board: newBoard(t), N: -1}
		for range 3 {
			p := must(mp.Go(ctx, semHold.Bind(j), opt))
			join(t, p)
			if !try(t, s) {
				t.Error("TryAcquire does not see that the holder is dead")
			}
			if err := s.Release(); err != nil {
				t.Error(err)
			}
			join(t, must(mp.Go(ctx, semHold.Bind(j), opt)))
			wantValue(t, s, 1)
			join(t, must(mp.Go(ctx, semHold.Bind(j), opt)))
			over, cancel := context.WithCancel(ctx)
			cancel()
			if err := s.Acquire(over); err != nil {
				t.Errorf("Acquire does not see it: %v", err)
			}
			s.Release()
		}
	})
}

// A process that is stopped keeps what it has, and delays nobody.
func TestSemaphoreHolderStops(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		s, j := make(1)
		p := spawn(t, semHold.Bind(j.with(0, 1)))
		eventually(t, "the child holds one", func() bool { return j.Board.at(0).Load() == 1 })
		signal(t, p, syscall.SIGSTOP)
		if err := s.Acquire(within(t, 50*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the permit of a stopped process: %v", err)
		}
		wantValue(t, s, 0)
		signal(t, p, syscall.SIGCONT)
		wantValue(t, s, 0)
		kill(t, p)
		wantValue(t, s, 1)
	})
}

// The rule for signals: a release by who holds nothing ends the accounts.
func TestSemaphorePassedOn(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		s, j := make(2)
		join(t, spawn(t, semHold.Bind(j.with(0, -1))))
		wantValue(t, s, 2) // still with accounts
		try(t, s)
		try(t, s)
		join(t, spawn(t, semRelease.Bind(j.with(0, 1))))
		wantValue(t, s, 1)
		join(t, spawn(t, semHold.Bind(j.with(0, -1))))
		wantValue(t, s, 0) // a signal that was received does not come back
		join(t, spawn(t, semRelease.Bind(j.with(0, 1))))
		if err := s.Release(); err != nil {
			t.Error(err)
		}
		wantValue(t, s, 2)
	})
	t.Run("from 0 on", func(t *testing.T) {
		s := must(mp.NewSemaphore(0))
		s.Release()
		s.Release()
		join(t, spawn(t, semHold.Bind(semJob{Sem: s, Board: newBoard(t), N: -1})))
		wantValue(t, s, 1)
	})
}

// What the dead hold returns before the accounts are given up.
func TestSemaphorePassedOnByTheDead(t *testing.T) {
	s := must(mp.NewSemaphore(2))
	join(t, spawn(t, semHold.Bind(semJob{Sem: s, Board: newBoard(t), N: -2})))
	if err := s.Release(); err != nil {
		t.Error(err)
	}
	wantValue(t, s, 3)
}

// Processes count under a semaphore of one.
func TestSemaphoreExcludesProcesses(t *testing.T) {
	semKinds(t, func(t *testing.T, make func(n int) (semaphore, semJob)) {
		const each = 10_000
		s, j := make(1)
		var all []*mp.Process
		for range 4 {
			all = append(all, spawn(t, semCount.Bind(j.with(0, each))))
		}
		for _, p := range all {
			join(t, p)
		}
		if n := j.Board.at(0).Load(); n != 4*each {
			t.Errorf("%d increments of %d", n, 4*each)
		}
		wantValue(t, s, 1)
	})
}

// Thousands of goroutines wait for one semaphore.
func TestSemaphoreWaiters(t *testing.T) {
	leak.Check(t)
	const n = 5000
	s := must(mp.NewSemaphore(0))
	j := semJob{Sem: s, Board: newBoard(t), N: n}
	p := spawn(t, semWait.Bind(j))
	eventually(t, "all wait", func() bool { return j.Board.at(0).Load() == 1 })
	if threads := j.Board.at(1).Load(); threads >= 20 {
		t.Errorf("%d threads", threads)
	}
	// The race detector has memory of its own for each goroutine.
	if memory := j.Board.at(2).Load(); memory >= 40<<20 && patience == 1 {
		t.Errorf("%d bytes", memory)
	}
	t.Logf("%d threads, %.1f MB", j.Board.at(1).Load(), float64(j.Board.at(2).Load())/1e6)
	for range n {
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
	}
	join(t, p)
	wantValue(t, s, 0)
}

func TestSemaphoreTravels(t *testing.T) {
	leak.Check(t)
	a, b := must(mp.NewSemaphore(4)), must(mp.NewSemaphore(2))
	bounded, n := must(mp.NewBoundedSemaphore(5)), namedSemaphore(t, 6)
	try(t, bounded)
	ctx := context.Background()
	each(t, func(t *testing.T, opt mp.Option) {
		p := must(mp.Go(ctx, semNested.Bind(semNest{
			List: []*mp.Semaphore{a, a, b, a},
			Map:  map[string]semJob{"x": {Sem: a, Bounded: bounded, Named: n}},
		}), opt))
		join(t, p)
		wantValue(t, a, 4) // the process is dead
		wantValue(t, b, 2)
		wantValue(t, bounded, 5)
		try(t, bounded)
	})
	wantValue(t, n, 6+len(mp.AllStartMethods()))

	n.Close()
	for name, j := range map[string]semJob{
		"zero":   {Sem: new(mp.Semaphore)},
		"closed": {Named: n},
	} {
		if p, err := mp.Go(ctx, semHold.Bind(j)); err == nil {
			p.Kill()
			t.Errorf("%s was sent", name)
		}
	}
}

// A name that is gone does not arrive.
func TestNamedSemaphoreUnlinkedTravels(t *testing.T) {
	n := namedSemaphore(t, 1)
	n.Unlink()
	p, err := mp.Go(context.Background(), semRelease.Bind(semJob{Named: n, N: 1}))
	if err == nil {
		p.Join(context.Background())
		err = p.Err()
	}
	if err == nil || !strings.Contains(err.Error(), n.Name()) {
		t.Errorf("the error is %v", err)
	}
}

// A named semaphore keeps no account.
func TestNamedSemaphoreHolderDies(t *testing.T) {
	leak.Check(t)
	n := namedSemaphore(t, 2)
	join(t, spawn(t, semHold.Bind(semJob{Named: n, Board: newBoard(t), N: -1})))
	wantValue(t, n, 1)
	j := semJob{Named: n, Board: newBoard(t), N: 5000}
	var all []*mp.Process
	for range 3 {
		all = append(all, spawn(t, semCount.Bind(j)))
	}
	for _, p := range all {
		join(t, p)
	}
	if got := j.Board.at(0).Load(); got != 3*5000 {
		t.Errorf("%d increments of %d", got, 3*5000)
	}
	wantValue(t, n, 1)
	if got := sleepers(t, semPath(n)); got != 0 {
		t.Errorf("%d sleepers are left", got)
	}
}

// Who waits and is killed leaves no trace but a number.
func TestNamedSemaphoreWaiterDies(t *testing.T) {
	leak.Check(t)
	n := namedSemaphore(t, 0)
	p := spawn(t, semHold.Bind(semJob{Named: n, Board: newBoard(t), N: 1}))
	eventually(t, "it sleeps", func() bool { return sleepers(t, semPath(n)) == 1 })
	kill(t, p)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := n.Acquire(within(t, 20*time.Second)); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "we sleep", func() bool { return sleepers(t, semPath(n)) == 2 })
	n.Release()
	wg.Wait()
	wantValue(t, n, 0)
}
