package futurestest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/conexgo/conex/futures"
)

// numbers yields from..to-1.
func numbers(from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := from; i < to; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// forever yields all numbers from 0, and counts them.
func forever(read *atomic.Int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; ; i++ {
			read.Add(1)
			if !yield(i) {
				return
			}
		}
	}
}

func (s *suite) mapOrdered(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, n := range []int{0, 1, 2, 7, 100, 20_000} {
		i := 0
		for v, err := range futures.Map(ctx, ex, s.Inc, numbers(0, n)) {
			if i++; v != i || err != nil {
				t.Fatalf("of %d: item %d = %v, %v", n, i-1, v, err)
			}
		}
		if i != n {
			t.Errorf("%d items, want %d", i, n)
		}
	}
	// The same sequence may be ranged over again, also at the same time.
	seq := futures.Map(ctx, ex, s.Inc, numbers(0, 10))
	for v, err := range seq {
		sum := 0
		for w := range seq {
			sum += w
		}
		if sum != 55 || err != nil {
			t.Errorf("at %d: sum %d, %v", v, sum, err)
		}
	}
	// Strings, whose bytes tell their own length.
	names := func(yield func(string) bool) {
		for _, n := range []string{"a", "", "long and longer", "d"} {
			if !yield(n) {
				return
			}
		}
	}
	var got []string
	for v, err := range futures.Map(ctx, ex, s.Greet, names, futures.ChunkSize(3)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	if len(got) != 4 || got[2] != "hello, long and longer" {
		t.Errorf("got %q", got)
	}
}

func (s *suite) mapUnordered(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, n := range []int{0, 1, 100, 20_000} {
		seen := make([]bool, n)
		count := 0
		for it, err := range futures.MapUnordered(ctx, ex, s.FailOdd, numbers(0, n)) {
			if it.Index < 0 || it.Index >= n || seen[it.Index] {
				t.Fatalf("of %d: %+v, %v", n, it, err)
			}
			seen[it.Index] = true
			count++
			if it.Arg != it.Index {
				t.Errorf("%+v", it)
			}
			if odd := it.Arg%2 != 0; odd != errors.Is(err, s.opt.Failure) || !odd && it.Value != it.Arg/2 {
				t.Errorf("%+v, %v", it, err)
			}
		}
		if count != n {
			t.Errorf("%d items, want %d", count, n)
		}
	}
	// Item 0 stands at a gate until another has been yielded.
	g := newGate(t)
	args := func(yield func(GateArg) bool) {
		yield(g.arg(0))
		g.arrived()
		g2 := newGate(t)
		g2.open()
		for i := 1; i < 10 && yield(g2.arg(i)); i++ {
		}
	}
	var order []int
	for it, err := range futures.MapUnordered(ctx, ex, s.Gate, args) {
		if err != nil {
			t.Fatal(err)
		}
		if order = append(order, it.Index); len(order) == 9 {
			g.open()
		}
	}
	if len(order) != 10 || order[9] != 0 {
		t.Errorf("order %v", order)
	}
}

func (s *suite) mapErrors(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	i := 0
	for v, err := range futures.Map(ctx, ex, s.FailOdd, numbers(0, 1000)) {
		if odd := i%2 != 0; odd != errors.Is(err, s.opt.Failure) || !odd && v != i/2 || odd && v != 0 {
			t.Fatalf("item %d: %v, %v", i, v, err)
		}
		i++
	}
	if i != 1000 {
		t.Errorf("%d items", i)
	}
}

func (s *suite) mapPanics(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	i := 0
	for v, err := range futures.Map(ctx, ex, s.Panic, numbers(-20, 20), futures.ChunkSize(8)) {
		if n := i - 20; n >= 0 && (v != n || err != nil) {
			t.Errorf("item %d: %v, %v", n, v, err)
		} else if n < 0 {
			if err := s.opt.Panic(err, fmt.Sprintf("negative: %d", n)); err != nil {
				t.Errorf("item %d: %v", n, err)
			}
		}
		i++
	}
	if i != 40 {
		t.Errorf("%d items", i)
	}
	func() {
		defer func() {
			if r := recover(); r != "input" {
				t.Errorf("panic in the input came out as %v", r)
			}
		}()
		seen := 0
		for v, err := range futures.Map(ctx, ex, s.Inc, func(yield func(int) bool) {
			yield(1)
			yield(2)
			panic("input")
		}) {
			if seen++; v != seen+1 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
		}
		t.Error("the map ended without a panic")
	}()
}

func (s *suite) mapOptions(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, chunk := range []int{1, 2, 3, 100, 10_000} {
		for _, buffer := range []int{1, 5, 1000} {
			i := 0
			for v, err := range futures.Map(ctx, ex, s.Inc, numbers(0, 200), futures.ChunkSize(chunk), futures.Buffer(buffer)) {
				if i++; v != i || err != nil {
					t.Fatalf("ChunkSize(%d), Buffer(%d): item %d = %v, %v", chunk, buffer, i-1, v, err)
				}
			}
			if i != 200 {
				t.Errorf("ChunkSize(%d), Buffer(%d): %d items", chunk, buffer, i)
			}
		}
	}
	for _, opt := range []futures.MapOption{futures.ChunkSize(0), futures.ChunkSize(-1), futures.Buffer(0), futures.TaskTimeout(-1)} {
		n := 0
		for _, err := range futures.Map(ctx, ex, s.Inc, numbers(0, 10), opt) {
			if n++; err == nil {
				t.Errorf("%#v was accepted", opt)
			}
		}
		if n != 1 {
			t.Errorf("%#v: %d errors", opt, n)
		}
	}
}

// mapNotEncodable: one argument that cannot be sent does no harm to those
// around it.
func (s *suite) mapNotEncodable(t *testing.T) {
	if !s.opt.Copies {
		t.Skip("nothing is encoded here")
	}
	ex, ctx := s.start(t), limit(t)
	args := func(yield func(any) bool) {
		for i := range 50 {
			var a any = i
			if i%7 == 3 {
				a = make(chan int)
			}
			if !yield(a) {
				return
			}
		}
	}
	i := 0
	for v, err := range futures.Map(ctx, ex, s.TakeAny, args, futures.ChunkSize(20)) {
		if bad := i%7 == 3; bad != errors.Is(err, futures.ErrNotEncodable) || !bad && (v != i || err != nil) {
			t.Errorf("item %d: %v, %v", i, v, err)
		}
		i++
	}
	if i != 50 {
		t.Errorf("%d items", i)
	}
	if !s.opt.Closures {
		n := 0
		var read atomic.Int64
		for _, err := range futures.Map(ctx, ex, futures.Local(func(_ context.Context, x int) (int, error) { return x, nil }), forever(&read)) {
			if n++; !errors.Is(err, futures.ErrNotEncodable) {
				t.Errorf("a closure: %v", err)
			}
		}
		if n == 0 || n > 1000 {
			t.Errorf("%d errors for a closure", n)
		}
	}
}

// mapMany: several maps at once over items of mixed length.
func (s *suite) mapMany(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	ended := make(chan int)
	const maps = 4
	for m := range maps {
		go func() {
			i := 0
			defer func() { ended <- i }()
			lengths := func(yield func(int) bool) {
				for k := range 400 {
					us := 0
					if k%50 == m {
						us = 300
					}
					if !yield(us) {
						return
					}
				}
			}
			for v, err := range futures.Map(ctx, ex, s.Spin, lengths) {
				want := 0
				if i%50 == m {
					want = 300
				}
				if v != want || err != nil {
					t.Errorf("map %d, item %d: %v, %v", m, i, v, err)
				}
				i++
			}
		}()
	}
	for range maps {
		if n := <-ended; n != 400 {
			t.Errorf("%d items, want 400", n)
		}
	}
}
