package futurestest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
)

// Options say what an engine can do, so that TestExecutor neither asks too
// much of it nor too little.
type Options struct {
	// Closures: calls run in this process, so they may be closures.
	Closures bool

	// Copies: arguments and results travel as bytes, and errors lose their
	// type.
	Copies bool

	// Kills: Future.Kill ends a call that runs, and so does the end of its
	// context a short time after.
	Kills bool

	// Funcs are the functions to call, for an engine that cannot run Go's.
	// What follows says how theirs differ; the zero values are for Go's.
	Funcs Funcs

	// Failure is what errors of Funcs.FailOdd match.
	Failure error

	// Exit is what errors of Funcs.Exit match: futures.ErrGoexit in Go.
	Exit error

	// Panic returns what is wrong with err, with which a call of
	// Funcs.Panic has ended that said text. In Go it must be a
	// *futures.PanicError with that Value, and a Stack that shows where it
	// was. err may be nil.
	Panic func(err error, text string) error

	// Unsendable is part of the error about a result of Funcs.Unsendable:
	// "chan int" in Go. It matters with Copies.
	Unsendable string

	// TimeUnit is what times in a Value are exact to: a nanosecond in Go.
	TimeUnit time.Duration
}

func (o Options) withDefaults() Options {
	o.Funcs = o.Funcs.orGo()
	if o.Failure == nil {
		o.Failure = errTask
	}
	if o.Exit == nil {
		o.Exit = futures.ErrGoexit
	}
	if o.Panic == nil {
		o.Panic = checkPanic
	}
	if o.Unsendable == "" {
		o.Unsendable = "chan int"
	}
	o.TimeUnit = max(o.TimeUnit, 1)
	return o
}

// checkPanic is Options.Panic for Go.
func checkPanic(err error, text string) error {
	var p *futures.PanicError
	switch {
	case !errors.As(err, &p):
		return fmt.Errorf("the call ended with %v, want a *PanicError", err)
	case p.Value != any(text):
		return fmt.Errorf("the panic's Value is %#v, want %q", p.Value, text)
	case !strings.Contains(string(p.Stack), "panicFor"):
		return fmt.Errorf("the stack does not show where it was:\n%s", p.Stack)
	}
	return nil
}

// A suite is one run of TestExecutor.
type suite struct {
	Funcs
	opt Options
	new func(t *testing.T) futures.Executor
}

// TestExecutor runs all tests over executors made by new, each with a new one
// that has at least two workers. TestExecutor shuts them down; new must not
// do that itself before the test's cleanup.
//
// It checks what package futures promises of every engine: results and errors
// of calls, cancellation, contexts and time limits, the forms of shutdown,
// Map with its bounds, and that nothing hangs.
func TestExecutor(t *testing.T, new func(t *testing.T) futures.Executor, opt Options) {
	opt = opt.withDefaults()
	s := &suite{opt.Funcs, opt, new}
	for _, test := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Submit", (*suite).submit},
		{"Values", (*suite).values},
		{"Errors", (*suite).errors},
		{"Panics", (*suite).panics},
		{"Exit", (*suite).exit},
		{"NotEncodable", (*suite).notEncodable},
		{"Closures", (*suite).closures},
		{"Cancel", (*suite).cancel},
		{"Kill", (*suite).kill},
		{"Callbacks", (*suite).callbacks},
		{"Workers", (*suite).workers},
		{"ContextRunning", (*suite).contextRunning},
		{"ContextPending", (*suite).contextPending},
		{"ContextOver", (*suite).contextOver},
		{"Deadline", (*suite).deadline},
		{"TaskTimeout", (*suite).taskTimeout},
		{"Shutdown", (*suite).shutdown},
		{"ShutdownNow", (*suite).shutdownNow},
		{"ShutdownLimit", (*suite).shutdownLimit},
		{"ShutdownBusy", (*suite).shutdownBusy},
		{"ShutdownCancelled", (*suite).shutdownCancelled},
		{"ManySubmitters", (*suite).manySubmitters},
		{"Wait", (*suite).wait},
		{"AsCompleted", (*suite).asCompleted},
		{"Map", (*suite).mapOrdered},
		{"MapUnordered", (*suite).mapUnordered},
		{"MapErrors", (*suite).mapErrors},
		{"MapPanics", (*suite).mapPanics},
		{"MapOptions", (*suite).mapOptions},
		{"MapInfinite", (*suite).mapInfinite},
		{"MapBreak", (*suite).mapBreak},
		{"MapBuffer", (*suite).mapBuffer},
		{"MapProgress", (*suite).mapProgress},
		{"MapTrickle", (*suite).mapTrickle},
		{"MapContext", (*suite).mapContext},
		{"MapTimeout", (*suite).mapTimeout},
		{"MapRefused", (*suite).mapRefused},
		{"MapNotEncodable", (*suite).mapNotEncodable},
		{"MapMany", (*suite).mapMany},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(s, t) })
	}
}

// start returns an executor that ends with the test.
func (s *suite) start(t *testing.T) futures.Executor {
	t.Helper()
	ex := s.new(t)
	if ex.Workers() < 2 {
		t.Fatalf("Workers() = %d: these tests need 2", ex.Workers())
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := ex.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown at the end: %v", err)
		}
	})
	return ex
}

// limit returns a context that ends a test which hangs.
func limit(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// busy occupies all workers of ex with calls that stop at the gate it
// returns.
func (s *suite) busy(t *testing.T, ex futures.Executor) (*gate, []*futures.Future[int]) {
	t.Helper()
	g := newGate(t)
	var fs []*futures.Future[int]
	for i := range ex.Workers() {
		fs = append(fs, futures.Submit(limit(t), ex, s.Gate, g.arg(i)))
	}
	for range fs {
		g.arrived()
	}
	return g, fs
}

// eventually waits for what another process or goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not so after %v", what, timeout)
		}
	}
}
