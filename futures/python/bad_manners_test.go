package python_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
)

var suiteGo = conex.Register("suite.inGo", func(_ context.Context, x int) (int, error) { return x, nil })

// Code that changes what is the whole process's leaves the worker able to work:
// its way of hearing tasks does not depend on it.
func TestManners(t *testing.T) {
	type call struct {
		fn  string
		arg any // nil: none
	}
	tests := []call{
		{"close_output", nil}, {"replace_stdio", nil}, {"clear_modules", nil}, {"trace", nil}, {"gc_off", nil},
		{"set_recursion", 200}, {"set_recursion", 1_000_000}, {"take_signals", nil}, {"thread_raises", nil},
	}
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		ctx := suiteWithin(t, 50*time.Second)
		for _, tt := range tests {
			p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: -1, Grace: 100 * time.Millisecond})
			pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
			if err != nil {
				t.Fatal(err)
			}
			args := python.Args{}
			if tt.arg != nil {
				args = python.Args{tt.arg}
			}
			for range 2 {
				if ok, err := futures.Submit(ctx, p, python.Func[python.Args, bool]("conexsuite:"+tt.fn), args).Result(ctx); !ok || err != nil {
					t.Errorf("%s: %v, %v", tt.fn, ok, err)
				}
			}
			for i := range 100 {
				if r, err := futures.Submit(ctx, p, suiteInc, i).Result(ctx); r != i+1 || err != nil {
					t.Fatalf("%s: then inc(%d) is %v, %v", tt.fn, i, r, err)
				}
			}
			// Functions that have not been looked up yet, errors, large results.
			if v, err := futures.Submit(ctx, p, python.Func[string, string]("conexsuite:greet"), "you").Result(ctx); v != "hello, you" || err != nil {
				t.Errorf("%s: then greet is %q, %v", tt.fn, v, err)
			}
			if v, err := futures.Submit(ctx, p, python.Func[float64, float64]("math:sqrt"), 4).Result(ctx); v != 2 || err != nil {
				t.Errorf("%s: then math.sqrt is %v, %v", tt.fn, v, err)
			}
			if _, err := futures.Submit(ctx, p, suiteRaise, "zero").Result(ctx); err == nil || !strings.Contains(err.Error(), "division by zero") {
				t.Errorf("%s: then an exception is %v", tt.fn, err)
			}
			if b, err := futures.Submit(ctx, p, suiteMake, 1<<20).Result(ctx); len(b) != 1<<20 || err != nil {
				t.Errorf("%s: then a large result has %d bytes, %v", tt.fn, len(b), err)
			}
			if got, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); got != pid || err != nil {
				t.Errorf("%s: the worker is now %d, %v; it was %d", tt.fn, got, err, pid)
			}
			// It can still be ended, one way or the other.
			f := futures.Submit(ctx, p, suiteNap, 3600, futures.TaskTimeout(30*time.Millisecond))
			if err := f.Err(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: then a task over its time is %v", tt.fn, err)
			}
			if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
				t.Errorf("%s: in the end: %v, %v", tt.fn, r, err)
			}
			if err := p.Close(); err != nil {
				t.Errorf("%s: Close: %v", tt.fn, err)
			}
		}
	})
}

// A library that uses SIGALRM, as many do for timeouts, works.
func TestAlarm(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1})
	ctx := suiteWithin(t, 20*time.Second)
	for range 3 {
		if s, err := futures.Submit(ctx, p, python.Func[none, string]("conexsuite:alarm"), none{}, futures.TaskTimeout(10*time.Second)).Result(ctx); s != "expired" || err != nil {
			t.Errorf("%q, %v", s, err)
		}
	}
}

// A task that closes descriptors which are not its own costs itself at most.
func TestCloseDescriptors(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1})
		ctx := suiteWithin(t, 30*time.Second)
		for _, last := range []int{3, 4, 5, 6, 7, 100} {
			ok, err := futures.Submit(ctx, p, python.Func[python.Args, bool]("conexsuite:close_descriptors"), python.Args{3, last}).Result(ctx)
			if err == nil && !ok || err != nil && !errors.Is(err, futures.ErrWorkerDied) {
				t.Errorf("3 to %d: %v, %v", last, ok, err)
			}
			for i := range 20 {
				if r, err := futures.Submit(ctx, p, suiteInc, i).Result(ctx); r != i+1 || err != nil {
					t.Fatalf("3 to %d: then inc(%d) is %v, %v", last, i, r, err)
				}
			}
		}
		for fd := 3; fd <= 7; fd++ {
			ok, err := futures.Submit(ctx, p, python.Func[python.Args, bool]("conexsuite:close_descriptors"), python.Args{fd, fd}).Result(ctx)
			if !ok || err != nil { // they are elsewhere
				t.Errorf("%d: %v, %v", fd, ok, err)
			}
			if b, err := futures.Submit(ctx, p, suiteMake, 200_000).Result(ctx); len(b) != 200_000 || err != nil {
				t.Errorf("%d: then a large result has %d bytes, %v", fd, len(b), err)
			}
		}
	})
}

// The child of a fork in a task is not a second worker.
func TestFork(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: -1})
		ctx := suiteWithin(t, 30*time.Second)
		for range 10 {
			for _, fn := range []python.Func[none, string]{"conexsuite:fork_and_return", "conexsuite:fork_and_raise"} {
				if s, err := futures.Submit(ctx, p, fn, none{}).Result(ctx); s != "parent" || err != nil {
					t.Errorf("%s: %q, %v", fn, s, err)
				}
			}
			if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
				t.Errorf("then: %v, %v", r, err)
			}
		}
		if n, err := futures.Submit(ctx, p, python.Func[none, int]("conexsuite:fork_and_wait"), none{}).Result(ctx); n != 7 || err != nil {
			t.Errorf("a child's code: %v, %v", n, err)
		}
		if l, err := futures.Submit(ctx, p, python.Func[int, []int]("conexsuite:multiprocess"), 10).Result(ctx); len(l) != 10 || err != nil || l[9] != 10 {
			t.Errorf("multiprocessing in a task: %v, %v", l, err)
		}
		suiteUntil(t, "the children are gone", func() bool {
			n := 0
			for _, pid := range child.Descendants(os.Getpid()) {
				if b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil && strings.Contains(string(b), "python") && suiteAlive(pid) {
					n++
				}
			}
			return n <= 1
		})
	})
}

// Threads and exit handlers that user code leaves behind do not hold up the end
// of the pool.
func TestLeftRunning(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 50*time.Second)
	for name, do := range map[string]func(p *python.Pool) error{
		"a thread": func(p *python.Pool) error {
			return futures.Submit(ctx, p, python.Func[float64, int]("conexsuite:start_thread"), 3600).Err(ctx)
		},
		"an exit handler": func(p *python.Pool) error {
			return futures.Submit(ctx, p, python.Func[none, int]("conexsuite:at_exit_hangs"), none{}).Err(ctx)
		},
	} {
		p := suitePool(t, python.Config{Workers: 1, Grace: 100 * time.Millisecond})
		if err := do(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
			t.Errorf("%s: then %v, %v", name, r, err)
		}
		if err := p.Shutdown(suiteWithin(t, 10*time.Second)); err != nil {
			t.Errorf("%s: Shutdown: %v", name, err)
		}
	}
}

// Exit handlers run when the pool ends in peace.
func TestAtExit(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 20*time.Second)
	p := suitePool(t, python.Config{Workers: 1})
	file := suiteFile(t)
	if err := futures.Submit(ctx, p, python.Func[string, int]("conexsuite:at_exit"), file).Err(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := suiteRead(t, file); got != "bye" {
		t.Errorf("the exit handler has written %q", got)
	}
}

// The working directory is the process's own business, and modules are found
// wherever it is.
func TestChdir(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	p := suitePool(t, python.Config{Workers: 1, Spares: -1, Dir: dir})
	ctx := suiteWithin(t, 20*time.Second)
	cwd := python.Func[none, string]("conexsuite:cwd")
	if got, err := futures.Submit(ctx, p, cwd, none{}).Result(ctx); got != dir || err != nil {
		t.Errorf("Dir: %q, %v, want %q", got, err, dir)
	}
	if got, err := futures.Submit(ctx, p, python.Func[string, string]("conexsuite:change_dir"), "/").Result(ctx); got != "/" || err != nil {
		t.Errorf("chdir: %q, %v", got, err)
	}
	if err := futures.Submit(ctx, p, python.Func[int, int]("badbody:f"), 1).Err(ctx); err == nil || !strings.Contains(err.Error(), "badbody.py:7") {
		t.Errorf("a module of the tests, from another directory: %v", err)
	}
	if b, err := futures.Submit(ctx, p, suiteMake, 1<<20).Result(ctx); len(b) != 1<<20 || err != nil {
		t.Errorf("then a large result has %d bytes, %v", len(b), err)
	}
}

// Standard input is empty, and the environment is what the Config adds to it.
func TestSurroundings(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Env: []string{"SUITE_VALUE=grüß"}})
	ctx := suiteWithin(t, 20*time.Second)
	if s, err := futures.Submit(ctx, p, python.Func[none, string]("conexsuite:read_stdin"), none{}).Result(ctx); s != "" || err != nil {
		t.Errorf("stdin: %q, %v", s, err)
	}
	if s, err := futures.Submit(ctx, p, python.Func[string, string]("os:getenv"), "SUITE_VALUE").Result(ctx); s != "grüß" || err != nil {
		t.Errorf("environment: %q, %v", s, err)
	}
}
