package dummy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// as returns the context of a test that is a thread called test.
func as(t *testing.T) context.Context {
	t.Helper()
	ctx, leave := Adopt(t.Context(), WithName("test"))
	t.Cleanup(leave)
	return ctx
}

// inside calls f in a dummy thread called name, and returns the thread.
func inside(t *testing.T, ctx context.Context, name string, f func(ctx context.Context)) *Thread {
	t.Helper()
	th, err := Go(ctx, func(ctx context.Context) error { f(ctx); return nil }, WithName(name))
	if err != nil {
		t.Fatalf("Go: %v", err)
	}
	if err := th.Err(); err != nil {
		t.Fatalf("thread %s: %v", name, err)
	}
	return th
}

// next returns where the line after that of its caller is.
func next() string {
	_, _, n, _ := runtime.Caller(1)
	return fmt.Sprintf("_test.go:%d", n+1)
}

// want is what a DeadlockError has to say.
type want struct {
	op, waiter, at, holder, since, reason string
}

// deadlocked fails the test unless err is what w says.
func deadlocked(t *testing.T, err error, w want) {
	t.Helper()
	var d *DeadlockError
	if !errors.Is(err, ErrWouldDeadlock) || !errors.Is(err, ErrThread) || !errors.As(err, &d) {
		t.Fatalf("got %v, want a deadlock", err)
	}
	if d.Op != w.op || d.Waiter.Name() != w.waiter || d.Holder.Name() != w.holder {
		t.Errorf("%s by %q for %q, want %+v", d.Op, d.Waiter.Name(), d.Holder.Name(), w)
	}
	if !strings.HasSuffix(d.At, w.at) || !strings.HasSuffix(d.Since, w.since) || (w.since == "") != (d.Since == "") {
		t.Errorf("at %s since %q, want %+v", d.At, d.Since, w)
	}
	for _, part := range []string{d.Op, d.At, d.Waiter.Name(), d.Holder.Name(), d.Since, w.reason} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in %q", part, err)
		}
	}
}

var errCause = errors.New("cause")

// waits calls wait, which has to wait, with every kind of context.
func waits(t *testing.T, ctx context.Context, wait func(ctx context.Context) error) {
	t.Helper()
	if err := wait(ctx); !errors.Is(err, ErrWouldDeadlock) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "for ever") {
		t.Errorf("without deadline: %v", err)
	}
	limited, stop := context.WithTimeout(ctx, 1<<40)
	defer stop()
	if err := wait(limited); !errors.Is(err, ErrWouldDeadlock) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "in vain") {
		t.Errorf("with a deadline: %v", err)
	}
	if limited.Err() != nil {
		t.Error("the deadline was waited for")
	}
	ended, cancel := context.WithCancelCause(ctx)
	cancel(errCause)
	if err := wait(ended); errors.Is(err, ErrWouldDeadlock) || !errors.Is(err, context.Canceled) || !errors.Is(err, errCause) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// hooked makes the hook of failed threads collect what it is told.
func hooked(t *testing.T) *[]ExceptHookArgs {
	t.Helper()
	got := new([]ExceptHookArgs)
	SetExceptHook(func(a ExceptHookArgs) { *got = append(*got, a) })
	t.Cleanup(func() { SetExceptHook(nil) })
	return got
}

func check(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// stderr returns what f writes to standard error.
func stderr(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	func() {
		defer func(old *os.File) { os.Stderr = old }(os.Stderr)
		os.Stderr = file
		f()
	}()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
