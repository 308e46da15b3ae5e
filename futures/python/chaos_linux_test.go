package python_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
)

// A suiteRun is the argument of conexsuite.run_item.
type suiteRun struct {
	Path  string
	N, Us int
}

var suiteRunItem = python.Func[suiteRun, int]("conexsuite:run_item")

// suiteRuns counts the lines of the file by their numbers.
func suiteRuns(t testing.TB, path string) map[int]int {
	t.Helper()
	runs := map[int]int{}
	for line := range strings.Lines(suiteRead(t, path)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%q", line)
		}
		runs[n]++
	}
	return runs
}

// suiteKiller kills n workers of p at random moments: idle ones, busy ones,
// those that are just starting; but one that was ready between two of these, for a
// pool of which none ever gets ready gives up, as it must.
func suiteKiller(t *testing.T, p *python.Pool, n int, sig syscall.Signal) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	young := false
	for done := 0; done < n && !t.Failed(); {
		time.Sleep(time.Duration(r.IntN(20_000)) * time.Microsecond)
		workers := p.Stats().Workers
		if len(workers) == 0 {
			continue
		}
		w := workers[r.IntN(len(workers))]
		if starting := w.State == "starting"; w.PID > 0 && !(starting && young) && syscall.Kill(w.PID, sig) == nil {
			young = starting
			done++
		}
	}
}

// Workers die at random moments under load. Every future completes: with its
// exact result or with ErrWorkerDied. What was begun is not run again, what was
// not begun is never lost.
func TestChaosOnce(t *testing.T) {
	leak.Check(t)
	n := suiteKills()
	p := suitePool(t, python.Config{Workers: 2, Spares: 2})
	ctx := suiteWithin(t, time.Duration(50+n)*time.Second)
	dir := t.TempDir()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	var died, ended int
	work := func(name string, round func(path string, r *rand.Rand) (errs map[int]error, items int)) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(len(name)), uint64(n)))
			for i := 0; !t.Failed(); i++ {
				select {
				case <-stop:
					return
				default:
				}
				path := filepath.Join(dir, fmt.Sprint(name, i))
				errs, items := round(path, r)
				runs := suiteRuns(t, path)
				mu.Lock()
				ended += items
				died += len(errs)
				mu.Unlock()
				for k := range items {
					switch err := errs[k]; {
					case runs[k] > 1:
						t.Errorf("%s, round %d: item %d ran %d times", name, i, k, runs[k])
					case err == nil && runs[k] != 1:
						t.Errorf("%s, round %d: item %d has a result and never ran", name, i, k)
					case err != nil && !errors.Is(err, futures.ErrWorkerDied):
						t.Errorf("%s, round %d: item %d: %v", name, i, k, err)
					}
				}
				os.Remove(path)
			}
		})
	}
	work("submit", func(path string, r *rand.Rand) (map[int]error, int) {
		fs := make([]*futures.Future[int], 1+r.IntN(500))
		for i := range fs {
			fs[i] = futures.Submit(ctx, p, suiteRunItem, suiteRun{path, i, r.IntN(200)})
		}
		errs := map[int]error{}
		for i, f := range fs {
			if x, err := f.Result(ctx); err != nil {
				errs[i] = err
			} else if x != 2*i {
				t.Errorf("item %d: %d", i, x)
			}
		}
		return errs, len(fs)
	})
	work("map", func(path string, r *rand.Rand) (map[int]error, int) {
		items := 1 + r.IntN(2000)
		i, errs := 0, map[int]error{}
		for x, err := range futures.Map(ctx, p, suiteRunItem, func(yield func(suiteRun) bool) {
			for i := range items {
				if !yield(suiteRun{path, i, 0}) {
					return
				}
			}
		}) {
			if err != nil {
				errs[i] = err
			} else if x != 2*i {
				t.Errorf("item %d: %d", i, x)
			}
			i++
		}
		if i != items {
			t.Errorf("%d items became %d", items, i)
		}
		return errs, items
	})
	suiteKiller(t, p, n, syscall.SIGKILL)
	close(stop)
	wg.Wait()
	if !t.Failed() {
		suiteSettle(t, p)
	}
	if died > n {
		t.Errorf("%d items of %d failed for %d deaths", died, ended, n)
	}
	t.Logf("%d kills, %d of %d items died", n, died, ended)
}

// The same with retries: nobody sees a death.
func TestChaosRetry(t *testing.T) {
	leak.Check(t)
	n := suiteKills()
	p := suitePool(t, python.Config{Workers: 3, Spares: 2, OnDeath: python.Retry(1_000_000)})
	ctx := suiteWithin(t, time.Duration(50+n)*time.Second)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	work := func(name string, f func(r *rand.Rand) error) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(len(name)), uint64(n)))
			for i := 0; ; i++ {
				if err := f(r); err != nil {
					t.Errorf("%s, round %d: %v", name, i, err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	work("submit", func(r *rand.Rand) error {
		fs := make([]*futures.Future[int], 1+r.IntN(1000))
		for i := range fs {
			fs[i] = futures.Submit(ctx, p, suiteInc, i)
		}
		for i, f := range fs {
			if x, err := f.Result(ctx); x != i+1 || err != nil {
				return fmt.Errorf("inc(%d) = %d, %w", i, x, err)
			}
		}
		return nil
	})
	work("map", func(r *rand.Rand) error {
		i := 0
		for x, err := range futures.Map(ctx, p, suiteInc, suiteCount(1+r.IntN(10_000))) {
			if x != i+1 || err != nil {
				return fmt.Errorf("item %d: %d, %w", i, x, err)
			}
			i++
		}
		return nil
	})
	work("large", func(r *rand.Rand) error {
		b := make([]byte, r.IntN(1<<20))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		x, err := futures.Submit(ctx, p, suiteOptions.Funcs.Invert, b).Result(ctx)
		if err != nil || len(x) != len(b) {
			return fmt.Errorf("%d bytes became %d, %w", len(b), len(x), err)
		}
		for i := range b {
			if x[i] != ^b[i] {
				return fmt.Errorf("byte %d of %d is wrong", i, len(b))
			}
		}
		return nil
	})
	work("ctx", func(r *rand.Rand) error {
		c, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(20))*time.Millisecond)
		defer cancel()
		_, err := futures.Submit(c, p, suiteNap, float64(r.IntN(20))/1000).Result(ctx)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !(errors.Is(err, futures.ErrWorkerDied) && c.Err() != nil) { // nobody retries what is over
			return err
		}
		return nil
	})
	suiteKiller(t, p, n, syscall.SIGKILL)
	close(stop)
	wg.Wait()
	if !t.Failed() {
		suiteSettle(t, p)
	}
	t.Logf("%d kills, stats %+v", n, p.Stats())
}

// A worker that is stopped is like one that hangs: deadlines and Kill end it,
// and what had been sent to it runs elsewhere.
func TestStopped(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 2, Grace: 50 * time.Millisecond})
	ctx := suiteWithin(t, 50*time.Second)
	for _, kill := range []bool{false, true} {
		f := futures.Submit(ctx, p, suiteNap, 3600, futures.TaskTimeout(time.Second))
		if kill {
			f = futures.Submit(ctx, p, suiteBusy2, 3600)
		}
		name := string(suiteNap)
		if kill {
			name = string(suiteBusy2)
		}
		pid := suiteRunning(t, p, name)
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		var others []*futures.Future[int]
		for i := range 200 {
			others = append(others, futures.Submit(ctx, p, suiteInc, i))
		}
		for i, g := range others {
			if r, err := g.Result(ctx); r != i+1 || err != nil {
				t.Errorf("other task %d: %v, %v", i, r, err)
			}
		}
		want := error(context.DeadlineExceeded)
		if kill {
			want = futures.ErrKilled
			if err := f.Kill(); err != nil {
				t.Error(err)
			}
		}
		if err := f.Err(ctx); !errors.Is(err, want) || !errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("the task of the stopped worker: %v", err)
		}
		suiteDead(t, []int{pid})
	}
	// Idle ones, when the pool ends.
	for range 2 {
		if err := futures.Submit(ctx, p, suiteInc, 1).Err(ctx); err != nil {
			t.Error(err)
		}
	}
	for _, w := range p.Stats().Workers {
		if w.PID > 0 {
			syscall.Kill(w.PID, syscall.SIGSTOP)
		}
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown with stopped workers: %v", err)
	}
}

var suiteBusy2 = python.Func[float64, bool]("conexsuite:busy")

// suiteOrphans is a program with a pool whose tasks have started processes of
// their own. It prints their pids and waits to be killed.
func suiteOrphans() {
	p, err := python.NewPool(suiteConfig(python.Config{Interpreter: os.Getenv("CONEX_TEST_PYTHON"), Workers: 3, Spares: 1}))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	futures.Submit(ctx, p, suiteSpawn, "trap '' TERM HUP INT; sleep 1000 & setsid sleep 1000 & wait")
	futures.Submit(ctx, p, suiteDeaf, none{})
	futures.Submit(ctx, p, suiteDeafC, none{})
	for {
		pids := child.Descendants(os.Getpid())
		s := p.Stats()
		if len(pids) >= 7 && s.Running == 3 && len(s.Workers) == 4 { // three busy, a spare, the shell and its two
			fmt.Println(strings.Trim(fmt.Sprint(pids), "[]"))
			break
		}
		time.Sleep(time.Millisecond)
	}
	select {}
}

func init() { roles["orphans"] = suiteOrphans }

// Workers, and what they started, end with the program, however it ends.
func TestNoOrphans(t *testing.T) {
	leak.Check(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSEGV} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CONEX_TEST_ROLE=orphans", "GOTRACEBACK=none", "CONEX_TEST_PYTHON="+suiteNewest(t))
		cmd.Stderr = io.Discard
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		watch := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		line, err := bufio.NewReader(out).ReadString('\n')
		watch.Stop()
		if err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		var pids []int
		for _, f := range strings.Fields(line) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatalf("%q", line)
			}
			pids = append(pids, n)
		}
		cmd.Process.Signal(sig)
		cmd.Wait()
		suiteDead(t, pids)
	}
}
