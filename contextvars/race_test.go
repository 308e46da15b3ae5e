package contextvars_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/internal/leak"
)

// stress is how many operations stress tests do.
func stress() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil && n > 0 {
		return n
	}
	return 20_000
}

// Setters and copiers share a Context: a copy must never change, and must have
// all that was set before it was made.
func TestSetCopyRace(t *testing.T) {
	leak.Check(t)
	vars := makeMany(70)
	n := stress()
	in(t, func(ctx context.Context) {
		latest := make([]atomic.Int64, len(vars)) // set already
		for i, v := range vars {
			if i%3 > 0 {
				set(t, ctx, v, 0)
			}
		}
		var wg sync.WaitGroup
		var stop atomic.Bool
		for part := range 2 { // each variable has one setter
			wg.Go(func() {
				for i := range n {
					k := i*7%len(vars)/2*2 + part
					v := vars[k]
					tok, err := v.Set(ctx, i)
					if err != nil {
						t.Error(err)
						return
					}
					if i%5 == 0 {
						if err := v.Reset(ctx, tok); err != nil {
							t.Error(err)
							return
						}
						continue
					}
					latest[k].Store(int64(i))
				}
			})
		}
		var copiers sync.WaitGroup
		for range 2 {
			copiers.Go(func() {
				before := make([]int64, len(vars))
				first := make([]int, len(vars))
				for !stop.Load() {
					for i := range vars {
						before[i] = latest[i].Load()
					}
					c := contextvars.Copy(ctx)
					size := c.Len()
					for round := range 3 {
						for i, v := range vars {
							got, ok := contextvars.Lookup(c, v)
							if !ok {
								got = -1
							}
							if round > 0 && got != first[i] {
								t.Errorf("a copy changed: %d after %d", got, first[i])
								return
							}
							if ok && int64(got) < before[i] || !ok && before[i] > 0 {
								t.Errorf("a copy has %d, after %d was set", got, before[i])
								return
							}
							first[i] = got
						}
						if c.Len() != size {
							t.Error("a copy grew")
						}
					}
				}
			})
		}
		wg.Wait()
		stop.Store(true)
		copiers.Wait()
	})
}

// What is set under a Context's own lock by many is all there.
func TestManySetters(t *testing.T) {
	leak.Check(t)
	vars := makeMany(64)
	in(t, func(ctx context.Context) {
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() {
				for i := part; i < len(vars); i += 4 {
					for j := range 50 {
						vars[i].Set(ctx, i*100+j)
					}
				}
			})
		}
		wg.Wait()
		for i, v := range vars {
			is(t, ctx, v, i*100+49)
		}
		if n := contextvars.Copy(ctx).Len(); n != len(vars) {
			t.Errorf("%d variables, want %d", n, len(vars))
		}
	})
}

// Of many who use a token one succeeds.
func TestTokenRace(t *testing.T) {
	leak.Check(t)
	v := contextvars.NewVar[int]("v")
	in(t, func(ctx context.Context) {
		for range 200 {
			tok := set(t, ctx, v, 1)
			var wg sync.WaitGroup
			var won atomic.Int32
			for range 3 {
				wg.Go(func() {
					if v.Reset(ctx, tok) == nil {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Fatalf("%d have used one token", won.Load())
			}
			unset(t, ctx, v)
		}
	})
}
