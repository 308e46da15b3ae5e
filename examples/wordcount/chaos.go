package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
)

// startChaos kills a random worker of the pool every 100 ms until stop is
// called.
func startChaos(pool futures.Executor) (stop func(), err error) {
	p, ok := pool.(*process.Pool)
	if !ok {
		return nil, errors.New("-chaos needs worker processes: a goroutine cannot be killed")
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			workers := p.Stats().Workers
			if len(workers) == 0 {
				continue
			}
			if w := workers[rand.IntN(len(workers))]; w.PID > 0 {
				if proc, err := os.FindProcess(w.PID); err == nil {
					proc.Kill()
				}
			}
		}
	})
	return func() { close(done); wg.Wait() }, nil
}
