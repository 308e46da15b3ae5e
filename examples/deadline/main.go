// Deadline runs good tasks beside bad ones in worker processes: one loops for
// ever and never looks at its context, one leaks memory, one crashes. Each bad
// one ends with an error that names its cause; the good ones finish.
//
//	go run ./examples/deadline
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

var (
	Square = conex.Register("square", func(_ context.Context, x int) (int, error) { return x * x, nil })
	Spin   = conex.Register("spin", spin)
	Leak   = conex.Register("leak", leak)
	Crash  = conex.Register("crash", crash)
)

// spin does not listen: its context ends, it goes on.
func spin(context.Context, int) (int, error) {
	for n := 0; ; n++ {
		if n < 0 {
			n = 0
		}
	}
}

// leak keeps all memory it gets.
func leak(context.Context, int) (int, error) {
	for {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
	}
}

var kept [][]byte

// crash does what ends any Go program.
func crash(context.Context, int) (int, error) {
	p := (*int)(nil)
	go func() { *p++ }() // a panic in a goroutine of its own, which nobody can recover
	select {}
}

func main() { conex.Main(run) }

func run(ctx context.Context) error {
	cfg := process.Config{
		Workers:   4,
		Grace:     200 * time.Millisecond,
		MaxMemory: 256 << 20,
		Stderr:    io.Discard, // the stacks of those that crash; errors keep the end of them
	}
	pool, err := process.NewPool(cfg)
	if errors.Is(err, errors.ErrUnsupported) { // no hard memory limit on this system
		fmt.Println("without memory limit:", err)
		cfg.MaxMemory = 0
		pool, err = process.NewPool(cfg)
	}
	if err != nil {
		return err
	}
	defer pool.Close()

	limit := futures.TaskTimeout(time.Second)
	bad := []struct {
		name string
		f    *futures.Future[int]
	}{
		{"spin", futures.Submit(ctx, pool, Spin, 0, limit)},
		{"leak", futures.Submit(ctx, pool, Leak, 0, futures.TaskTimeout(20*time.Second))},
		{"crash", futures.Submit(ctx, pool, Crash, 0, limit)},
	}
	sum := 0
	for i := range 1000 {
		r, err := futures.Submit(ctx, pool, Square, i, limit).Result(ctx)
		if err != nil {
			return fmt.Errorf("a good task failed: %w", err)
		}
		sum += r
	}
	fmt.Printf("good:  1000 tasks, sum of squares %d\n", sum)

	for _, b := range bad {
		_, err := b.f.Result(ctx)
		var died *futures.WorkerDiedError
		if !errors.As(err, &died) {
			return fmt.Errorf("%s ended with %v", b.name, err)
		}
		fmt.Printf("%-6s %v\n", b.name+":", err)
	}
	if r, err := futures.Submit(ctx, pool, Square, 12).Result(ctx); err != nil || r != 144 {
		return fmt.Errorf("the pool is damaged: %d, %w", r, err)
	}
	s := pool.Stats()
	fmt.Printf("pool:  %d tasks done, %d failed, %d workers replaced, still working\n", s.Done, s.Failed, s.Restarts)
	return nil
}
