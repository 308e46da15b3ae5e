package python_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// What a task prints comes out, in the order in which it was printed.
func TestOutput(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		var out, errs suiteText
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Stdout: &out, Stderr: &errs})
		ctx := suiteWithin(t, 20*time.Second)
		say := python.Func[string, int]("conexsuite:say")
		if n, err := futures.Submit(ctx, p, say, "grüß").Result(ctx); n != 4 || err != nil {
			t.Errorf("say: %v, %v", n, err)
		}
		out.await(t, "out:grüß\n") // while the worker lives
		errs.await(t, "err:grüß\n")
		const lines = 20_000
		if n, err := futures.Submit(ctx, p, python.Func[int, int]("conexsuite:flood"), lines).Result(ctx); n != lines || err != nil {
			t.Errorf("flood: %v, %v", n, err)
		}
		out.await(t, fmt.Sprintf("\nline %d\n", lines-1))
		i := 0
		for line := range strings.Lines(strings.TrimPrefix(out.String(), "out:grüß\n")) {
			if line != fmt.Sprintf("line %d\n", i) {
				t.Fatalf("line %d is %q", i, line)
			}
			i++
		}
	})
}

// A task that prints without end is killed like any other, and the error
// keeps only the end of what it printed.
func TestEndlessOutput(t *testing.T) {
	leak.Check(t)
	var errs suiteText
	p := suitePool(t, python.Config{Workers: 1, Stderr: &errs, Grace: -1})
	ctx := suiteWithin(t, 30*time.Second)
	chatter := python.Func[none, int]("conexsuite:chatter")
	_, err := futures.Submit(ctx, p, chatter, none{}, futures.TaskTimeout(200*time.Millisecond)).Result(ctx)
	wd, ok := errors.AsType[*futures.WorkerDiedError](err)
	if !ok || !strings.Contains(wd.Stderr, "xxx") || len(wd.Stderr) > 8<<10 || len(err.Error()) > 1000 {
		t.Errorf("got %.200v with %+v", err, wd)
	}
	if r, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

// Records of Python's logging reach the Logger with their level, and what the
// Logger does not want is not made.
func TestLogging(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		log := python.Func[string, int]("conexsuite:log")
		ctx := suiteWithin(t, 20*time.Second)
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
			var logs suiteText
			p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Logger: slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: level}))})
			pyLevel, err := futures.Submit(ctx, p, log, "hello").Result(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if want := 20 + int(level)*10/4; pyLevel > want || pyLevel <= want-3 { // the lowest that rounds to it
				t.Errorf("%v: the root logger has level %d, want %d", level, pyLevel, want)
			}
			logs.await(t, "exception:hello")
			s := logs.String()
			for _, r := range []struct {
				level slog.Level
				text  string
			}{
				{slog.LevelDebug, "level=DEBUG msg=debug:hello"},
				{slog.LevelInfo, "level=INFO msg=info:hello"},
				{2, "level=INFO+2 msg=between:hello"},
				{slog.LevelWarn, "level=WARN msg=warning:hello"},
				{slog.LevelError, "level=ERROR msg=error:hello"},
				{12, "level=ERROR+4 msg=critical:hello"},
				{slog.LevelError, "level=ERROR msg=exception:hello"},
			} {
				if (r.level >= level) != strings.Contains(s, r.text) {
					t.Errorf("%v: %q is in it: %v\n%s", level, r.text, !(r.level >= level), s)
				}
			}
			for _, want := range []string{"logger=suite.log", "conexsuite.py", "line=", "func=log", "pid=", "TaskError: in the log"} {
				if !strings.Contains(s, want) {
					t.Errorf("%v: no %q in\n%s", level, want, s)
				}
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Memory beyond the limit is Python's MemoryError, which costs the task and
// not the worker.
func TestMaxMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		_, err := python.NewPool(python.Config{Interpreter: suiteNewest(t), MaxMemory: 1 << 30})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("NewPool: %v", err)
		}
		return
	}
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, MaxMemory: 256 << 20})
		ctx := suiteWithin(t, 30*time.Second)
		grow := python.Func[int, int]("conexsuite:grow")
		pid, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := futures.Submit(ctx, p, grow, 64).Result(ctx); n != 64<<20 || err != nil {
			t.Errorf("below the limit: %d, %v", n, err)
		}
		for range 3 {
			_, err := futures.Submit(ctx, p, grow, 1024).Result(ctx)
			if e, ok := errors.AsType[*python.Error](err); !ok || !errors.Is(err, pickle.MemoryError) || e.Function != "grow" {
				t.Errorf("beyond the limit: %v", err)
			}
		}
		// A result that does not fit beside its pickle.
		if b, err := futures.Submit(ctx, p, suiteMake, 150<<20).Result(ctx); err != nil && !errors.Is(err, pickle.MemoryError) || err == nil && len(b) != 150<<20 {
			t.Errorf("a large result: %d bytes, %v", len(b), err)
		}
		if got, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); got != pid || err != nil {
			t.Errorf("the worker is now %d, %v; it was %d", got, err, pid)
		}
	})
}

// A task is killed with all that it has started, the disobedient too.
func TestKillTree(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Spares: -1, Grace: -1})
	ctx := suiteWithin(t, 30*time.Second)
	if err := p.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	before := map[int]bool{}
	for _, pid := range child.Descendants(os.Getpid()) {
		before[pid] = true
	}
	f := futures.Submit(ctx, p, suiteSpawn, "trap '' TERM HUP INT; sleep 1000 & setsid sleep 1000 & wait")
	var pids []int
	suiteUntil(t, "the processes are there", func() bool {
		pids = nil
		for _, pid := range child.Descendants(os.Getpid()) {
			if !before[pid] {
				pids = append(pids, pid)
			}
		}
		return len(pids) >= 3
	})
	if err := f.Kill(); err != nil {
		t.Error(err)
	}
	if err := f.Err(ctx); !errors.Is(err, futures.ErrKilled) {
		t.Errorf("the task: %v", err)
	}
	suiteDead(t, pids)
}

// What a task leaves running goes with its worker, at the latest.
func TestLeftBehind(t *testing.T) {
	leak.Check(t)
	ctx := suiteWithin(t, 30*time.Second)
	for name, end := range map[string]func(*python.Pool) error{
		"Close":    (*python.Pool).Close,
		"Shutdown": func(p *python.Pool) error { return p.Shutdown(ctx) },
		"Kill":     func(p *python.Pool) error { p.Kill(); return p.Shutdown(ctx) },
	} {
		p := suitePool(t, python.Config{Workers: 1})
		pid, err := futures.Submit(ctx, p, python.Func[int, int]("conexsuite:leave_behind"), 1000).Result(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(p); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		suiteDead(t, []int{pid})
	}
}
