package pool_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/conexgo/conex/multiprocessing/pool"
)

// rounds is how often a stress test goes round: once for 25,000 operations of
// CONEX_STRESS, or few times.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil && n > 0 {
		return max(n/25_000, 1)
	}
	return 5
}

// Pools are closed and terminated while calls of all forms come in from all
// sides: each is refused, or ends with its result, or with ErrTerminated.
func TestStress(t *testing.T) {
	for range rounds() {
		for _, end := range []string{"Close", "Terminate"} {
			everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
				fine := func(err error) bool {
					if errors.Is(err, pool.ErrNotRunning) || errors.Is(err, pool.ErrTerminated) {
						return false
					}
					if err != nil && err != pool.ErrStop {
						t.Error(err)
					}
					return err == nil
				}
				var wg sync.WaitGroup
				begun := make(chan struct{}, 100)
				for range 3 {
					wg.Go(func() {
						for {
							v, err := pool.Apply(ctx, p, square, 3)
							if !fine(err) {
								return
							}
							if v != 9 {
								t.Errorf("got %d", v)
							}
							select {
							case begun <- struct{}{}:
							default:
							}
						}
					})
				}
				wg.Go(func() {
					for {
						out, err := pool.Map(ctx, p, upper, []string{"a", "b", "c"}, pool.ChunkSize(1))
						if !fine(err) {
							return
						}
						if !slices.Equal(out, []string{"A", "B", "C"}) {
							t.Errorf("got %v", out)
						}
					}
				})
				for _, ordered := range []bool{true, false} {
					wg.Go(func() {
						it := pool.IMap(ctx, p, square, count(2000), pool.Buffer(16))
						if !ordered {
							it = pool.IMapUnordered(ctx, p, square, count(2000), pool.ChunkSize(7))
						}
						var takers sync.WaitGroup
						for range 3 {
							takers.Go(func() {
								for {
									if _, err := it.Next(ctx); !fine(err) {
										return
									}
								}
							})
						}
						takers.Wait()
					})
				}
				wg.Go(func() {
					called := make(chan struct{})
					pool.ApplyAsync(ctx, p, square, 3).
						OnResult(func(int) { close(called) }).
						OnError(func(err error) { fine(err); close(called) })
					<-called
				})
				for range 20 {
					<-begun
				}
				if end == "Close" {
					p.Close()
				} else {
					p.Terminate()
				}
				if err := p.Join(ctx); err != nil {
					t.Error(err)
				}
				wg.Wait()
			})
		}
	}
}
