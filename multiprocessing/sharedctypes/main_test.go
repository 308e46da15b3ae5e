package sharedctypes_test

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/conexgo/conex"
	mp "github.com/conexgo/conex/multiprocessing"
)

func TestMain(m *testing.M) {
	// What the race detector waits for at the end of a process is a second
	// for each child.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	conex.Init()
	os.Exit(m.Run())
}

type none = struct{}

// within is a context for what must not take long.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// run runs target in a process of its own, to its end.
func run(t testing.TB, target conex.Bound) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	p, err := mp.Go(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Join(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
}

// must returns x, or ends the test.
func must[T any](t testing.TB) func(x T, err error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// kills is how many processes the chaos test kills.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	return 20
}
