package process_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
)

// Each way to die fails the task that did it, says how, and nothing else.
func TestDeaths(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2})
	ctx := within(t, 60*time.Second)
	for _, tt := range []struct {
		name   string
		task   func() *futures.Future[int]
		code   int
		signal syscall.Signal
		stderr string
	}{
		{"exit 0", func() *futures.Future[int] { return futures.Submit(ctx, p, exit, 0) }, 0, 0, ""},
		{"exit 3", func() *futures.Future[int] { return futures.Submit(ctx, p, exit, 3) }, 3, 0, ""},
		{"SIGKILL", func() *futures.Future[int] { return futures.Submit(ctx, p, signal, int(syscall.SIGKILL)) }, -1, syscall.SIGKILL, ""},
		{"SIGSEGV", func() *futures.Future[int] { return futures.Submit(ctx, p, signal, int(syscall.SIGSEGV)) }, 2, 0, "SIGSEGV"},
		{"panic in a goroutine", func() *futures.Future[int] { return futures.Submit(ctx, p, goPanic, none{}) }, 2, 0, "panic: in a goroutine"},
		{"fatal error", func() *futures.Future[int] { return futures.Submit(ctx, p, fatal, none{}) }, 2, 0, "fatal error: concurrent map"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "fatal error" && raceEnabled {
				t.Skip("the race detector reports the race in the map instead of dying of it")
			}
			f := tt.task()
			others := make([]*futures.Future[int], 50)
			for i := range others {
				others[i] = futures.Submit(ctx, p, inc, i)
			}
			_, err := f.Result(ctx)
			var wd *futures.WorkerDiedError
			if !errors.As(err, &wd) || !errors.Is(err, futures.ErrWorkerDied) {
				t.Fatalf("got %v", err)
			}
			if wd.ExitCode != tt.code || wd.Signal != tt.signal || wd.PID == 0 || wd.Func == "" ||
				wd.Cause != nil || wd.Limit != "" || !strings.Contains(wd.Stderr, tt.stderr) {
				t.Errorf("got %+v", wd)
			}
			if !strings.Contains(err.Error(), tt.stderr) || !strings.Contains(err.Error(), wd.Func) {
				t.Errorf("message: %v", err)
			}
			for i, g := range others {
				if r, err := g.Result(ctx); r != i+1 || err != nil {
					t.Errorf("other task %d: %v, %v", i, r, err)
				}
			}
		})
	}
}

func TestDeadlineKills(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 2, Grace: 50 * time.Millisecond})
	ctx := within(t, 60*time.Second)
	futures.Submit(ctx, p, inc, 1).Result(ctx)

	short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := futures.Submit(short, p, deaf, none{}).Result(ctx)
	var wd *futures.WorkerDiedError
	if !errors.As(err, &wd) || !errors.Is(err, context.DeadlineExceeded) || wd.Signal != syscall.SIGKILL || wd.Limit != "time" {
		t.Errorf("deaf task: %v", err)
	}
	if d := time.Since(start); d < 80*time.Millisecond || d > 5*time.Second {
		t.Errorf("killed after %v", d)
	}

	// One that listens returns its own error, and its worker lives on.
	before := p.Stats().Killed
	short, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err = futures.Submit(short, p, sleep, time.Hour).Result(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("listening task: %v", err)
	}
	if n := p.Stats().Killed; n != before {
		t.Errorf("%d workers were killed for a task that listens", n-before)
	}

	// Cancellation, and the cause.
	why := errors.New("changed my mind")
	cctx, ccancel := context.WithCancelCause(ctx)
	f := futures.Submit(cctx, p, deaf, none{})
	waitRunning(t, p, "test.deaf")
	ccancel(why)
	if _, err := f.Result(ctx); !errors.Is(err, why) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("cancelled task: %v", err)
	}

	// What waits behind it under the same context fails without running.
	cctx, cancel = context.WithCancel(ctx)
	defer cancel()
	p1 := newPool(t, process.Config{Workers: 1, Grace: 10 * time.Millisecond})
	run := futures.Submit(cctx, p1, deaf, none{})
	waitRunning(t, p1, "test.deaf")
	wait := futures.Submit(cctx, p1, inc, 1)
	other := futures.Submit(ctx, p1, inc, 1)
	cancel()
	if _, err := wait.Result(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("waiting task: %v", err)
	}
	if _, err := run.Result(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("running task: %v", err)
	}
	if r, err := other.Result(ctx); r != 2 || err != nil {
		t.Errorf("task of another context: %v, %v", r, err)
	}
}

func waitRunning(t *testing.T, p *process.Pool, fn string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		for _, w := range p.Stats().Workers {
			if w.Func == fn {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not run: %+v", fn, p.Stats())
		}
	}
}

func TestDeadlineCrosses(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, time.Minute)
	want, _ := ctx.Deadline()
	got, err := futures.Submit(ctx, p, deadline, none{}).Result(ctx)
	if err != nil || !got.Equal(want.Round(0)) {
		t.Errorf("deadline %v became %v, %v", want, got, err)
	}
	if got, err := futures.Submit(context.Background(), p, deadline, none{}).Result(ctx); err != nil || !got.IsZero() {
		t.Errorf("no deadline became %v, %v", got, err)
	}
}

func TestTaskTimeout(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1, Grace: 20 * time.Millisecond})
	ctx := within(t, 60*time.Second)
	// The time counts from the start of the task, not from Submit.
	first := futures.Submit(ctx, p, busy, 150*time.Millisecond)
	second := futures.Submit(ctx, p, busy, 50*time.Millisecond, futures.TaskTimeout(100*time.Millisecond))
	third := futures.Submit(ctx, p, deaf, none{}, futures.TaskTimeout(40*time.Millisecond))
	fourth := futures.Submit(ctx, p, inc, 1, futures.TaskTimeout(time.Minute))
	if _, err := first.Result(ctx); err != nil {
		t.Error(err)
	}
	if _, err := second.Result(ctx); err != nil {
		t.Error(err)
	}
	_, err := third.Result(ctx)
	var wd *futures.WorkerDiedError
	if !errors.As(err, &wd) || !errors.Is(err, context.DeadlineExceeded) || wd.Ran < 40*time.Millisecond || wd.Limit != "time" {
		t.Errorf("got %v", err)
	}
	if r, err := fourth.Result(ctx); r != 2 || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
	_, err = futures.Submit(ctx, p, sleep, time.Hour, futures.TaskTimeout(10*time.Millisecond)).Result(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("a task that listens: %v", err)
	}
	// In a Map only the item that takes too long is lost.
	i := 0
	durations := func(yield func(time.Duration) bool) {
		for k := range 40 {
			d := time.Duration(0)
			if k == 17 {
				d = time.Hour
			}
			if !yield(d) {
				return
			}
		}
	}
	for _, err := range futures.Map(ctx, p, busy, durations, futures.TaskTimeout(50*time.Millisecond)) {
		if (i == 17) != (err != nil) {
			t.Errorf("item %d: %v", i, err)
		}
		i++
	}
}

func TestKill(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1})
	ctx := within(t, 60*time.Second)
	f := futures.Submit(ctx, p, deaf, none{})
	g := futures.Submit(ctx, p, inc, 1)
	h := futures.Submit(ctx, p, inc, 2)
	waitRunning(t, p, "test.deaf")
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
	ctx := within(t, 60*time.Second)
	p := newPool(t, process.Config{Workers: 2, OnDeath: process.Retry(2)})
	_, err := futures.Submit(ctx, p, exit, 9).Result(ctx)
	var wd *futures.WorkerDiedError
	if !errors.As(err, &wd) || wd.Attempts != 3 || wd.ExitCode != 9 {
		t.Errorf("retried: %v", err)
	}
	if s := p.Stats(); s.Restarts != 3 {
		t.Errorf("stats: %+v", s)
	}

	b := newPool(t, process.Config{Workers: 2, OnDeath: process.Break})
	other := futures.Submit(ctx, b, sleep, time.Hour)
	waitRunning(t, b, "test.sleep")
	var waiting []*futures.Future[bool]
	for range 10 {
		waiting = append(waiting, futures.Submit(ctx, b, sleep, time.Hour))
	}
	bad := futures.Submit(ctx, b, exit, 9)
	waiting[0].Kill()
	_ = bad
	for b.Stats().Running > 0 && ctx.Err() == nil && other.State() == futures.Running {
		// kill whatever sleeps on the second worker until exit gets its turn
		for _, f := range waiting {
			f.Kill()
		}
	}
	if _, err := bad.Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("the guilty one: %v", err)
	}
	if _, err := other.Result(ctx); !errors.Is(err, futures.ErrBroken) {
		t.Errorf("another one: %v", err)
	}
	if _, err := futures.Submit(ctx, b, inc, 1).Result(ctx); !errors.Is(err, futures.ErrBroken) || !errors.Is(err, futures.ErrWorkerDied) {
		t.Errorf("submit afterwards: %v", err)
	}
}

func TestMaxMemory(t *testing.T) {
	leak.Check(t)
	if err := child.CanLimitMemory(); err != nil {
		_, err := process.NewPool(process.Config{MaxMemory: 1 << 30})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("NewPool: %v", err)
		}
		return
	}
	p := newPool(t, process.Config{Workers: 2, MaxMemory: 256 << 20})
	ctx := within(t, 60*time.Second)
	f := futures.Submit(ctx, p, leak_, none{})
	if r, err := futures.Submit(ctx, p, inc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("innocent task: %v, %v", r, err)
	}
	_, err := f.Result(ctx)
	var wd *futures.WorkerDiedError
	if !errors.As(err, &wd) || wd.Limit != "memory" || !strings.Contains(err.Error(), "memory limit") {
		t.Fatalf("got %v\n%+v", err, wd)
	}
	if wd.MaxRSS < 128<<20 || wd.MaxRSS > 300<<20 {
		t.Errorf("peak memory %d MiB under a limit of 256", wd.MaxRSS>>20)
	}
}

func TestTerminateAndKillPool(t *testing.T) {
	leak.Check(t)
	ctx := within(t, 60*time.Second)
	for name, end := range map[string]func(*process.Pool){"Terminate": (*process.Pool).Terminate, "Kill": (*process.Pool).Kill} {
		p := newPool(t, process.Config{Workers: 1})
		run := futures.Submit(ctx, p, sleep, time.Hour)
		waitRunning(t, p, "test.sleep")
		queued := futures.Submit(ctx, p, inc, 1)
		end(p)
		if _, err := run.Result(ctx); !errors.Is(err, futures.ErrKilled) {
			t.Errorf("%s: running task: %v", name, err)
		}
		if _, err := queued.Result(ctx); !errors.Is(err, futures.ErrCancelled) {
			t.Errorf("%s: queued task: %v", name, err)
		}
		if _, err := futures.Submit(ctx, p, inc, 1).Result(ctx); !errors.Is(err, futures.ErrShutdown) {
			t.Errorf("%s: submit afterwards: %v", name, err)
		}
		if err := p.Shutdown(ctx); err != nil {
			t.Errorf("%s: shutdown: %v", name, err)
		}
	}
}

// A capture is a writer that keeps the first megabyte of what it is given.
type capture struct {
	mu  sync.Mutex
	buf bytes.Buffer
	n   int
}

func (c *capture) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += len(b)
	if c.buf.Len() < 1<<20 {
		c.buf.Write(b)
	}
	return len(b), nil
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}

func TestOutput(t *testing.T) {
	leak.Check(t)
	var out, errs, logs capture
	p := newPool(t, process.Config{Workers: 1, Stdout: &out, Stderr: &errs,
		Logger: slog.New(slog.NewTextHandler(&logs, nil))})
	ctx := within(t, 20*time.Second)
	futures.Submit(ctx, p, say, "hello").Result(ctx)
	p.Shutdown(ctx)
	for end := time.Now().Add(5 * time.Second); (out.String() == "" || errs.String() == "") && time.Now().Before(end); {
	}
	if out.String() != "out:hello" || errs.String() != "err:hello" {
		t.Errorf("stdout %q, stderr %q", &out, &errs)
	}
	if s := logs.String(); !strings.Contains(s, `level=WARN msg=log:hello n=7 g.d=1s pid=`) || strings.Contains(s, "not this one") {
		t.Errorf("log: %q", s)
	}
}

// A task that prints without end is killed like any other, and the error
// keeps only the end of what it printed.
func TestEndlessOutput(t *testing.T) {
	leak.Check(t)
	var errs capture
	p := newPool(t, process.Config{Workers: 1, Stderr: &errs, Grace: -1})
	ctx := within(t, 20*time.Second)
	_, err := futures.Submit(ctx, p, chatter, none{}, futures.TaskTimeout(100*time.Millisecond)).Result(ctx)
	var wd *futures.WorkerDiedError
	if !errors.As(err, &wd) || len(wd.Stderr) == 0 || len(wd.Stderr) > 8<<10 || len(err.Error()) > 1000 {
		t.Errorf("got %.200v with %d bytes of stderr", err, len(wd.Stderr))
	}
	if r, err := futures.Submit(ctx, p, inc, 1).Result(ctx); r != 2 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}
