package pool_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/pool"
)

func TestIMap(t *testing.T) {
	everywhere(t, 3, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, opts := range [][]pool.IMapOption{nil, {pool.ChunkSize(7)}, {pool.ChunkSize(100), pool.Buffer(3)}, {pool.Buffer(1)}, {pool.ChunkSize(math.MaxInt)}} {
			for _, n := range []int{0, 1, 10, 1000} {
				var got []int
				for v, err := range pool.IMap(ctx, p, square, slices.Values(ints(n)), opts...).All(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if !slices.Equal(got, squares(n)) {
					t.Fatalf("%v: got %v", opts, got)
				}
				it := pool.IMapUnordered(ctx, p, square, slices.Values(ints(n)), opts...)
				got = nil
				for range n {
					v, err := it.Next(ctx)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if _, err := it.Next(ctx); err != pool.ErrStop {
					t.Fatalf("at the end: %v", err)
				}
				slices.Sort(got)
				if !slices.Equal(got, squares(n)) {
					t.Fatalf("unordered, %v: got %v", opts, got)
				}
			}
		}
	})
}

// A failing item is an error in its place, and the iteration goes on.
func TestIMapFails(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, chunk := range []int{1, 3, 20} {
			it := pool.IMap(ctx, p, picky, slices.Values(ints(20)), pool.ChunkSize(chunk))
			for i := range 20 {
				v, err := it.Next(ctx)
				if i%5 == 3 && !errors.Is(err, errTest) || i%5 != 3 && (v != i || err != nil) {
					t.Errorf("chunk %d, item %d: %v, %v", chunk, i, v, err)
				}
			}
			bad, sum := 0, 0
			for v, err := range pool.IMapUnordered(ctx, p, picky, slices.Values(ints(20)), pool.ChunkSize(chunk)).All(ctx) {
				if sum += v; err != nil {
					bad++
				}
			}
			if bad != 4 || sum != 190-(3+8+13+18) {
				t.Errorf("chunk %d: %d errors, sum %d", chunk, bad, sum)
			}
		}
	})
}

// An input that panics ends the iteration behind what was read before.
func TestIMapInputPanics(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, chunk := range []int{1, 2, 4} {
			for _, when := range []int{0, 3, 7} {
				it := pool.IMap(ctx, p, square, func(yield func(int) bool) {
					for i := 0; i != when && yield(i); i++ {
					}
					panic("say when")
				}, pool.ChunkSize(chunk))
				for i := range when - when%chunk { // the chunk that was not full is lost, as in Python
					v, err := it.Next(ctx)
					want(t, v, err, i*i)
				}
				for range 2 {
					if _, err := it.Next(ctx); !isPanic(err, "say when") {
						t.Errorf("chunk %d, panic at %d: %v", chunk, when, err)
					}
				}
			}
		}
	})
}

// A wait for the next item that runs out loses nothing.
func TestNextTimeout(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		for _, unordered := range []bool{false, true} {
			in := slices.Values([]time.Duration{time.Millisecond, 80 * time.Millisecond, 2 * time.Millisecond})
			it := pool.IMap(ctx, p, nap, in)
			if unordered {
				it = pool.IMapUnordered(ctx, p, nap, in)
			}
			v, err := it.Next(ctx)
			want(t, v, err, time.Millisecond)
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			if _, err := it.Next(short); !errors.Is(err, multiprocessing.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			for _, err := range it.All(short) {
				if !errors.Is(err, multiprocessing.ErrTimeout) {
					t.Errorf("got %v", err)
				}
			}
			cancel()
			v, err = it.Next(ctx)
			want(t, v, err, 80*time.Millisecond)
			v, err = it.Next(ctx)
			want(t, v, err, 2*time.Millisecond)
			if _, err = it.Next(short); err != pool.ErrStop {
				t.Errorf("the end, under a ctx that is over: %v", err)
			}
		}
	})
}

func TestIMapContext(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		own, cancel := context.WithCancel(ctx)
		it := pool.IMap(own, p, square, count(1<<30))
		for i := range 10 {
			v, err := it.Next(ctx)
			want(t, v, err, i*i)
		}
		cancel()
		var last error
		for _, err := range it.All(ctx) {
			if last = err; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("the last error is %v", last)
		}
		// An input that never yields does not keep the reader.
		own, cancel = context.WithCancel(ctx)
		block := make(chan struct{})
		it = pool.IMap(own, p, square, func(yield func(int) bool) { <-block })
		cancel()
		if _, err := it.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(block)
		v, err := pool.Apply(ctx, p, square, 4)
		want(t, v, err, 16)
	})
}

func TestIteratorClose(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, ctx context.Context, p pool.AnyPool) {
		it := pool.IMap(ctx, p, square, count(1<<30))
		for v, err := range it.All(ctx) {
			want(t, v, err, 0)
			break
		}
		v, err := it.Next(ctx) // the loop has left it where it was
		want(t, v, err, 1)
		it.Close()
		it.Close()
		if _, err := it.Next(ctx); err != pool.ErrStop {
			t.Errorf("got %v", err)
		}
		stuck := pool.IMap(ctx, p, waitCtx, slices.Values(ints(1)))
		stuck.Close() // ends the call, which keeps the only worker
		v, err = pool.Apply(ctx, p, square, 4)
		want(t, v, err, 16)
		new(pool.Iterator[int]).Close()
		if _, err := new(pool.Iterator[int]).Next(ctx); err != pool.ErrStop {
			t.Errorf("zero Iterator: %v", err)
		}
	})
}
