package dummy

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// How a function ends, and who is told.
func TestEnds(t *testing.T) {
	failure := errors.New("failure")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errCause)
	for _, tc := range []struct {
		name string
		ctx  context.Context
		f    func(ctx context.Context) error
		err  error // Err matches
		told bool
	}{
		{"returns", t.Context(), func(context.Context) error { return nil }, nil, false},
		{"fails", t.Context(), func(context.Context) error { return failure }, failure, true},
		{"panics", t.Context(), func(context.Context) error { panic(failure) }, failure, true},
		{"exits", t.Context(), func(context.Context) error { return ErrExit }, nil, false},
		{"obeys", ended, func(ctx context.Context) error { return ctx.Err() }, context.Canceled, false},
		{"obeys the cause", ended, func(ctx context.Context) error { return context.Cause(ctx) }, errCause, false},
		{"fails otherwise", ended, func(ctx context.Context) error { return failure }, failure, true},
		{"deadlocks", t.Context(), new(Event).Wait, ErrWouldDeadlock, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			told := hooked(t)
			base := ActiveCount()
			th := New(tc.f)
			check(t, "Start", th.Start(tc.ctx), nil)
			check(t, "Err", th.Err(), tc.err)
			check(t, "Join", th.Join(tc.ctx), nil)
			if tc.told != (len(*told) == 1) || ActiveCount() != base {
				t.Fatalf("the hook was told %v; alive: %v", *told, Enumerate())
			}
			if !tc.told {
				return
			}
			a := (*told)[0]
			var p *PanicError
			if panicked := errors.As(th.Err(), &p); a.Thread != th || a.Err != th.Err() ||
				panicked != (a.Panic == failure) || panicked != strings.Contains(string(a.Stack), "TestEnds") {
				t.Errorf("the hook was told %+v", a)
			}
		})
	}
}

// Goexit ends the goroutine, whose threads have ended then.
func TestGoexit(t *testing.T) {
	base := ActiveCount()
	told := hooked(t)
	th := New(func(context.Context) error { runtime.Goexit(); return nil })
	done := make(chan bool)
	go func() {
		defer close(done)
		th.Start(context.Background())
		done <- true
	}()
	if <-done {
		t.Error("Start returned")
	}
	if th.Alive() || th.Err() != nil || ActiveCount() != base || len(*told) != 0 {
		t.Errorf("%v, %v, alive: %v", th, th.Err(), Enumerate())
	}
}

// The hook fails itself: both failures are reported, and the program goes on.
func TestExceptHook(t *testing.T) {
	old := SetExceptHook(func(ExceptHookArgs) { panic("hook") })
	defer func() { SetExceptHook(old) }()
	out := stderr(t, func() {
		th, err := Go(t.Context(), func(context.Context) error { return io.EOF }, WithName("quiet"))
		check(t, "Go", err, nil)
		check(t, "Err", th.Err(), io.EOF)
	})
	for _, want := range []string{"Failure in dummy thread quiet: EOF\n", "its ExceptHook failed: threading: panic: hook\n", "TestExceptHook"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := stderr(t, func() { DefaultExceptHook(ExceptHookArgs{Err: io.EOF}) }); out != "Failure in a dummy thread: EOF\n" {
		t.Error(out)
	}
}

func TestHooks(t *testing.T) {
	ctx := as(t)
	hooked(t)
	var got []string
	note := func(what string) func(TraceEvent) {
		return func(e TraceEvent) {
			s := what + " " + e.Thread.Name() + " " + e.Kind.String()
			if e.Err != nil {
				s += " " + e.Err.Error()
			}
			if e.Ran < 0 || (e.Ran > 0) != (what == "profile" && e.Kind != ThreadStarts) {
				t.Errorf("%s ran for %v", s, e.Ran)
			}
			got = append(got, s)
		}
	}
	if SetTrace(note("trace")) != nil || SetProfile(note("profile")) != nil || Trace() == nil || Profile() == nil {
		t.Error("set before")
	}
	run := func(name string, err error) {
		New(func(context.Context) error { time.Sleep(time.Microsecond); return err }, WithName(name)).Start(ctx)
	}
	run("a", nil)
	run("b", io.EOF)
	if SetTrace(nil) == nil || SetProfile(nil) == nil || Trace() != nil || Profile() != nil {
		t.Error("not set before")
	}
	run("c", nil)
	New(func(ctx context.Context) error {
		SetTrace(note("trace")) // not for this one
		if SetProfileAll(note("profile")) != nil {
			t.Error("set before")
		}
		time.Sleep(time.Microsecond)
		return nil
	}, WithName("d")).Start(ctx)
	SetProfileAll(nil)
	New(func(ctx context.Context) error { SetTraceAll(nil); return nil }, WithName("e")).Start(ctx)
	want := []string{
		"trace a starts", "profile a starts", "trace a finishes", "profile a finishes",
		"trace b starts", "profile b starts", "trace b fails EOF", "profile b fails EOF",
		"profile d finishes", "trace e starts",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	SetTrace(func(TraceEvent) { panic("hook") })
	defer func() { SetTrace(nil) }()
	ran := false
	out := stderr(t, func() {
		New(func(context.Context) error { ran = true; return nil }, WithName("f")).Start(ctx)
	})
	if !ran || strings.Count(out, "Failure in dummy thread f: its trace function failed: threading: panic: hook\n") != 2 {
		t.Errorf("ran: %v; reported:\n%s", ran, out)
	}
}
