package futurestest

import (
	"context"
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
}

// A suite is one run of TestExecutor.
type suite struct {
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
	s := &suite{opt, new}
	for _, test := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Submit", (*suite).submit},
		{"Values", (*suite).values},
		{"Errors", (*suite).errors},
		{"Panics", (*suite).panics},
		{"Goexit", (*suite).goexit},
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
func busy(t *testing.T, ex futures.Executor) (*gate, []*futures.Future[int]) {
	t.Helper()
	g := newGate(t)
	var fs []*futures.Future[int]
	for i := range ex.Workers() {
		fs = append(fs, futures.Submit(limit(t), ex, atGate, g.arg(i)))
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
