package futurestest

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

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
		for v, err := range futures.Map(ctx, ex, inc, numbers(0, n)) {
			if i++; v != i || err != nil {
				t.Fatalf("of %d: item %d = %v, %v", n, i-1, v, err)
			}
		}
		if i != n {
			t.Errorf("%d items, want %d", i, n)
		}
	}
	// The same sequence may be ranged over again, also at the same time.
	seq := futures.Map(ctx, ex, inc, numbers(0, 10))
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
	for v, err := range futures.Map(ctx, ex, greet, names, futures.ChunkSize(3)) {
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
		for it, err := range futures.MapUnordered(ctx, ex, failOdd, numbers(0, n)) {
			if it.Index < 0 || it.Index >= n || seen[it.Index] {
				t.Fatalf("of %d: %+v, %v", n, it, err)
			}
			seen[it.Index] = true
			count++
			if it.Arg != it.Index {
				t.Errorf("%+v", it)
			}
			if odd := it.Arg%2 != 0; odd != errors.Is(err, errTask) || !odd && it.Value != it.Arg/2 {
				t.Errorf("%+v, %v", it, err)
			}
		}
		if count != n {
			t.Errorf("%d items, want %d", count, n)
		}
	}
	// Item 0 stands at a gate until another has been yielded.
	g := newGate(t)
	args := func(yield func(gateArg) bool) {
		yield(g.arg(0))
		g.arrived()
		g2 := newGate(t)
		g2.open()
		for i := 1; i < 10 && yield(g2.arg(i)); i++ {
		}
	}
	var order []int
	for it, err := range futures.MapUnordered(ctx, ex, atGate, args) {
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
	for v, err := range futures.Map(ctx, ex, failOdd, numbers(0, 1000)) {
		if odd := i%2 != 0; odd != errors.Is(err, errTask) || !odd && v != i/2 || odd && v != 0 {
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
	for v, err := range futures.Map(ctx, ex, panics, numbers(-20, 20), futures.ChunkSize(8)) {
		var p *futures.PanicError
		if n := i - 20; n < 0 != errors.As(err, &p) || n >= 0 && v != n {
			t.Errorf("item %d: %v, %v", n, v, err)
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
		for v, err := range futures.Map(ctx, ex, inc, func(yield func(int) bool) {
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
			for v, err := range futures.Map(ctx, ex, inc, numbers(0, 200), futures.ChunkSize(chunk), futures.Buffer(buffer)) {
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
		for _, err := range futures.Map(ctx, ex, inc, numbers(0, 10), opt) {
			if n++; err == nil {
				t.Errorf("%#v was accepted", opt)
			}
		}
		if n != 1 {
			t.Errorf("%#v: %d errors", opt, n)
		}
	}
}

func (s *suite) mapInfinite(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, opts := range [][]futures.MapOption{nil, {futures.Buffer(10)}, {futures.ChunkSize(7)}} {
		var read atomic.Int64
		i := 0
		for v, err := range futures.Map(ctx, ex, inc, forever(&read), opts...) {
			if i++; v != i || err != nil {
				t.Fatalf("item %d = %v, %v", i-1, v, err)
			}
			if i == 5000 {
				break
			}
		}
	}
}

// mapBreak: break returns at once, ends the contexts of the items that run and
// does not make the calls that wait.
func (s *suite) mapBreak(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g := newGate(t)
	args := func(yield func(gateArg) bool) {
		for i := 0; yield(g.arg(i)); i++ {
		}
	}
	for range futures.MapUnordered(ctx, ex, atGate, func(yield func(gateArg) bool) {
		opened := newGate(t)
		opened.open()
		if yield(opened.arg(-1)) {
			args(yield)
		}
	}) {
		for range ex.Workers() {
			g.arrived()
		}
		break
	}
	// The workers are free again, though the gate is still closed.
	for range 2 * ex.Workers() {
		if err := futures.Submit(ctx, ex, inc, 1).Err(ctx); err != nil {
			t.Fatal(err)
		}
	}
	g.nobody()
}

// mapBuffer: the input is read no further ahead than Buffer says.
func (s *suite) mapBuffer(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, n := range []int{1, 2, 3, 10, 100} {
		var read atomic.Int64
		yielded := 0
		for _, err := range futures.Map(ctx, ex, inc, forever(&read), futures.Buffer(n)) {
			if err != nil {
				t.Fatal(err)
			}
			// The item before this one is the last that counts as
			// yielded, and the input counts before it yields.
			if ahead := int(read.Load()) - yielded; ahead > n {
				t.Fatalf("Buffer(%d): %d items read ahead", n, ahead)
			}
			if yielded++; yielded == 2000 {
				break
			}
		}
	}
	// Without it there is a limit too: a consumer that takes nothing.
	var read atomic.Int64
	for range futures.Map(ctx, ex, inc, forever(&read)) {
		last := int64(-1)
		for last != read.Load() {
			last = read.Load()
			time.Sleep(20 * time.Millisecond)
		}
		break
	}
	if n := read.Load(); n > 1_000_000 {
		t.Errorf("%d items read ahead", n)
	}
}

// mapProgress: items are yielded as they end, though others of their run have
// not.
func (s *suite) mapProgress(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	g, opened := newGate(t), newGate(t)
	opened.open()
	args := func(yield func(gateArg) bool) {
		for i := range 10 {
			a := opened.arg(i)
			if i == 7 {
				a = g.arg(i)
			}
			if !yield(a) {
				return
			}
		}
	}
	i := 0
	for v, err := range futures.Map(ctx, ex, atGate, args, futures.ChunkSize(10)) {
		if v != i || err != nil {
			t.Fatalf("item %d: %v, %v", i, v, err)
		}
		if i++; i == 7 {
			g.open() // only when all before it have come
		}
	}
	if i != 10 {
		t.Errorf("%d items", i)
	}
}

// mapTrickle: items of an input that pauses are not kept until there are more.
func (s *suite) mapTrickle(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, opts := range [][]futures.MapOption{nil, {futures.ChunkSize(100)}} {
		in := make(chan int, 1000)
		in <- 0
		seq := func(yield func(int) bool) {
			for x := range in {
				if !yield(x) {
					return
				}
			}
		}
		i := 0
		for v, err := range futures.Map(ctx, ex, inc, seq, opts...) {
			if i++; v != i || err != nil {
				t.Fatalf("item %d = %v, %v", i-1, v, err)
			}
			switch {
			case i == 3000:
				close(in)
			case i >= 1000 && i < 2000: // a burst
				if i == 1000 {
					for k := range 1000 {
						in <- 1000 + k
					}
				}
				if i == 1999 {
					continue
				}
			case i == 2000:
				in <- i
			default:
				in <- i // the next comes only after this
			}
		}
		if i != 3000 {
			t.Errorf("%d items", i)
		}
	}
}

// mapContext: when the context ends, what has been read is yielded with its
// errors, then the context's error.
func (s *suite) mapContext(t *testing.T) {
	ex := s.start(t)
	for _, opts := range [][]futures.MapOption{nil, {futures.ChunkSize(5), futures.Buffer(50)}} {
		ctx, cancel := context.WithCancelCause(limit(t))
		defer cancel(nil)
		g := newGate(t)
		opened := newGate(t)
		opened.open()
		args := func(yield func(gateArg) bool) {
			for i := 0; ; i++ {
				a := g.arg(i)
				if i < 3 {
					a = opened.arg(i)
				}
				if !yield(a) {
					return
				}
			}
		}
		var errs []error
		for v, err := range futures.Map(ctx, ex, atGate, args, opts...) {
			if len(errs) < 3 && (v != len(errs) || err != nil) {
				t.Errorf("item %d: %v, %v", len(errs), v, err)
			}
			if errs = append(errs, err); len(errs) == 3 {
				g.arrived()
				cancel(errReason)
			}
		}
		if len(errs) < 5 {
			t.Errorf("%d items", len(errs))
		}
		for i, err := range errs[3:] {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("item %d: %v", 3+i, err)
			}
		}
		if last := errs[len(errs)-1]; !errors.Is(last, errReason) {
			t.Errorf("the last error: %v", last)
		}
	}
	// A context that is over from the beginning.
	ctx, cancel := context.WithCancel(limit(t))
	cancel()
	n := 0
	for _, err := range futures.Map(ctx, ex, inc, numbers(0, 10)) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors under a context that was over", n)
	}
}

func (s *suite) mapTimeout(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	n := 0
	for _, err := range futures.Map(ctx, ex, untilDone, numbers(0, 6), futures.TaskTimeout(5*time.Millisecond), futures.ChunkSize(2)) {
		if n++; !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, futures.ErrStillRunning) {
			t.Errorf("item: %v", err)
		}
	}
	if n != 6 {
		t.Errorf("%d items", n)
	}
}

func (s *suite) mapRefused(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	var read atomic.Int64
	i, refused := 0, 0
	for v, err := range futures.Map(ctx, ex, inc, forever(&read), futures.Buffer(100)) {
		switch {
		case err == nil && (v != i+1 || refused > 0):
			t.Fatalf("item %d: %v after %d refusals", i, v, refused)
		case err != nil && !errors.Is(err, futures.ErrShutdown):
			t.Fatalf("item %d: %v", i, err)
		case err != nil:
			refused++
		}
		if i++; i == 10 {
			if err := ex.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if i > 1000 {
			t.Fatal("the map goes on")
		}
	}
	if refused == 0 {
		t.Error("the map ended without an error")
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
	for v, err := range futures.Map(ctx, ex, takesAny, args, futures.ChunkSize(20)) {
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
			for v, err := range futures.Map(ctx, ex, spin, lengths) {
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
