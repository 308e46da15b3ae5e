package main

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
)

// What the standard library has in place of package threading.

// players is how many goroutines there are in the contended cases and in a ping-pong.
const players = 2

// twice is the right sum for a ball that both players add 1 to in every round.
func twice(n int) int { return 2 * n }

func mutexLock(s meter.Spec) (meter.Figure, error) {
	var at struct {
		mu sync.Mutex
		n  int
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		at.n = 0
		for range n {
			at.mu.Lock()
			at.n++
			at.mu.Unlock()
		}
		return at.n, nil
	})
}

func mutexContended(s meter.Spec) (meter.Figure, error) {
	var at struct {
		mu sync.Mutex
		n  int
	}
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		at.n = 0
		_, err := meter.Together(players, n, func(lo, hi int) (int, error) {
			for range hi - lo {
				at.mu.Lock()
				at.n++
				at.mu.Unlock()
			}
			return 0, nil
		})
		return at.n, err
	})
}

// condPingPong has two goroutines hand a ball to and fro. An operation is a round trip.
func condPingPong(s meter.Spec) (meter.Figure, error) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	return meter.Bulk(s.N, twice, func(n int) (int, error) {
		turn, ball := 0, 0
		_, err := meter.Together(players, players, func(me, _ int) (int, error) {
			for range n {
				mu.Lock()
				for turn != me {
					c.Wait()
				}
				ball++
				turn = 1 - me
				c.Signal()
				mu.Unlock()
			}
			return 0, nil
		})
		return ball, err
	})
}

// waitGroup starts a goroutine and waits for its end, again and again.
func waitGroup(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
		var wg sync.WaitGroup
		ran := 0
		body := func() { ran++ }
		for range n {
			wg.Go(body)
			wg.Wait()
		}
		return ran, nil
	})
}

// farOff is when the timers would go off that are cancelled.
const farOff = time.Minute

func afterFunc(s meter.Spec) (meter.Figure, error) {
	return meter.Bulk(s.N, meter.Count, func(n int) (stopped int, _ error) {
		for range n {
			if time.AfterFunc(farOff, func() {}).Stop() {
				stopped++
			}
		}
		return stopped, nil
	})
}

// goroutineMemory is what a goroutine costs that waits on a channel, in bytes.
func goroutineMemory(s meter.Spec) (meter.Figure, error) {
	return idleMemory(s.N, func(n int, body func()) (func() error, error) {
		var wg sync.WaitGroup
		for range n {
			wg.Go(body)
		}
		return func() error {
			wg.Wait()
			return nil
		}, nil
	})
}

// idleMemory returns the bytes of heap and stack in use for each of n bodies that start runs. They wait on one channel, and
// are counted once they have ended.
func idleMemory(n int, start func(n int, body func()) (join func() error, err error)) (f meter.Figure, err error) {
	var up sync.WaitGroup
	var ended atomic.Int64
	release := make(chan struct{})
	up.Add(n)
	before := inUse()
	join, err := start(n, func() {
		up.Done()
		<-release
		ended.Add(1)
	})
	if err != nil {
		return f, err
	}
	up.Wait()
	after := inUse()
	close(release)
	if err := join(); err != nil {
		return f, err
	}
	if int(ended.Load()) != n {
		return f, errors.New("not all have run")
	}
	if after <= before {
		return f, errors.New("something else gave back more memory than this took")
	}
	return meter.Figure{Value: float64(after-before) / float64(n), N: n}, nil
}

// inUse is the memory of heap and stacks that is not garbage.
func inUse() uint64 {
	var m runtime.MemStats
	for range 2 { // the first leaves what it finds to be swept, and what pools hold for the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
