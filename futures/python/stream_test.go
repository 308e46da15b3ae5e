package python

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/pickle"
)

// A generators is an engine with workers in Go: each stream gets the numbers from 0
// to n-1, as fast as its credit allows, and then the error.
type generators struct {
	futures.Executor
	n      int
	err    error
	item   func(i int) any  // instead of i
	before func(streamTask) // when a worker gets the stream
	after  func(sent int)   // each item
	grace  time.Duration    // that a closed one takes to end
	tasks  sync.WaitGroup
	sent   atomic.Int64
	closed atomic.Int64 // streams of which the worker was told that nobody reads
	calls  atomic.Int64
}

func (g *generators) Submit(t futures.Task) error {
	if err := checkTask(t, true); err != nil {
		return err
	}
	if _, err := t.Encode(nil); err != nil {
		return notEncodable(t.Name(), err)
	}
	g.calls.Add(1)
	g.tasks.Go(func() { g.run(t.(streamTask)) })
	return nil
}

func (g *generators) run(s streamTask) {
	if g.before != nil {
		g.before(s)
	}
	if !s.Start() {
		return
	}
	credit := make(chan uint32, 1<<16)
	left := s.open(func(n uint32) { credit <- n })
	for i := range g.n {
		for left == 0 && s.Context().Err() == nil {
			select {
			case n := <-credit:
				left += n
			case <-s.Context().Done():
			}
		}
		if s.Context().Err() != nil {
			if s.closed() {
				g.closed.Add(1)
			}
			time.Sleep(g.grace)
			s.Fail(0, watch.Reason(s.Context()))
			return
		}
		left--
		v := any(i)
		if g.item != nil {
			v = g.item(i)
		}
		b, err := pickle.Marshal(v)
		if err != nil {
			panic(err)
		}
		g.sent.Add(1)
		s.item(b, false, nil)
		clear(b) // it belongs to the link
		if g.after != nil {
			g.after(i + 1)
		}
	}
	if g.err != nil {
		s.Fail(0, g.err)
	} else {
		s.Finish(0, nil)
	}
	s.item([]byte("late"), false, nil)
	s.Fail(0, errors.New("too late"))
}

var numbers = Func[struct{}, int]("m:numbers")

// collect reads a stream to its end.
func collect[R any](seq func(yield func(R, error) bool)) (all []R, err error) {
	for v, e := range seq {
		if err != nil {
			return all, fmt.Errorf("another pair after the error %w", err)
		}
		if err = e; err == nil {
			all = append(all, v)
		}
	}
	return all, err
}

func TestStream(t *testing.T) {
	why := errors.New("why")
	for _, window := range []int{1, 2, 3, 7, 32, 1000} {
		for _, n := range []int{0, 1, 2, 31, 32, 33, 500} {
			for _, end := range []error{nil, why} {
				synctest.Test(t, func(t *testing.T) {
					g := &generators{n: n, err: end}
					var taken atomic.Int64
					g.after = func(sent int) {
						// The one that the loop's body has counts as yielded.
						if ahead := int64(sent) - taken.Load(); ahead > int64(window)+1 {
							t.Errorf("%d items ahead with a window of %d", ahead, window)
						}
					}
					next := 0
					for v, err := range Stream(t.Context(), g, numbers, struct{}{}, Buffer(window)) {
						if next == n && end != nil {
							if err != why || v != 0 {
								t.Errorf("%v at the end", err)
							}
							end = nil
							continue
						}
						if err != nil || v != next {
							t.Fatalf("item %d: %d, %v", next, v, err)
						}
						next++
						taken.Add(1)
					}
					if next != n || end != nil {
						t.Errorf("window %d: %d items of %d, error %v", window, next, n, end)
					}
					g.tasks.Wait()
				})
			}
		}
	}
}

// The worker gets ahead by the window and waits then; a consumer that stands still
// gets no more.
func TestStreamBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &generators{n: 1 << 30}
		i := 0
		for v, err := range Stream(t.Context(), g, numbers, struct{}{}, Buffer(10)) {
			if err != nil || v != i {
				t.Fatal(v, err)
			}
			i++
			synctest.Wait()
			ahead := int(g.sent.Load()) - i
			if ahead > 10 || ahead < 5 {
				t.Errorf("after %d items the worker is %d ahead", i, ahead)
			}
			if i == 1000 {
				break
			}
		}
		g.tasks.Wait()
		if g.closed.Load() != 1 {
			t.Error("the generator was not closed")
		}
	})
}

// break tells the worker, and does not wait for it.
func TestStreamBreak(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		g := &generators{n: 1 << 30, grace: time.Hour}
		start := time.Now()
		for range Stream(t.Context(), g, numbers, struct{}{}) {
			break
		}
		func() {
			defer func() { recover() }()
			for range Stream(t.Context(), g, numbers, struct{}{}) {
				panic("the body's")
			}
		}()
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
		g.tasks.Wait()
		if g.closed.Load() != 2 {
			t.Errorf("%d generators were closed", g.closed.Load())
		}
	})
}

// A stream that nobody reads any more is not begun.
func TestStreamBreakPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		begin := make(chan struct{})
		g := &generators{n: 1, before: func(streamTask) { <-begin }}
		cancelled := time.AfterFunc(time.Second, cancel)
		defer cancelled.Stop()
		_, err := collect(Stream(ctx, g, numbers, struct{}{}))
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(begin)
		g.tasks.Wait()
		if g.sent.Load() != 0 {
			t.Error("it was begun")
		}
	})
}

// When ctx ends, what has arrived is yielded, and then the reason.
func TestStreamContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the reason")
		for _, deadline := range []bool{false, true} {
			ctx, cancel := context.WithCancelCause(t.Context())
			if deadline {
				var stop context.CancelFunc
				ctx, stop = context.WithTimeoutCause(ctx, time.Second, why)
				defer stop()
			}
			g := &generators{n: 1 << 30}
			n, start := 0, time.Now()
			var last error
			for _, err := range Stream(ctx, g, numbers, struct{}{}, Buffer(8)) {
				if last = err; err != nil {
					break
				}
				if n++; n == 3 {
					synctest.Wait() // the window is full
					if deadline {
						time.Sleep(2 * time.Second)
					} else {
						cancel(why)
					}
					synctest.Wait()
				}
			}
			if n < 8 || n > 11 || !errors.Is(last, why) || !errors.Is(last, ctx.Err()) || last == nil {
				t.Errorf("%d items, %v", n, last)
			}
			if d := time.Since(start); deadline && d != 2*time.Second {
				t.Errorf("it took %v", d)
			}
			g.tasks.Wait()
			if g.closed.Load() != 0 {
				t.Error("the worker was told that nobody reads, not that the context has ended")
			}
			cancel(nil)
		}
		// One that has ended begins nothing.
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		g := &generators{n: 1}
		if _, err := collect(Stream(ctx, g, numbers, struct{}{})); !errors.Is(err, why) || !errors.Is(err, context.Canceled) || g.calls.Load() != 0 {
			t.Error(err)
		}
	})
}

// An item that is no R ends the stream, after those before it, and the generator.
func TestStreamBadItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &generators{n: 1 << 30, item: func(i int) any {
			if i == 3 {
				return "three"
			}
			return i
		}}
		all, err := collect(Stream(t.Context(), g, numbers, struct{}{}))
		var unfit *pickle.UnmarshalTypeError
		if !reflect.DeepEqual(all, []int{0, 1, 2}) || !errors.As(err, &unfit) || !strings.Contains(err.Error(), `"m:numbers"`) {
			t.Error(all, err)
		}
		g.tasks.Wait()
		if g.closed.Load() != 1 {
			t.Error("the generator was not closed")
		}
	})
}

// Once there was an item a stream is not tried again; before that it is.
func TestStreamRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := pickled(t, 1)
		g := &generators{n: 1, before: func(s streamTask) {
			first, again := s.Start(), s.Start()
			if !first || !again || !s.Again() {
				t.Error("a stream without items cannot be tried again")
			}
			s.open(func(uint32) { t.Error("credit for a worker that has it no more") })
		}}
		if all, err := collect(Stream(t.Context(), g, numbers, struct{}{})); len(all) != 1 || err != nil {
			t.Error(all, err)
		}
		g = &generators{n: 1, before: func(s streamTask) {
			s.Start()
			s.open(func(uint32) {})
			s.item(one, true, nil)
			if s.Again() || s.Start() || !s.Done() {
				t.Error("a stream with items is tried again")
			}
		}}
		all, err := collect(Stream(t.Context(), g, numbers, struct{}{}))
		if !reflect.DeepEqual(all, []int{1}) || !errors.Is(err, futures.ErrWorkerDied) {
			t.Error(all, err)
		}
		g.tasks.Wait()
	})
}

func pickled(t *testing.T, v any) []byte {
	t.Helper()
	b, err := pickle.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Each range is a call of its own, also of several goroutines at the same time.
func TestStreamTwice(t *testing.T) {
	leak.Check(t)
	g := &generators{n: 1000}
	seq := Stream(t.Context(), g, numbers, struct{}{}, Buffer(4))
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			if all, err := collect(seq); len(all) != 1000 || err != nil {
				t.Error(len(all), err)
			}
		})
	}
	readers.Wait()
	g.tasks.Wait()
	if g.calls.Load() != 8 {
		t.Errorf("%d calls", g.calls.Load())
	}
}

// What is wrong is said by the first pair, which is the last.
func TestStreamRefused(t *testing.T) {
	ctx, g := t.Context(), &generators{n: 1}
	threads, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer threads.Close()
	isolated, err := futures.NewIsolatedPool(futures.ThreadConfig{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer isolated.Close()
	local := futures.Local(func(context.Context, int) (int, error) { return 0, nil })
	none := context.Context(nil)
	for _, test := range []struct {
		seq  func(func(int, error) bool)
		is   error
		want string
	}{
		{Stream(none, g, numbers, struct{}{}), nil, "nil context"},
		{Stream(ctx, nil, numbers, struct{}{}), nil, "nil executor"},
		{Stream[int, int](ctx, g, nil, 1), nil, "nil function"},
		{Stream(ctx, g, InlineFunc[int, int]{}, 1), futures.ErrNotEncodable, "zero InlineFunc"},
		{Stream(ctx, g, numbers, struct{}{}, Buffer(0)), nil, "Buffer(0)"},
		{Stream(ctx, g, local, 1), futures.ErrNotEncodable, "one of Go"},
		{Stream(ctx, g, Func[any, int]("m:f"), any(make(chan int))), futures.ErrNotEncodable, "chan int"},
		{Stream(ctx, g, Func[int, int]("f"), 1), ErrNotFound, "names no function"},
		{Stream(ctx, threads, numbers, struct{}{}), ErrNotPython, "runs in a pool of package futures/python"},
		{Stream(ctx, isolated, numbers, struct{}{}), ErrNotPython, "runs in a pool of package futures/python"},
	} {
		all, err := collect(test.seq)
		if len(all) > 0 || err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%v, %v; want %q", all, err, test.want)
		}
	}
	threads.Close()
	if _, err := collect(Stream(ctx, threads, numbers, struct{}{})); !errors.Is(err, futures.ErrShutdown) {
		t.Error(err)
	}
}

// The task of a stream, as an engine sees it.
func TestStreamTask(t *testing.T) {
	s := makeStream(t.Context(), Func[string, struct{}]("m:f").Wire(), "abc", 5)
	if s.Entry().Flags != flagStream || s.Len() != 1 || s.Name() != "m:f" || s.Timeout() != 0 || s.SizeHint() < 3 {
		t.Errorf("%+v", s.Entry())
	}
	if Func[string, struct{}]("m:f").Wire().Flags != flagNoResult {
		t.Error("the flags of the function have changed")
	}
	const item = "\x06\x00\x00\x00\x8c\x03abc."
	if _, err := s.Encode([]byte("x")); err != nil || s.ArgSize(0, 1) != len(item) || string(s.AppendArgs([]byte("y"), 0, 1)) != "y"+item {
		t.Errorf("%q, %v", s.buf, err)
	}
	if s.ArgSize(1, 1) != 0 || len(s.AppendArgs(nil, 0, 0)) != 0 {
		t.Error("of nothing")
	}
	s.FinishRange(0, 1, nil)
	if !s.Done() || s.Start() {
		t.Error("not ended")
	}
	s.leave()
}
