package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/conexgo/conex/futures/process"
)

func main() { conex.Main(run) }

// What the workers can do.
var (
	incFunc    = conex.Register("bench.inc", func(_ context.Context, i int) (int, error) { return meter.Inc(i), nil })
	echoFunc   = conex.Register("bench.echo", func(_ context.Context, b []byte) ([]byte, error) { return b, nil })
	recordFunc = conex.Register("bench.record", func(_ context.Context, r record) (record, error) { return r, nil })
	busyFunc   = conex.Register("bench.busy", func(_ context.Context, n int) (uint64, error) { return meter.Busy(n), nil })
	napFunc    = conex.Register("bench.nap", nap)
	stuckFunc  = conex.Register("bench.stuck", stuck)
	settleFunc = conex.Register("bench.settle", settle)
)

// settle binds a worker to the core it is told.
func settle(_ context.Context, core int) (struct{}, error) { return struct{}{}, meter.PinSelf(core) }

// nap lets time pass.
func nap(_ context.Context, d time.Duration) (struct{}, error) {
	time.Sleep(d)
	return struct{}{}, nil
}

// parties are all measurements this program can take: ours and the plain ones.
func parties() meter.Parties {
	all := meter.Parties{
		"process/submit":       {"ours": submitInts, "int": submitInts},
		"process/struct":       {"ours": submitRecords},
		"process/map":          {"ours": mapProcess},
		"process/call-hot":     {"ours": callHotOurs},
		"process/call-idle":    {"ours": callIdleOurs},
		"process/idle-cpu":     {"ours": idleCPU},
		"process/pool-start":   {"ours": poolStart},
		"process/spare":        {"ours": spare},
		"process/grain":        {"ours": grainOurs},
		"process/kill":         {"ours": kill},
		"process/bytes-100MiB": {"ours": bigBytes},
		"thread/submit":        {"ours": threadSubmit},
		"thread/call":          {"ours": threadCall},
		"thread/map":           {"ours": threadMap},
	}
	for _, more := range []meter.Parties{lockParties(), wakeParties(), threadingParties(), queueParties(), schedParties(),
		contextvarsParties(), mpParties(), managerParties(), subprocessParties(),
		pythonParties(), plainParties()} {
		for name, peers := range more {
			if all[name] == nil {
				all[name] = peers
				continue
			}
			maps.Copy(all[name], peers)
		}
	}
	return all
}

// withPool makes a pool for a measurement, waits until all its workers are up, settles both sides where they belong,
// measures and shuts the pool down.
func withPool(s meter.Spec, cfg process.Config, measure func(*process.Pool) (meter.Figure, error)) (f meter.Figure, err error) {
	if cfg.Workers == 0 {
		cfg.Workers = 2
	}
	if s.Place == meter.TwoCore {
		_, core, err := meter.Split()
		if err != nil {
			return f, err
		}
		cfg.Init = settleFunc.Bind(core)
	}
	pool, err := process.NewPool(cfg)
	if err != nil {
		return f, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, pool.Shutdown(ctx))
	}()
	if err := wake(pool, cfg.Workers); err != nil {
		return f, fmt.Errorf("first calls: %w", err)
	}
	if err := meter.SettleCaller(s.Place); err != nil {
		return f, err
	}
	return measure(pool)
}

// wake has all workers of a pool started, which come when they are needed: as many tasks as there are workers, each long
// enough that no worker gets two.
func wake(pool *process.Pool, workers int) error {
	return submitAll(pool, napFunc, workers, func(int) time.Duration { return 100 * time.Millisecond },
		func(int, struct{}) error { return nil })
}
