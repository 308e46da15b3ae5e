package process_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
)

// Workers are killed at random moments, idle ones, busy ones and those just
// starting, while tasks of all kinds are under way: every future completes,
// every result is exact, nothing is left behind.
func TestChaos(t *testing.T) {
	leak.Check(t)
	n := kills()
	p := newPool(t, process.Config{Workers: 3, Spares: 2, OnDeath: process.Retry(1_000_000)})
	ctx := within(t, time.Duration(60+n)*time.Second)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	work := func(name string, f func(r *rand.Rand) error) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(len(name)), uint64(n)))
			for i := 0; ; i++ {
				select {
				case <-stop:
					if i < 1 {
						t.Errorf("%s: no round was finished", name)
					}
					return
				default:
				}
				if err := f(r); err != nil {
					t.Errorf("%s, round %d: %v", name, i, err)
					return
				}
			}
		})
	}
	work("submit", func(r *rand.Rand) error {
		fs := make([]*futures.Future[int], 1+r.IntN(2000))
		for i := range fs {
			fs[i] = futures.Submit(ctx, p, inc, i)
		}
		for i, f := range fs {
			if x, err := f.Result(ctx); x != i+1 || err != nil {
				return fmt.Errorf("inc(%d) = %d, %w", i, x, err)
			}
		}
		return nil
	})
	work("map", func(r *rand.Rand) error {
		i := 0
		for x, err := range futures.Map(ctx, p, inc, count(1+r.IntN(200_000))) {
			if x != i+1 || err != nil {
				return fmt.Errorf("item %d: %d, %w", i, x, err)
			}
			i++
		}
		return nil
	})
	work("strings", func(r *rand.Rand) error {
		k := r.IntN(100)
		i := 0
		for x, err := range futures.Map(ctx, p, upper, func(yield func(string) bool) {
			for i := range 3000 {
				if !yield(strings.Repeat("x", (i*k)%300)) {
					return
				}
			}
		}) {
			if x != strings.Repeat("X", (i*k)%300) || err != nil {
				return fmt.Errorf("item %d: %q, %w", i, x, err)
			}
			i++
		}
		if i != 3000 {
			return fmt.Errorf("%d items", i)
		}
		return nil
	})
	work("large", func(r *rand.Rand) error {
		b := make([]byte, r.IntN(1<<20))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		x, err := futures.Submit(ctx, p, echo, b).Result(ctx)
		if string(x) != string(b) || err != nil {
			return fmt.Errorf("%d bytes became %d, %w", len(b), len(x), err)
		}
		return nil
	})
	work("ctx", func(r *rand.Rand) error {
		c, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(20))*time.Millisecond)
		defer cancel()
		_, err := futures.Submit(c, p, sleep, time.Duration(r.IntN(20))*time.Millisecond).Result(ctx)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !(errors.Is(err, futures.ErrWorkerDied) && c.Err() != nil) { // nobody retries what is over
			return err
		}
		return nil
	})
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for done := 0; done < n && !t.Failed(); {
		time.Sleep(time.Duration(r.IntN(8000)) * time.Microsecond)
		workers := p.Stats().Workers
		if len(workers) == 0 {
			continue
		}
		if w := workers[r.IntN(len(workers))]; w.PID > 0 && syscall.Kill(w.PID, syscall.SIGKILL) == nil {
			done++
		}
	}
	close(stop)
	wg.Wait()
	if !t.Failed() {
		settle(t, p)
	}
	t.Logf("%d kills, stats %+v", n, p.Stats())
}
