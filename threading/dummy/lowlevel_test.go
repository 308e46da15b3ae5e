package dummy

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"
)

// The main flow is told when it goes on, once; in it, at once.
func TestInterrupt(t *testing.T) {
	ctx := as(t)
	check(t, "InterruptMain in the main flow", InterruptMain(), ErrInterrupted)
	check(t, "then Start", New(nil).Start(ctx), nil)
	passed := 0
	f := func(ctx context.Context) error {
		check(t, "inner Start", New(func(context.Context) error {
			check(t, "InterruptMain", InterruptMain(), nil)
			check(t, "InterruptMain", InterruptMain(), nil)
			return nil
		}).Start(ctx), nil)
		check(t, "next inner Start", New(nil).Start(ctx), nil)
		passed++
		return nil
	}
	for range 2 {
		check(t, "outer Start", New(f).Start(ctx), ErrInterrupted)
		check(t, "the next", New(nil).Start(ctx), nil)
	}
	check(t, "timer", NewTimer(0, f).Start(ctx), ErrInterrupted)
	th, err := Go(ctx, f)
	check(t, "Go", err, ErrInterrupted)
	if th == nil || th.Err() != nil || passed != 4 {
		t.Errorf("%v; passed %d times", th, passed)
	}
	if !errors.Is(err, context.Canceled) {
		t.Error("ErrInterrupted is no cancellation")
	}
}

func TestLowlevel(t *testing.T) {
	told := hooked(t)
	ran := 0
	for _, err := range []error{nil, ErrExit, io.EOF} {
		id, got := StartNew(t.Context(), func(ctx context.Context) error {
			ran++
			if Ident(ctx) != 1 || Current(ctx) == nil {
				t.Error("no thread")
			}
			return err
		})
		if id != 1 || got != nil {
			t.Errorf("StartNew: %v, %v", id, got)
		}
	}
	_, err := StartNew(t.Context(), nil)
	check(t, "StartNew of nothing", err, ErrNilFunc)
	cleaned := false
	th := New(func(context.Context) error {
		defer func() { cleaned = true }()
		Exit()
		return io.EOF
	})
	check(t, "Start", th.Start(t.Context()), nil)
	if !cleaned || th.Alive() || th.Err() != nil {
		t.Errorf("after Exit: %v, %v; deferred calls: %v", th, th.Err(), cleaned)
	}
	check(t, "Exit in the main flow", panicked(Exit), ErrExit)
	if ran != 3 || len(*told) != 1 || (*told)[0].Err != io.EOF {
		t.Errorf("ran %d times, told %v", ran, *told)
	}
	var l *LockType = AllocateLock()
	if l.Locked() || !l.TryAcquire() {
		t.Error("AllocateLock")
	}
}

func TestSystem(t *testing.T) {
	if StackSize() != 0 || TimeoutMax != 1<<31*time.Second {
		t.Error("constants")
	}
	for n, want := range map[int]error{
		-1: ErrStackSize, 1: ErrStackSize, 32<<10 - 1: ErrStackSize,
		0: errors.ErrUnsupported, 32 << 10: errors.ErrUnsupported,
	} {
		_, err := SetStackSize(n)
		check(t, "SetStackSize", err, want)
		check(t, "SetStackSize", err, ErrThread)
	}
	if id, err := NativeID(); err == nil {
		t.Errorf("native identity %d of a goroutine", id)
	}
	if SetOSName("x") == nil {
		t.Error("a goroutine has a name in the system")
	}
	th := New(func(ctx context.Context) error { return nil }, WithOSThread(), WithLabels())
	check(t, "Start", th.Start(t.Context()), nil)
	if _, ok := th.NativeID(); ok {
		t.Error("a native identity of no thread")
	}
	if SetLabels(true) || !SetLabels(false) {
		t.Error("SetLabels")
	}
}

func TestShutdown(t *testing.T) {
	ctx := as(t)
	check(t, "Shutdown", Shutdown(ctx), nil)
	inside(t, ctx, "again", func(ctx context.Context) { check(t, "in a daemon", Shutdown(ctx), nil) })
	outer := New(func(ctx context.Context) error {
		check(t, "its own", Shutdown(ctx), nil)
		inside(t, ctx, "inner", func(ctx context.Context) {
			at := next()
			err := Shutdown(ctx)
			deadlocked(t, err, want{"Shutdown", "inner", at, "outer", "", "the caller is run by outer"})
			waits(t, ctx, Shutdown)
		})
		return nil
	}, WithName("outer"), WithDaemon(false))
	check(t, "Start", outer.Start(ctx), nil)

	New(func(ctx context.Context) error {
		check(t, "Shutdown", Shutdown(ctx), nil)
		check(t, "the end of a daemon", context.Cause(ctx), ErrShuttingDown)
		check(t, "Start then", New(nil).Start(context.WithoutCancel(ctx)), nil)
		return nil
	}, WithDaemon(true)).Start(ctx)
}
