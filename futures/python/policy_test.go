package python_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// Each way to die fails the task that did it, says how, and nothing else.
func TestDeaths(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 2})
		ctx := suiteWithin(t, 50*time.Second)
		for _, tt := range []struct {
			name   string
			task   func() *futures.Future[int]
			code   int
			signal syscall.Signal
			stderr string
		}{
			{"exit 0", func() *futures.Future[int] { return futures.Submit(ctx, p, suiteDie, 0) }, 0, 0, ""},
			{"exit 3", func() *futures.Future[int] { return futures.Submit(ctx, p, suiteDie, 3) }, 3, 0, ""},
			{"SIGKILL", func() *futures.Future[int] { return futures.Submit(ctx, p, suiteDieOf, int(syscall.SIGKILL)) }, -1, syscall.SIGKILL, ""},
			{"SIGTERM", func() *futures.Future[int] { return futures.Submit(ctx, p, suiteDieOf, int(syscall.SIGTERM)) }, -1, syscall.SIGTERM, ""},
			{"SIGSEGV", func() *futures.Future[int] {
				return futures.Submit(ctx, p, python.Func[none, int]("conexsuite:segfault"), none{})
			}, -1, syscall.SIGSEGV, "Segmentation fault"},
			{"abort", func() *futures.Future[int] {
				return futures.Submit(ctx, p, python.Func[none, int]("conexsuite:abort"), none{})
			}, -1, syscall.SIGABRT, "Abort"},
			{"last words", func() *futures.Future[int] {
				return futures.Submit(ctx, p, python.Func[string, int]("conexsuite:die_talking"), "these are\nmy last words\n")
			}, 4, 0, "my last words"},
			{"in a thread", func() *futures.Future[int] {
				return futures.Submit(ctx, p, python.Func[none, int]("conexsuite:die_in_thread"), none{})
			}, 5, 0, ""},
		} {
			t.Run(tt.name, func(t *testing.T) {
				f := tt.task()
				others := make([]*futures.Future[int], 50)
				for i := range others {
					others[i] = futures.Submit(ctx, p, suiteInc, i)
				}
				_, err := f.Result(ctx)
				wd, ok := errors.AsType[*futures.WorkerDiedError](err)
				if !ok || !errors.Is(err, futures.ErrWorkerDied) {
					t.Fatalf("got %v", err)
				}
				if wd.ExitCode != tt.code || wd.Signal != tt.signal || wd.PID == 0 || !strings.HasPrefix(wd.Func, "conexsuite:") ||
					wd.Cause != nil || wd.Limit != "" || !strings.Contains(wd.Stderr, tt.stderr) {
					t.Errorf("got %+v", wd)
				}
				if !strings.Contains(err.Error(), wd.Func) {
					t.Errorf("message: %v", err)
				}
				for i, g := range others {
					if r, err := g.Result(ctx); r != i+1 || err != nil {
						t.Errorf("other task %d: %v, %v", i, r, err)
					}
				}
			})
		}
	})
}

// What hears the end of its context is interrupted and lives on; what does not
// is killed after the grace, in Python code, in C, and in C that blocks signals.
func TestDeadlineKills(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 2, Grace: 100 * time.Millisecond, Preload: []string{"conexsuite"}})
		ctx := suiteWithin(t, 50*time.Second)
		for _, fn := range []python.Func[none, int]{suiteDeaf, suiteDeafC, suiteBlockedC} {
			if err := p.Ready(ctx); err != nil {
				t.Fatal(err)
			}
			f := futures.Submit(ctx, p, fn, none{}, futures.TaskTimeout(80*time.Millisecond))
			pid := suiteRunning(t, p, string(fn))
			_, err := f.Result(ctx)
			wd, ok := errors.AsType[*futures.WorkerDiedError](err)
			if !ok || !errors.Is(err, context.DeadlineExceeded) || wd.Signal != syscall.SIGKILL || wd.Limit != "time" || wd.PID != pid {
				t.Errorf("%s: %v", fn, err)
				continue
			}
			if wd.Ran < 150*time.Millisecond || wd.Ran > 10*time.Second {
				t.Errorf("%s: killed after %v", fn, wd.Ran)
			}
			// A worker of which the time was over says where it was.
			function := strings.TrimPrefix(string(fn), "conexsuite:")
			if !strings.Contains(wd.Stack, "conexsuite.py") || !strings.Contains(wd.Stack, " in "+function) {
				t.Errorf("%s: the stack is\n%s", fn, wd.Stack)
			}
		}

		// One that listens is interrupted, and its worker lives on. It has the time to
		// get where it would clean up.
		before, file := p.Stats().Killed, suiteFile(t)
		f := futures.Submit(ctx, p, suitePolite, file, futures.TaskTimeout(500*time.Millisecond))
		if _, err := f.Result(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("a sleeping task: %v", err)
		}
		if got := suiteRead(t, file); got != "cleaned" {
			t.Errorf("its finally clause left %q", got)
		}
		if _, err := futures.Submit(ctx, p, suiteBusy, 3600, futures.TaskTimeout(20*time.Millisecond)).Result(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrWorkerDied) {
			t.Errorf("a computing task: %v", err)
		}
		if n := p.Stats().Killed; n != before {
			t.Errorf("%d workers were killed for tasks that listen", n-before)
		}
	})
}

func TestDeadlineCrosses(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1})
	ctx := suiteWithin(t, time.Minute)
	deadline := suiteOptions.Funcs.Deadline
	for _, opts := range [][]futures.CallOption{nil, {futures.TaskTimeout(time.Hour)}} {
		want, _ := ctx.Deadline()
		ns, err := futures.Submit(ctx, p, deadline, 0, opts...).Result(ctx)
		if off := time.Until(want) - time.Duration(ns); err != nil || off > 100*time.Millisecond || off < -10*time.Second {
			t.Errorf("the deadline is %v off, %v", off, err)
		}
	}
	if ns, err := futures.Submit(context.Background(), p, deadline, 0).Result(ctx); err != nil || ns != -1 {
		t.Errorf("no deadline became %v, %v", ns, err)
	}
}

// The cause of a cancellation comes with it, and what waits behind a task under
// the same context fails without running.
func TestCancelled(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Grace: 20 * time.Millisecond})
	ctx := suiteWithin(t, 30*time.Second)
	why := errors.New("changed my mind")
	cctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	file, begun := suiteFile(t), suiteFile(t)
	run := futures.Submit(cctx, p, python.Func[string, any](suiteDeaf), begun)
	suiteUntil(t, "the task is deaf", func() bool { return suiteRead(t, begun) != "" })
	wait := futures.Submit(cctx, p, suiteAppend, file)
	other := futures.Submit(ctx, p, suiteInc, 1)
	cancel(why)
	if _, err := run.Result(ctx); !errors.Is(err, why) || !errors.Is(err, context.Canceled) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("running task: %v", err)
	}
	if _, err := wait.Result(ctx); !errors.Is(err, why) || !errors.Is(err, context.Canceled) || errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("waiting task: %v", err)
	}
	if r, err := other.Result(ctx); r != 2 || err != nil {
		t.Errorf("task of another context: %v, %v", r, err)
	}
	if got := suiteRead(t, file); got != "" {
		t.Error("the waiting task ran")
	}
}

// The interruption of one task hits neither another nor the worker itself: tasks
// are cancelled about when they end, with a result or an exception.
func TestCancelRace(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 50*time.Second)
		spin := suiteOptions.Funcs.Spin
		cancelled := 0
		for i := range 600 {
			cctx, cancel := context.WithCancel(ctx)
			f := futures.Submit(cctx, p, python.Func[int, any]("conexsuite:spin_and_fail"), i%2*50)
			g := futures.Submit(ctx, p, spin, 50)
			stop := time.AfterFunc(time.Duration(i)*time.Microsecond, cancel)
			if _, err := f.Result(ctx); errors.Is(err, context.Canceled) && !errors.Is(err, futures.ErrWorkerDied) {
				cancelled++
			} else if !errors.Is(err, suiteOptions.Failure) {
				t.Errorf("round %d: the cancelled task: %v", i, err)
			}
			if r, err := g.Result(ctx); r != 50 || err != nil {
				t.Fatalf("round %d: the task after it: %v, %v", i, r, err)
			}
			stop.Stop()
			cancel()
		}
		if s := p.Stats(); s.Killed != 0 || s.Restarts != 0 {
			t.Errorf("workers died: %+v", s)
		}
		t.Logf("%d were cancelled", cancelled)
	})
}

// The same for long runs of short items, which are cancelled all at once: at any
// point between two bytecodes, those of the worker included.
func TestCancelRun(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 50*time.Second)
		if err := p.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		rounds := 30
		if suiteKills() >= 1000 {
			rounds = 500
		}
		for i := range rounds {
			cctx, cancel := context.WithCancel(ctx)
			stop := time.AfterFunc(time.Duration(i%10)*time.Millisecond, cancel)
			for _, err := range futures.Map(cctx, p, suiteOptions.Funcs.FailOdd, suiteCount(1_000_000), futures.ChunkSize(3000)) {
				if err != nil && !errors.Is(err, suiteOptions.Failure) && (!errors.Is(err, context.Canceled) || errors.Is(err, futures.ErrWorkerDied)) {
					t.Fatalf("round %d: %v", i, err)
				}
			}
			stop.Stop()
			cancel()
			if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
				t.Fatalf("round %d: the task after it: %v, %v", i, r, err)
			}
		}
		if s := p.Stats(); s.Killed != 0 || s.Restarts != 0 {
			t.Errorf("workers died: %+v", s)
		}
	})
}

func TestTaskTimeout(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Grace: 20 * time.Millisecond})
	ctx := suiteWithin(t, 50*time.Second)
	// The time counts from the start of the task, not from Submit.
	first := futures.Submit(ctx, p, suiteBusy, 0.3)
	second := futures.Submit(ctx, p, suiteBusy, 0.05, futures.TaskTimeout(250*time.Millisecond))
	third := futures.Submit(ctx, p, suiteDeaf, none{}, futures.TaskTimeout(40*time.Millisecond))
	fourth := futures.Submit(ctx, p, suiteInc, 1, futures.TaskTimeout(time.Minute))
	if _, err := first.Result(ctx); err != nil {
		t.Error(err)
	}
	if _, err := second.Result(ctx); err != nil {
		t.Error(err)
	}
	_, err := third.Result(ctx)
	wd, ok := errors.AsType[*futures.WorkerDiedError](err)
	if !ok || !errors.Is(err, context.DeadlineExceeded) || wd.Ran < 40*time.Millisecond || wd.Limit != "time" {
		t.Errorf("got %v", err)
	}
	if r, err := fourth.Result(ctx); r != 2 || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
	// In a Map only the item that takes too long is lost.
	i := 0
	durations := func(yield func(float64) bool) {
		for k := range 40 {
			d := 0.0
			if k == 17 {
				d = 3600
			}
			if !yield(d) {
				return
			}
		}
	}
	for _, err := range futures.Map(ctx, p, suiteBusy, durations, futures.TaskTimeout(100*time.Millisecond)) {
		if i == 17 && !errors.Is(err, context.DeadlineExceeded) || i != 17 && err != nil {
			t.Errorf("item %d: %v", i, err)
		}
		i++
	}
	if i != 40 {
		t.Errorf("%d items", i)
	}
}

func TestNoGrace(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Grace: -1})
	ctx := suiteWithin(t, 30*time.Second)
	_, err := futures.Submit(ctx, p, suiteDeaf, none{}, futures.TaskTimeout(50*time.Millisecond)).Result(ctx)
	wd, ok := errors.AsType[*futures.WorkerDiedError](err)
	if !ok || !errors.Is(err, context.DeadlineExceeded) || wd.Limit != "time" || wd.Ran < 50*time.Millisecond {
		t.Errorf("got %v", err)
	}
	if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

func TestKill(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1})
	ctx := suiteWithin(t, 50*time.Second)
	f := futures.Submit(ctx, p, suiteDeafC, none{})
	g := futures.Submit(ctx, p, suiteInc, 1)
	h := futures.Submit(ctx, p, suiteInc, 2)
	suiteRunning(t, p, string(suiteDeafC))
	if err := h.Kill(); err != nil {
		t.Error(err)
	}
	if _, err := h.Result(ctx); !errors.Is(err, futures.ErrCancelled) && !errors.Is(err, futures.ErrKilled) {
		t.Errorf("killed before it started: %v", err)
	}
	if err := f.Kill(); err != nil {
		t.Error(err)
	}
	if _, err := f.Result(ctx); !errors.Is(err, futures.ErrKilled) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("killed while it ran: %v", err)
	}
	if r, err := g.Result(ctx); r != 2 || err != nil {
		t.Errorf("innocent task: %v, %v", r, err)
	}
	if err := g.Kill(); err != nil {
		t.Errorf("killing what is over: %v", err)
	}
}

func TestRetryAndBreak(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	p := suitePool(t, python.Config{Workers: 2, OnDeath: python.Retry(2)})
	_, err := futures.Submit(ctx, p, suiteDie, 9).Result(ctx)
	wd, ok := errors.AsType[*futures.WorkerDiedError](err)
	if !ok || wd.Attempts != 3 || wd.ExitCode != 9 {
		t.Errorf("retried: %v", err)
	}
	if s := p.Stats(); s.Restarts != 3 {
		t.Errorf("stats: %+v", s)
	}
	if _, err := futures.Submit(ctx, p, suiteRaise, "key").Result(ctx); !errors.Is(err, pickle.KeyError) {
		t.Errorf("an exception: %v", err)
	}
	if s := p.Stats(); s.Restarts != 3 {
		t.Errorf("an exception was retried: %+v", s)
	}

	b := suitePool(t, python.Config{Workers: 2, OnDeath: python.Break})
	other := futures.Submit(ctx, b, suiteNap, 3600)
	suiteRunning(t, b, string(suiteNap))
	bad := futures.Submit(ctx, b, suiteDie, 9)
	if _, err := bad.Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("the guilty one: %v", err)
	}
	if _, err := other.Result(ctx); !errors.Is(err, futures.ErrBroken) {
		t.Errorf("another one: %v", err)
	}
	if _, err := futures.Submit(ctx, b, suiteInc, 1).Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("submit afterwards: %v", err)
	}
}

// Stack tells where a worker is, in Python code and in C, also if it holds the
// interpreter's lock, and does no harm to it.
func TestStack(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: -1})
		ctx := suiteWithin(t, 30*time.Second)
		for _, tt := range []struct {
			fn   python.Func[none, int]
			want []string
		}{
			{suiteStuck, []string{" in deaf", " in stuck_here"}},
			{suiteDeafC, []string{" in deaf_c"}},
		} {
			f := futures.Submit(ctx, p, tt.fn, none{})
			pid := suiteRunning(t, p, string(tt.fn))
			for range 3 {
				s := ""
				suiteUntil(t, "the stack is in the function", func() (ok bool) {
					var err error
					if s, err = p.Stack(ctx, pid); err != nil {
						t.Fatal(err)
					}
					return strings.Contains(s, tt.want[0])
				})
				for _, want := range append(tt.want, "conexsuite.py") {
					if !strings.Contains(s, want) {
						t.Errorf("%s: no %q in\n%s", tt.fn, want, s)
					}
				}
			}
			if f.State() != futures.Running {
				t.Errorf("%s: it is %v after Stack", tt.fn, f)
			}
			f.Kill()
			if err := f.Err(ctx); !errors.Is(err, futures.ErrKilled) {
				t.Errorf("%s: %v", tt.fn, err)
			}
		}
		if s, err := p.Stack(ctx, 1); err == nil {
			t.Errorf("Stack of a process that is no worker: %q", s)
		}
		pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := p.Stack(ctx, pid); err != nil || !strings.Contains(s, "File ") {
			t.Errorf("Stack of an idle worker: %q, %v", s, err)
		}
		if r, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); r != pid || err != nil {
			t.Errorf("afterwards: %d, %v; it was %d", r, err, pid)
		}
	})
}

func TestBadConfig(t *testing.T) {
	leak.Check(t)
	for _, cfg := range []python.Config{
		{Workers: -1}, {Workers: 1 << 20}, {MaxTasks: -1}, {MaxAge: -1}, {MaxRSS: -1}, {MaxMemory: 1}, {MaxMemory: -1}, {OnDeath: python.Retry(-1)},
		{Venv: "/no/such/venv"}, {Dir: "/no/such/dir"}, {Env: []string{"no equals sign"}},
	} {
		cfg.Interpreter = suiteNewest(t)
		if cfg.Venv != "" {
			cfg.Interpreter = ""
		}
		p, err := python.NewPool(cfg)
		if err == nil {
			// What only the start can tell may be told by Ready.
			err = p.Ready(suiteWithin(t, 20*time.Second))
			p.Kill()
		}
		if err == nil || !strings.Contains(err.Error(), "python") {
			t.Errorf("NewPool(%+v): %v", cfg, err)
		}
	}
}
