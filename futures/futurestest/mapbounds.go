package futurestest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
)

func (s *suite) mapInfinite(t *testing.T) {
	ex, ctx := s.start(t), limit(t)
	for _, opts := range [][]futures.MapOption{nil, {futures.Buffer(10)}, {futures.ChunkSize(7)}} {
		var read atomic.Int64
		i := 0
		for v, err := range futures.Map(ctx, ex, s.Inc, forever(&read), opts...) {
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
	args := func(yield func(GateArg) bool) {
		for i := 0; yield(g.arg(i)); i++ {
		}
	}
	for range futures.MapUnordered(ctx, ex, s.Gate, func(yield func(GateArg) bool) {
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
		if err := futures.Submit(ctx, ex, s.Inc, 1).Err(ctx); err != nil {
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
		for _, err := range futures.Map(ctx, ex, s.Inc, forever(&read), futures.Buffer(n)) {
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
	for range futures.Map(ctx, ex, s.Inc, forever(&read)) {
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
	args := func(yield func(GateArg) bool) {
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
	for v, err := range futures.Map(ctx, ex, s.Gate, args, futures.ChunkSize(10)) {
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
		for v, err := range futures.Map(ctx, ex, s.Inc, seq, opts...) {
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
		args := func(yield func(GateArg) bool) {
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
		for v, err := range futures.Map(ctx, ex, s.Gate, args, opts...) {
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
	for _, err := range futures.Map(ctx, ex, s.Inc, numbers(0, 10)) {
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
	for _, err := range futures.Map(ctx, ex, s.UntilDone, numbers(0, 6), futures.TaskTimeout(5*time.Millisecond), futures.ChunkSize(2)) {
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
	for v, err := range futures.Map(ctx, ex, s.Inc, forever(&read), futures.Buffer(100)) {
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
