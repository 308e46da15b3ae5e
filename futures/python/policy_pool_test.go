package python_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
)

func TestTerminateAndKillPool(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	for name, end := range map[string]func(*python.Pool){"Terminate": (*python.Pool).Terminate, "Kill": (*python.Pool).Kill} {
		for _, fn := range []python.Func[none, int]{suiteDeaf, suiteDeafC} {
			p := suitePool(t, python.Config{Workers: 1, Grace: 50 * time.Millisecond})
			run := futures.Submit(ctx, p, fn, none{})
			suiteRunning(t, p, string(fn))
			queued := futures.Submit(ctx, p, suiteInc, 1)
			end(p)
			if _, err := run.Result(ctx); !errors.Is(err, futures.ErrKilled) {
				t.Errorf("%s: running task %s: %v", name, fn, err)
			}
			if _, err := queued.Result(ctx); !errors.Is(err, futures.ErrCancelled) {
				t.Errorf("%s: queued task: %v", name, err)
			}
			if _, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); !errors.Is(err, futures.ErrShutdown) {
				t.Errorf("%s: submit afterwards: %v", name, err)
			}
			if err := p.Shutdown(ctx); err != nil {
				t.Errorf("%s: shutdown: %v", name, err)
			}
		}
	}
}

func TestRecycle(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	p := suitePool(t, python.Config{Workers: 1, MaxTasks: 3})
	pids := map[int]int{}
	for range 15 {
		r, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pids[r]++
	}
	for id, n := range pids {
		if n > 3 {
			t.Errorf("worker %d ran %d tasks one by one", id, n)
		}
	}
	limits := map[string]python.Config{"MaxAge": {Workers: 1, MaxAge: time.Nanosecond}}
	if runtime.GOOS == "linux" {
		limits["MaxRSS"] = python.Config{Workers: 1, MaxRSS: 1}
	}
	for name, cfg := range limits {
		p := suitePool(t, cfg)
		a, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		b, err2 := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if a == b || a == 0 || b == 0 {
			t.Errorf("%s: pids %d, %v and %d, %v", name, a, err, b, err2)
		}
	}
}

func TestRecycleLosesNothing(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 2, MaxTasks: 300, Spares: 2})
	ctx := suiteWithin(t, 50*time.Second)
	const n = 5000
	i := 0
	for r, err := range futures.Map(ctx, p, suiteInc, suiteCount(n)) {
		if r != i+1 || err != nil {
			t.Fatalf("item %d: %d, %v", i, r, err)
		}
		i++
	}
	if i != n {
		t.Errorf("%d items", i)
	}
	if s := p.Stats(); s.Restarts < 3 {
		t.Errorf("only %d restarts: the test shows little", s.Restarts)
	}
}

func suiteCount(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// A slow task must not hold up those that were sent behind it.
func TestSteal(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 2})
	ctx := suiteWithin(t, 50*time.Second)
	for range 1000 { // make the pool believe that busy is fast
		if err := futures.Submit(ctx, p, suiteBusy, 0).Err(ctx); err != nil {
			t.Fatal(err)
		}
	}
	slow := futures.Submit(ctx, p, suiteBusy, 3600)
	var fs []*futures.Future[int]
	for range 200 {
		fs = append(fs, futures.Submit(ctx, p, suiteBusy, 1e-6))
	}
	for i, f := range fs {
		if err := f.Err(ctx); err != nil {
			t.Fatalf("task %d of 200 behind a slow one: %v", i, err)
		}
	}
	if slow.State() != futures.Running {
		t.Error("the slow task is over: the test shows nothing")
	}
	slow.Kill()
}

func TestStats(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Spares: 1})
	ctx := suiteWithin(t, 30*time.Second)
	f := futures.Submit(ctx, p, suiteDeaf, none{})
	suiteUntil(t, "one is busy and one is spare", func() bool {
		s := p.Stats()
		return len(s.Workers) == 2 && s.Workers[0].State == "busy" && s.Workers[0].Func == string(suiteDeaf) &&
			s.Workers[1].State == "spare" && s.Workers[1].PID > 0 && s.Running == 1 &&
			(runtime.GOOS != "linux" || s.Workers[0].RSS > 0)
	})
	g := futures.Submit(ctx, p, suiteInc, 1)
	suiteUntil(t, "a task has waited", func() bool { return p.Stats().OldestWait >= time.Millisecond })
	if err := f.Kill(); err != nil {
		t.Error(err)
	}
	if r, err := g.Result(ctx); r != 2 || err != nil {
		t.Errorf("after the kill: %v, %v", r, err)
	}
	if _, err := f.Result(ctx); !errors.Is(err, futures.ErrKilled) {
		t.Errorf("killed: %v", err)
	}
	suiteSettle(t, p)
	if s := p.Stats(); s.Killed != 1 || s.Restarts != 1 || s.Failed != 1 || s.Done != 1 {
		t.Errorf("stats: %+v", s)
	}
}

// The spare takes over at once: it was there before the death.
func TestSpare(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Spares: 1, Init: suiteSetState.Bind("ready")})
	ctx := suiteWithin(t, 30*time.Second)
	if err := futures.Submit(ctx, p, suiteInc, 1).Err(ctx); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		spare := 0
		suiteUntil(t, "there is a spare", func() bool {
			for _, w := range p.Stats().Workers {
				if w.State == "spare" {
					spare = w.PID
				}
			}
			return spare != 0
		})
		if err := futures.Submit(ctx, p, suiteDie, 1).Err(ctx); !errors.Is(err, futures.ErrWorkerDied) {
			t.Error(err)
		}
		if pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); pid != spare || err != nil {
			t.Errorf("process %d, %v runs the next task; the spare was %d", pid, err, spare)
		}
		if s, err := futures.Submit(ctx, p, suiteGetState, none{}).Result(ctx); s != "ready" || err != nil {
			t.Errorf("the spare is %q, %v", s, err)
		}
	}
}

func TestInit(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 30*time.Second)
	p := suitePool(t, python.Config{Workers: 2, Init: suiteSetState.Bind("from init")})
	for range 4 {
		if r, err := futures.Submit(ctx, p, suiteGetState, none{}).Result(ctx); r != "from init" || err != nil {
			t.Errorf("got %q, %v", r, err)
		}
	}
	bad := suitePool(t, python.Config{Workers: 2, Init: suiteSetState.Bind("fail")})
	for range 2 {
		_, err := futures.Submit(ctx, bad, suiteGetState, none{}).Result(ctx)
		if !errors.Is(err, futures.ErrBroken) || !errors.Is(err, suiteOptions.Failure) || !strings.Contains(err.Error(), "the initialiser fails as it was told to") {
			t.Errorf("failed initialiser: %v", err)
		}
	}
	if err := bad.Ready(ctx); !errors.Is(err, suiteOptions.Failure) {
		t.Errorf("Ready: %v", err)
	}
	dead := suitePool(t, python.Config{Workers: 1, Init: suiteDie.Bind(3)})
	if err := futures.Submit(ctx, dead, suiteInc, 1).Err(ctx); !errors.Is(err, futures.ErrBroken) {
		t.Errorf("an initialiser that dies: %v", err)
	}
}

func TestShutdown(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	p := suitePool(t, python.Config{Workers: 1})
	var fs []*futures.Future[bool]
	for range 100 {
		fs = append(fs, futures.Submit(ctx, p, suiteNap, 0.001))
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	if err := p.Shutdown(short); !errors.Is(err, futures.ErrStillRunning) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("impatient shutdown: %v", err)
	}
	if _, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); !errors.Is(err, futures.ErrShutdown) {
		t.Errorf("submit after shutdown: %v", err)
	}
	if err := p.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	for i, f := range fs {
		if r, err := f.Result(ctx); !r || err != nil {
			t.Fatalf("task %d: %v, %v", i, r, err)
		}
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close of what is shut down: %v", err)
	}

	p = suitePool(t, python.Config{Workers: 1})
	fs = nil
	for range 50 {
		fs = append(fs, futures.Submit(ctx, p, suiteNap, 0.02))
	}
	if err := fs[0].Err(ctx); err != nil {
		t.Error(err)
	}
	if err := p.ShutdownNow(ctx); err != nil {
		t.Errorf("shutdown now: %v", err)
	}
	var ran, cancelled int
	for _, f := range fs {
		switch _, err := f.Result(ctx); {
		case err == nil:
			ran++
		case errors.Is(err, futures.ErrCancelled):
			cancelled++
		default:
			t.Errorf("after ShutdownNow: %v", err)
		}
	}
	if ran == 0 || cancelled < 40 {
		t.Errorf("%d ran, %d were cancelled", ran, cancelled)
	}
}

// The pool goes away before its first worker is there, with and without a task.
func TestShutdownAtOnce(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	for i := range 5 {
		p := suitePool(t, python.Config{Workers: 2})
		bad := futures.Submit(ctx, p, suiteOptions.Funcs.Unsendable, 1)
		f := futures.Submit(ctx, p, suiteInc, i)
		if err := p.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := bad.Result(ctx); !errors.Is(err, futures.ErrNotEncodable) {
			t.Error(err)
		}
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			t.Errorf("%d, %v", r, err)
		}
		empty := suitePool(t, python.Config{Workers: 2})
		if err := empty.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// A worker dies while the queue is full.
func TestCrashWithFullQueue(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 2, Spares: 2})
	ctx := suiteWithin(t, 50*time.Second)
	var good, bad []*futures.Future[int]
	for i := range 5000 {
		if i%1000 == 500 {
			bad = append(bad, futures.Submit(ctx, p, suiteDie, 1))
		}
		good = append(good, futures.Submit(ctx, p, suiteInc, i))
	}
	for i, f := range bad {
		if _, err := f.Result(ctx); !errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("crash %d: %v", i, err)
		}
	}
	for i, f := range good {
		if r, err := f.Result(ctx); r != i+1 || err != nil {
			t.Fatalf("task %d: %d, %v", i, r, err)
		}
	}
}
