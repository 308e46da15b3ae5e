package pool_test

import (
	"context"
	"testing"

	"github.com/conexgo/conex/multiprocessing/pool"
)

func TestSmoke(t *testing.T) {
	p, err := pool.New(pool.Config{Processes: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Terminate()
	ctx := context.Background()
	t.Log(pool.Apply(ctx, p, square, 7))
	t.Log(pool.Map(ctx, p, square, []int{1, 2, 3}))
	t.Log(pool.Map(ctx, p, upper, []string{"a", "b"}))
	t.Log(pool.Map(ctx, p, opaque, []int{0, 1}))
	t.Log(pool.Apply(ctx, p, channel, 0))
	t.Log(pool.Apply(ctx, p, nameOf, 0))
	t.Log(pool.Apply(ctx, p, describe, any(p)))
	it := pool.IMap(ctx, p, picky, func(yield func(int) bool) {
		for i := range 10 {
			if !yield(i) {
				return
			}
		}
	})
	for v, err := range it.All(ctx) {
		t.Log(v, err)
	}
	p.Close()
	t.Log(p, p.Join(ctx))
}
