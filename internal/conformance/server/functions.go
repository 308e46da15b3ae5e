package main

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// testModule is where CPython has most of what its tests call.
const testModule = "test._test_multiprocessing"

// functions registers what the tests have a Pool call, with what the Python
// functions of these names do.
func functions(t *managers.Types) {
	managers.Function(t, testModule+".sqr", futures.Local(sqr))
	managers.Function(t, testModule+".mul", futures.Local(mul))
	managers.Function(t, testModule+".identity", futures.Local(identity))
	managers.Function(t, testModule+".raising", futures.Local(raising))
	managers.Function(t, testModule+".raise_large_valuerror", futures.Local(raiseLarge))
	managers.Function(t, "conex_cases.WithManagerTestPool._test_wrapped_exception", futures.Local(raiseFoo))
	managers.Function(t, "builtins.int", futures.Local(toInt))
	managers.Function(t, "time.sleep", futures.Local(sleep))
}

type sqrArgs struct {
	X     *big.Int
	Wait  float64 `pickle:"wait,omitempty"`
	Event any     `pickle:"event,omitempty"` // of threads only: None here
}

func sqr(ctx context.Context, a sqrArgs) (*big.Int, error) {
	if err := pause(ctx, a.Wait); err != nil {
		return nil, err
	}
	return a.X.Mul(a.X, a.X), nil
}

func mul(_ context.Context, a struct{ X, Y *big.Int }) (*big.Int, error) {
	return a.X.Mul(a.X, a.Y), nil
}

func identity(_ context.Context, v any) (any, error) { return v, nil }

func raising(context.Context, struct{}) (any, error) { return nil, pickle.KeyError.New("key") }

func raiseLarge(ctx context.Context, wait float64) (any, error) {
	if err := pause(ctx, wait); err != nil {
		return nil, err
	}
	return nil, pickle.ValueError.New(strings.Repeat("x", 1<<20))
}

func raiseFoo(context.Context, struct{}) (any, error) { return nil, pickle.RuntimeError.New("foo") }

func toInt(_ context.Context, text string) (*big.Int, error) {
	n, ok := new(big.Int).SetString(strings.TrimSpace(text), 10)
	if !ok {
		return nil, pickle.ValueError.Newf("invalid literal for int() with base 10: %s", pickle.Repr(text))
	}
	return n, nil
}

func sleep(ctx context.Context, seconds float64) (any, error) { return nil, pause(ctx, seconds) }

// pause waits, or until the pool is terminated.
func pause(ctx context.Context, seconds float64) error {
	if seconds < 0 {
		return pickle.ValueError.New("sleep length must be non-negative")
	}
	t := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sleep: %w", context.Cause(ctx))
	}
}
