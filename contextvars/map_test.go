package contextvars_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
)

// Each item of a Map has a copy of its own, also those that run one after the
// other in one loop.
func TestMapItems(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 2)
	in(t, func(ctx context.Context) {
		set(t, ctx, local, 7)
		const n = 3000
		input := func(yield func(int) bool) {
			for i := range n {
				if i == 1 {
					set(t, ctx, local, 8) // too late
				}
				if !yield(i) {
					return
				}
			}
		}
		for name, opts := range map[string][]futures.MapOption{
			"measured": nil, "chunks": {futures.ChunkSize(100)}, "timeouts": {futures.TaskTimeout(time.Hour)},
		} {
			set(t, ctx, local, 7)
			i := 0
			for s, err := range futures.Map(ctx, p, lookFunc, input, opts...) {
				if err != nil || s.Local != 7 || s.After != i || s.Fault != "" {
					t.Fatalf("%s: item %d: %+v, %v", name, i, s, err)
				}
				i++
			}
			set(t, ctx, local, 7)
			for x, err := range futures.MapUnordered(ctx, p, lookFunc, input, opts...) {
				if s := x.Value; err != nil || s.Local != 7 || s.After != x.Index || s.Fault != "" {
					t.Fatalf("%s: item %d: %+v, %v", name, x.Index, s, err)
				}
				i--
			}
			if i != 0 {
				t.Errorf("%s: %d items are missing", name, i)
			}
			is(t, ctx, local, 8)
		}
	})
}

// An item that panics or fails does not change what the others see.
func TestMapFailures(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 1)
	in(t, func(ctx context.Context) {
		set(t, ctx, local, 7)
		fn := futures.Local(func(ctx context.Context, i int) (int, error) {
			seen := local.GetOr(ctx, -1)
			local.Set(ctx, i)
			switch i % 4 {
			case 1:
				panic(seen)
			case 2:
				return 0, fmt.Errorf("saw %d", seen)
			}
			return seen, nil
		})
		i := 0
		for seen, err := range futures.Map(ctx, p, fn, slices.Values(make([]int, 40)), futures.ChunkSize(20)) {
			if seen != 7 || err != nil {
				t.Errorf("item %d: %d, %v", i, seen, err)
			}
			i++
		}
		i = 0
		for seen, err := range futures.Map(ctx, p, fn, upTo(40), futures.ChunkSize(20)) {
			var pe *futures.PanicError
			switch i % 4 {
			case 1:
				if !errors.As(err, &pe) || pe.Value != 7 {
					t.Errorf("item %d: %v", i, err)
				}
			case 2:
				if err == nil || err.Error() != "saw 7" {
					t.Errorf("item %d: %v", i, err)
				}
			default:
				if seen != 7 || err != nil {
					t.Errorf("item %d: %d, %v", i, seen, err)
				}
			}
			i++
		}
	})
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Items that have returned may have left their ctx to somebody: it stays theirs.
func TestItemsApart(t *testing.T) {
	leak.Check(t)
	p := threadPool(t, 2)
	in(t, func(ctx context.Context) {
		set(t, ctx, local, -7)
		kept := make([]context.Context, 200)
		fn := futures.Local(func(ctx context.Context, i int) (int, error) {
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			if i%2 == 0 {
				inner = ctx
			}
			kept[i] = inner
			return local.Get(inner)
		})
		for seen, err := range futures.Map(ctx, p, fn, upTo(len(kept)), futures.ChunkSize(50)) {
			if seen != -7 || err != nil {
				t.Fatal(seen, err)
			}
		}
		var wg sync.WaitGroup
		for i, ctx := range kept {
			is(t, ctx, local, -7)
			before := contextvars.Copy(ctx)
			for range 2 { // two who make the Context at once make one
				wg.Go(func() { local.Set(ctx, i) })
			}
			if n, _ := contextvars.Lookup(before, local); n != -7 {
				t.Error("the copy has", n)
			}
		}
		wg.Wait()
		for i, ctx := range kept {
			is(t, ctx, local, i)
			if n, _ := contextvars.Lookup(contextvars.Copy(ctx), local); n != i {
				t.Errorf("item %d has %d", i, n)
			}
		}
		is(t, ctx, local, -7)
	})
}
