package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
)

// What the workers run: functions of the script that measures the peers.
const (
	pyInc    = python.Func[int, int]("peers:inc")
	pySame   = python.Func[[]byte, []byte]("peers:same")
	pyTouch  = python.Func[*python.Array[float64], struct{}]("peers:touch")
	pyCopied = python.Func[*python.Array[float64], *python.Array[float64]]("peers:copied")
	pySettle = python.Func[int, struct{}]("peers:settle_worker")
	pySleep  = python.Func[float64, struct{}]("time:sleep")
)

func pythonParties() meter.Parties {
	return meter.Parties{
		"python/call":             {"ours": pyCall},
		"python/submit":           {"ours": pySubmit},
		"python/map":              {"ours": pyMap},
		"python/echo-1MiB":        {"ours": pyEcho},
		"python/array-100MiB":     {"ours": pyArray},
		"python/array-new-100MiB": {"ours": pyArrayNew},
		"python/start":            {"ours": pyStart},
		"python/spare":            {"ours": pySpare},
	}
}

// pyConfig is the pool of all cases: the interpreter that measures the peers, and their script.
func pyConfig(workers int) (cfg python.Config, err error) {
	interpreter, script := os.Getenv(pythonEnv), os.Getenv(scriptEnv)
	if interpreter == "" || script == "" {
		return cfg, errors.New("no Python")
	}
	return python.Config{Interpreter: interpreter, Path: []string{filepath.Dir(script)}, Preload: []string{"peers"}, Workers: workers}, nil
}

// withPyPool makes a pool of two, waits until both are up, settles both sides where they belong, measures and shuts it down.
func withPyPool(s meter.Spec, measure func(*python.Pool) (meter.Figure, error)) (f meter.Figure, err error) {
	cfg, err := pyConfig(2)
	if err != nil {
		return f, err
	}
	if s.Place == meter.TwoCore {
		_, core, err := meter.Split()
		if err != nil {
			return f, err
		}
		cfg.Init = pySettle.Bind(core)
	}
	pool, err := python.NewPool(cfg)
	if err != nil {
		return f, err
	}
	ctx := context.Background()
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err = errors.Join(err, pool.Shutdown(ctx))
	}()
	// Each task is long enough that no worker gets both.
	for _, err := range futures.Map(ctx, pool, pySleep, slices.Values([]float64{.2, .2}), futures.ChunkSize(1)) {
		if err != nil {
			return f, fmt.Errorf("first calls: %w", err)
		}
	}
	if err := meter.SettleCaller(s.Place); err != nil {
		return f, err
	}
	return measure(pool)
}

// pyIncOn is one call's round trip.
func pyIncOn(pool futures.Executor) func(int) (int, error) {
	ctx := context.Background()
	return func(i int) (int, error) { return futures.Submit(ctx, pool, pyInc, i).Result(ctx) }
}

func pyCall(s meter.Spec) (meter.Figure, error) {
	return withPyPool(s, func(pool *python.Pool) (meter.Figure, error) {
		inc := pyIncOn(pool)
		return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) { return meter.Timed(i, inc) })
	})
}

func pySubmit(s meter.Spec) (meter.Figure, error) {
	return withPyPool(s, func(pool *python.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (sum int, err error) {
			err = submitAll(pool, pyInc, n, func(i int) int { return i }, func(_, r int) error {
				sum += r
				return nil
			})
			return sum, err
		})
	})
}

func pyMap(s meter.Spec) (meter.Figure, error) {
	return withPyPool(s, func(pool *python.Pool) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.SumInc, func(n int) (int, error) { return mapSum(pool, pyInc, n) })
	})
}

func pyEcho(s meter.Spec) (meter.Figure, error) {
	ctx := context.Background()
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i >> 8)
	}
	return withPyPool(s, func(pool *python.Pool) (meter.Figure, error) {
		return meter.Calls(s, s.N/10, func(int) (time.Duration, error) {
			start := time.Now()
			back, err := futures.Submit(ctx, pool, pySame, block).Result(ctx)
			took := time.Since(start)
			if err == nil && !bytes.Equal(back, block) {
				err = errors.New("wrong result")
			}
			return took, err
		})
	})
}

// pyArray has a function change an array of 100 MiB where it is, and returns bytes per second, both ways counted as they are
// for who sends it there and back.
func pyArray(s meter.Spec) (meter.Figure, error) {
	return pyArrays(s, func(ctx context.Context, pool *python.Pool, a *python.Array[float64]) (float64, time.Duration, error) {
		start := time.Now()
		_, err := futures.Submit(ctx, pool, pyTouch, a).Result(ctx)
		last := a.Slice()[a.Len()-1]
		return last, time.Since(start), err
	})
}

// pyArrayNew has the function make another array of it, in memory that is new for each call.
func pyArrayNew(s meter.Spec) (meter.Figure, error) {
	return pyArrays(s, func(ctx context.Context, pool *python.Pool, a *python.Array[float64]) (float64, time.Duration, error) {
		start := time.Now()
		b, err := futures.Submit(ctx, pool, pyCopied, a).Result(ctx)
		if err != nil {
			return 0, 0, err
		}
		last, took := b.Slice()[b.Len()-1], time.Since(start)
		return last, took, b.Close()
	})
}

// pyArrays calls a function of an array whose first number is i, whose answer is to be i+1.
func pyArrays(s meter.Spec, call func(context.Context, *python.Pool, *python.Array[float64]) (float64, time.Duration, error)) (meter.Figure, error) {
	ctx := context.Background()
	return withPyPool(s, func(pool *python.Pool) (f meter.Figure, err error) {
		a, err := python.NewArray[float64](bigSize / 8)
		if err != nil {
			return f, err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		clear(a.Slice()) // it is there, as the peer's is
		const warm = 3
		var spent time.Duration
		for i := range warm + s.N {
			a.Slice()[0] = float64(i)
			got, took, err := call(ctx, pool, a)
			if err != nil {
				return f, err
			}
			if got != float64(i+1) {
				return f, fmt.Errorf("wrong result: %v for %d", got, i)
			}
			if i >= warm {
				spent += took
			}
		}
		return meter.Figure{Value: 2 * bigSize * float64(s.N) / spent.Seconds(), N: s.N}, nil
	})
}

// pyStart times a pool that is made, and its first result. Its end is not in the figure.
func pyStart(s meter.Spec) (meter.Figure, error) {
	cfg, err := pyConfig(2)
	if err != nil {
		return meter.Figure{}, err
	}
	return meter.Calls(s, 1, func(i int) (time.Duration, error) {
		var pool *python.Pool
		took, err := meter.Timed(i, func(i int) (_ int, err error) {
			if pool, err = python.NewPool(cfg); err != nil {
				return 0, err
			}
			return pyIncOn(pool)(i)
		})
		if pool != nil {
			err = errors.Join(err, pool.Shutdown(context.Background()))
		}
		return took, err
	})
}

// pySpare is spare with workers in Python: of two tasks submitted together to one worker that is replaced after each task, the
// time from the first one's result to the second one's.
func pySpare(s meter.Spec) (f meter.Figure, err error) {
	cfg, err := pyConfig(1)
	if err != nil {
		return f, err
	}
	cfg.Spares, cfg.MaxTasks = 2, 1
	pool, err := python.NewPool(cfg)
	if err != nil {
		return f, err
	}
	ctx := context.Background()
	defer func() { err = errors.Join(err, pool.Shutdown(ctx)) }()
	return meter.Calls(s, 1, func(i int) (time.Duration, error) {
		if i > 0 {
			if err := stocked(pool, 2); err != nil {
				return 0, err
			}
		}
		first, second := futures.Submit(ctx, pool, pyInc, i), futures.Submit(ctx, pool, pyInc, i)
		if _, err := first.Result(ctx); err != nil {
			return 0, err
		}
		return meter.Timed(i, func(int) (int, error) { return second.Result(ctx) })
	})
}

// stocked waits until so many workers have nothing to do.
func stocked(pool *python.Pool, want int) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		have := 0
		for _, w := range pool.Stats().Workers {
			if w.State == "idle" || w.State == "spare" {
				have++
			}
		}
		if have >= want {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d workers are ready, not %d", have, want)
		}
	}
}
