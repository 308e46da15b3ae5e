package python_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

// streams are generators, and what they have noted.
const streams = `
	import asyncio, os

	made, closed = 0, 0

	def numbers(n):
	    global made, closed
	    try:
	        for i in range(n):
	            made = i + 1
	            yield i
	    finally:
	        closed += 1

	async def later(n):
	    global closed
	    try:
	        for i in range(n):
	            await asyncio.sleep(0)
	            yield i
	    finally:
	        closed += 1

	async def soon(n):
	    return numbers(n)

	def failing(n):
	    yield from range(n)
	    raise KeyError("end")

	def dying(file, n):
	    with open(file, "a") as f:
	        f.write("x")
	    yield from range(n)
	    os._exit(3)

	def stuck(n):
	    yield from range(n)
	    import threading
	    threading.Event().wait()

	def listed(n):
	    return [str(i) for i in range(n)]

	def noted():
	    return made, closed
`

func stream[A, R any](name string) python.InlineFunc[A, R] { return python.Inline[A, R](streams, name) }

type noted = futures.Pair[int, int]

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// read reads a stream to its end.
func read[R any](seq func(yield func(R, error) bool)) (all []R, err error) {
	for v, e := range seq {
		if err = e; err == nil {
			all = append(all, v)
		}
	}
	return all, err
}

func TestStreamOfPython(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for _, name := range []string{"numbers", "later", "soon"} {
			for _, n := range []int{0, 1, 40, 1000} {
				if all, err := read(python.Stream(ctx, p, stream[int, int](name), n, python.Buffer(7))); !slices.Equal(all, upTo(n)) || err != nil {
					t.Errorf("%s: %d items of %d, %v", name, len(all), n, err)
				}
			}
		}
		if all, err := read(python.Stream(ctx, p, stream[int, string]("listed"), 2)); !slices.Equal(all, []string{"0", "1"}) || err != nil {
			t.Error(all, err)
		}
		if all, err := read(python.Stream(ctx, p, stream[int, struct{}]("numbers"), 5)); len(all) != 5 || err != nil {
			t.Error(all, err)
		}
		all, err := read(python.Stream(ctx, p, stream[int, int]("failing"), 3))
		if !slices.Equal(all, upTo(3)) || !errors.Is(err, pickle.KeyError) {
			t.Error(all, err)
		}
		if _, err := read(python.Stream(ctx, p, python.Expr[int, int]("x"), 3)); !errors.Is(err, pickle.TypeError) {
			t.Error(err) // no iterable
		}
		if _, err := read(python.Stream(ctx, p, stream[int, string]("numbers"), 3)); err == nil {
			t.Error("an int is a string")
		}
	})
}

// Who leaves the loop closes the generator, which is not far ahead. The worker goes on.
func TestStreamOfPythonLeft(t *testing.T) {
	suiteEach(t, func(t *testing.T, interpreter string) {
		leak.Check(t)
		p := suitePool(t, python.Config{Interpreter: interpreter, Workers: 1, Spares: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		pid, _ := futures.Submit(ctx, p, suitePid, none{}).Result(ctx)
		for i, name := range []string{"numbers", "later"} {
			n := 0
			for _, err := range python.Stream(ctx, p, stream[int, int](name), 1<<30, python.Buffer(10)) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n == 100 {
					break
				}
			}
			got, err := futures.Submit(ctx, p, stream[none, noted]("noted"), none{}).Result(ctx)
			if err != nil || got.First < 100 || got.First > 112 || got.Second != i+1 {
				t.Errorf("%s: made and closed %v, %v", name, got, err)
			}
		}
		if again, err := futures.Submit(ctx, p, suitePid, none{}).Result(ctx); again != pid {
			t.Error("the worker was killed", err)
		}
	})
}

// The death of a worker is the end of its stream, also if calls are tried again; a
// stream that hangs is killed when its context has ended.
func TestStreamOfPythonDies(t *testing.T) {
	leak.Check(t)
	p := suitePool(t, python.Config{Workers: 1, Spares: -1, OnDeath: python.Retry(3), Grace: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	file := filepath.Join(t.TempDir(), "runs")
	all, err := read(python.Stream(ctx, p, stream[python.Args, int]("dying"), python.Args{file, 5}))
	runs, _ := os.ReadFile(file)
	if !slices.Equal(all, upTo(5)) || !errors.Is(err, futures.ErrWorkerDied) || len(runs) != 1 {
		t.Errorf("%v, %v, %d runs", all, err, len(runs))
	}
	short, stop := context.WithCancel(ctx)
	n := 0
	for i, err := range python.Stream(short, p, stream[int, int]("stuck"), 3) {
		if err != nil {
			if !errors.Is(err, context.Canceled) || n != 3 {
				t.Errorf("after %d items: %v", n, err)
			}
			break
		}
		if n++; i == 2 {
			stop()
		}
	}
	stop()
	if n, err := futures.Submit(ctx, p, suiteInc, 1).Result(ctx); n != 2 || err != nil {
		t.Error(n, err)
	}
}
