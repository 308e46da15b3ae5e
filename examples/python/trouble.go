package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
	"github.com/conexgo/conex/pickle"
)

// trouble has functions end their processes, hang and fail beside a thousand
// good calls.
func trouble(ctx context.Context, w io.Writer, pool *python.Pool, _ options) error {
	bad := []struct {
		name string
		f    *futures.Future[struct{}]
	}{
		{"exit", futures.Submit(ctx, pool, python.Func[int, struct{}]("trouble:leave"), 3)},
		{"crash", futures.Submit(ctx, pool, python.Func[struct{}, struct{}]("trouble:crash"), struct{}{})},
		{"hang", futures.Submit(ctx, pool, python.Func[struct{}, struct{}]("trouble:hang"), struct{}{}, futures.TaskTimeout(time.Second))},
	}
	good, err := squares(ctx, pool, 1000)
	if err != nil {
		return fmt.Errorf("a good call failed: %w", err)
	}
	for _, b := range bad {
		_, err := b.f.Result(ctx)
		var died *futures.WorkerDiedError
		if !errors.As(err, &died) {
			return fmt.Errorf("%s ended with %v", b.name, err)
		}
		fmt.Fprintf(w, "%-9s %v\n", b.name, err)
		if b.name == "hang" {
			indent(w, died.Stack) // where it hung, in Python
		}
	}

	type report struct {
		Name    string    `python:"name"`
		Figures []float64 `python:"figures"`
	}
	_, err = call(ctx, pool, python.Func[report, string]("trouble:report"), report{"November", []float64{}})
	var raised *python.Error
	if !errors.As(err, &raised) || !errors.Is(err, pickle.ValueError) {
		return fmt.Errorf("the exception is %v", err)
	}
	fmt.Fprintf(w, "exception %v\n", err)
	indent(w, raised.Traceback)

	fmt.Fprintf(w, "pool      %d good calls meanwhile, sum of squares %d; %d workers replaced, still working\n", 1000, good, pool.Stats().Restarts)
	return nil
}

// squares adds up the squares of the numbers below n, each by a call of its own.
func squares(ctx context.Context, pool *python.Pool, n int) (sum int, _ error) {
	numbers := func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
	for r, err := range futures.Map(ctx, pool, python.Expr[int, int]("x * x"), numbers) {
		if err != nil {
			return 0, err
		}
		sum += r
	}
	return sum, nil
}

// indent prints text below what was printed before.
func indent(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(w, "          %s\n", strings.TrimRight(line, "\n"))
	}
}
