package pool_test

import (
	"context"
	"testing"

	"github.com/conexgo/conex/multiprocessing/pool"
)

// A call costs one allocation, its result's, and an item of a Map none of its
// own.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background() // to wait under one that can end takes two more
	_, p := newPool(t, pool.Config{Processes: 1})
	threads := newThreads(t, pool.ThreadConfig{Processes: 1})
	for _, p := range []pool.AnyPool{p, threads} {
		if n := testing.AllocsPerRun(200, func() { pool.Apply(ctx, p, square, 3) }); n > 1 {
			t.Errorf("%v: Apply allocates %v times", p, n)
		}
		in := ints(10_000)
		if n := testing.AllocsPerRun(5, func() { pool.Map(ctx, p, square, in) }); n > 200 {
			t.Errorf("%v: a Map over 10,000 items allocates %v times", p, n)
		}
	}
}
