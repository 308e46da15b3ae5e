package futures_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
)

// Registered functions, for what an engine sees of a task.
var (
	double = conex.Register("futures_test.double", func(_ context.Context, x int64) (int64, error) { return 2 * x, nil })
	shout  = conex.Register("futures_test.shout", func(_ context.Context, s string) (string, error) {
		return strings.ToUpper(s), nil
	})
)

// An engine does with tasks what a test tells it.
type engine struct {
	workers int
	tasks   chan futures.Task
	refuse  error
}

func newEngine() *engine { return &engine{workers: 2, tasks: make(chan futures.Task, 1000)} }

func (e *engine) Workers() int { return e.workers }

func (e *engine) Shutdown(context.Context) error { return nil }

func (e *engine) ShutdownNow(context.Context) error { return nil }

func (e *engine) Submit(t futures.Task) error {
	if e.refuse != nil {
		return e.refuse
	}
	if t.Entry() != nil {
		if _, err := t.Encode(nil); err != nil {
			return err
		}
	}
	e.tasks <- t
	return nil
}

func le(xs ...int64) (b []byte) {
	for _, x := range xs {
		b = binary.NativeEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func TestCallTask(t *testing.T) {
	e := newEngine()
	ctx := t.Context()
	f := futures.Submit(ctx, e, double, 21, futures.TaskTimeout(time.Minute))
	task := <-e.tasks
	if task.Name() != "futures_test.double" || task.Entry() != &double.Wire().Entry || task.Len() != 1 || task.Timeout() != time.Minute || task.Context() != ctx {
		t.Errorf("%s, %v, %d, %v", task.Name(), task.Entry(), task.Len(), task.Timeout())
	}
	if got := task.AppendArgs([]byte("x"), 0, 1); string(got) != "x"+string(le(21)) || task.ArgSize(0, 1) != 8 || task.SizeHint() != 8 {
		t.Errorf("argument %x of %d bytes, hint %d", got, task.ArgSize(0, 1), task.SizeHint())
	}
	if task.ArgSize(0, 0) != 0 || task.ArgSize(1, 1) != 0 || len(task.AppendArgs(nil, 1, 1)) != 0 {
		t.Error("no items have a size")
	}
	if task.Done() || !task.Start() || !task.Start() || !f.Running() || f.Cancel() {
		t.Errorf("started: %v", f)
	}
	task.Finish(1, le(1)) // no such item
	task.Finish(0, le(42))
	task.Finish(0, le(43)) // too late, as are these
	task.Fail(0, errTest)
	task.Fail(-1, errTest)
	task.Run(ctx, 0, 1)
	if v, err := f.Result(ctx); v != 42 || err != nil || !task.Done() || task.Start() {
		t.Errorf("finished: %v, %v, %v", v, err, f)
	}

	for _, s := range []string{"", "short", "longer than the room that is kept for small ones", strings.Repeat("long", 1000)} {
		f := futures.Submit(ctx, e, shout, s)
		task := <-e.tasks
		arg := task.AppendArgs(nil, 0, 1)
		if len(arg) != task.ArgSize(0, 1) || len(arg) != task.SizeHint() || !strings.HasSuffix(string(arg), s) {
			t.Errorf("%d bytes, size %d, hint %d", len(arg), task.ArgSize(0, 1), task.SizeHint())
		}
		// An engine may have the bytes put where it wants them.
		own := make([]byte, 3, 10_000)
		if _, err := task.Encode(own); err != nil || string(own[3:3+len(arg)]) != string(arg) || len(task.AppendArgs(nil, 0, 1)) != len(arg) {
			t.Errorf("Encode into a buffer: %v, %d bytes", err, task.ArgSize(0, 1))
		}
		task.Start()
		task.FinishRange(0, 1, arg) // its own argument will do as a result
		if got, err := f.Result(ctx); got != s || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}

	// What is no result is an error.
	f = futures.Submit(ctx, e, double, 1)
	(<-e.tasks).Finish(0, []byte("abc"))
	if v, err := f.Result(ctx); v != 0 || err == nil {
		t.Errorf("3 bytes as an int64: %v, %v", v, err)
	}
	g := futures.Submit(ctx, e, shout, "x")
	task = <-e.tasks
	task.Finish(0, append(task.AppendArgs(nil, 0, 1), 7))
	if v, err := g.Result(ctx); v != "" || err == nil {
		t.Errorf("a byte too many: %q, %v", v, err)
	}

	// Cancelled and failed tasks are not started.
	f = futures.Submit(ctx, e, double, 1)
	f.Cancel()
	if task := <-e.tasks; task.Start() || !task.Done() {
		t.Error("a cancelled task can be started")
	}
	f = futures.Submit(ctx, e, double, 1)
	task = <-e.tasks
	task.Fail(-1, futures.ErrCancelled)
	if task.Start() || !f.Cancelled() {
		t.Errorf("failed with ErrCancelled: %v", f)
	}
}

func TestRunner(t *testing.T) { synctest.Test(t, testRunner) }

func testRunner(t *testing.T) {
	e := newEngine()
	ctx := t.Context()
	f := futures.Submit(ctx, e, double, 1)
	task := <-e.tasks
	task.Start()
	polled := 0
	task.Attach(&futures.Runner{
		Kill: func(u futures.Task) error {
			if u != task {
				t.Errorf("Kill of %v", u)
			}
			u.Fail(0, futures.ErrKilled)
			return nil
		},
		Poll: func(u futures.Task) {
			if u != task {
				t.Errorf("Poll of %v", u)
			}
			if polled++; polled == 2 {
				u.Finish(0, le(2))
			}
		},
	})
	over, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := f.Err(over); !errors.Is(err, futures.ErrStillRunning) || polled != 1 {
		t.Errorf("%v, polled %d times", err, polled)
	}
	if v, err := f.Result(ctx); v != 2 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := f.Kill(); err != nil {
		t.Errorf("Kill when done: %v", err)
	}
	f = futures.Submit(ctx, e, double, 1)
	task = <-e.tasks
	task.Start()
	task.Attach(&futures.Runner{Kill: func(u futures.Task) error { u.Fail(0, futures.ErrKilled); return nil }})
	if err := f.Kill(); err != nil || !errors.Is(f.Err(ctx), futures.ErrKilled) {
		t.Errorf("Kill: %v, %v", err, f)
	}
}

// TestRefusedForContext: an engine that says no more than the context's cause.
func TestRefusedForContext(t *testing.T) {
	e := newEngine()
	ctx, cancel := context.WithCancelCause(t.Context())
	late := lateEngine{e, func() { cancel(errTest) }}
	e.refuse = errTest
	err := futures.Submit(ctx, late, double, 1).Err(t.Context())
	if !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A lateEngine does something before it takes a task.
type lateEngine struct {
	*engine
	first func()
}

func (e lateEngine) Submit(t futures.Task) error {
	e.first()
	return e.engine.Submit(t)
}
