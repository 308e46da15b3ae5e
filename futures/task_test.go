package futures_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
)

// Registered functions, for what an engine sees of a task.
var (
	double = conex.Register("futures_test.double", func(_ context.Context, x int64) (int64, error) { return 2 * x, nil })
	shout  = conex.Register("futures_test.shout", func(_ context.Context, s string) (string, error) {
		return strings.ToUpper(s), nil
	})
)

// An engine does with tasks what a test tells it.
type engine struct {
	workers int
	tasks   chan futures.Task
	refuse  error
}

func newEngine() *engine { return &engine{workers: 2, tasks: make(chan futures.Task, 1000)} }

func (e *engine) Workers() int                      { return e.workers }
func (e *engine) Shutdown(context.Context) error    { return nil }
func (e *engine) ShutdownNow(context.Context) error { return nil }
func (e *engine) Submit(t futures.Task) error {
	if e.refuse != nil {
		return e.refuse
	}
	if t.Entry() != nil {
		if _, err := t.Encode(nil); err != nil {
			return err
		}
	}
	e.tasks <- t
	return nil
}

func le(xs ...int64) (b []byte) {
	for _, x := range xs {
		b = binary.NativeEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func TestCallTask(t *testing.T) {
	e := newEngine()
	ctx := t.Context()
	f := futures.Submit(ctx, e, double, 21, futures.TaskTimeout(time.Minute))
	task := <-e.tasks
	if task.Name() != "futures_test.double" || task.Entry() != &double.Wire().Entry || task.Len() != 1 || task.Timeout() != time.Minute || task.Context() != ctx {
		t.Errorf("%s, %v, %d, %v", task.Name(), task.Entry(), task.Len(), task.Timeout())
	}
	if got := task.AppendArgs([]byte("x"), 0, 1); string(got) != "x"+string(le(21)) || task.ArgSize(0, 1) != 8 || task.SizeHint() != 8 {
		t.Errorf("argument %x of %d bytes, hint %d", got, task.ArgSize(0, 1), task.SizeHint())
	}
	if task.ArgSize(0, 0) != 0 || task.ArgSize(1, 1) != 0 || len(task.AppendArgs(nil, 1, 1)) != 0 {
		t.Error("no items have a size")
	}
	if task.Done() || !task.Start() || !task.Start() || !f.Running() || f.Cancel() {
		t.Errorf("started: %v", f)
	}
	task.Finish(1, le(1)) // no such item
	task.Finish(0, le(42))
	task.Finish(0, le(43)) // too late, as are these
	task.Fail(0, errTest)
	task.Fail(-1, errTest)
	task.Run(ctx, 0, 1)
	if v, err := f.Result(ctx); v != 42 || err != nil || !task.Done() || task.Start() {
		t.Errorf("finished: %v, %v, %v", v, err, f)
	}

	for _, s := range []string{"", "short", "longer than the room that is kept for small ones", strings.Repeat("long", 1000)} {
		f := futures.Submit(ctx, e, shout, s)
		task := <-e.tasks
		arg := task.AppendArgs(nil, 0, 1)
		if len(arg) != task.ArgSize(0, 1) || len(arg) != task.SizeHint() || !strings.HasSuffix(string(arg), s) {
			t.Errorf("%d bytes, size %d, hint %d", len(arg), task.ArgSize(0, 1), task.SizeHint())
		}
		// An engine may have the bytes put where it wants them.
		own := make([]byte, 3, 10_000)
		if _, err := task.Encode(own); err != nil || string(own[3:3+len(arg)]) != string(arg) || len(task.AppendArgs(nil, 0, 1)) != len(arg) {
			t.Errorf("Encode into a buffer: %v, %d bytes", err, task.ArgSize(0, 1))
		}
		task.Start()
		task.FinishRange(0, 1, arg) // its own argument will do as a result
		if got, err := f.Result(ctx); got != s || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}

	// What is no result is an error.
	f = futures.Submit(ctx, e, double, 1)
	(<-e.tasks).Finish(0, []byte("abc"))
	if v, err := f.Result(ctx); v != 0 || err == nil {
		t.Errorf("3 bytes as an int64: %v, %v", v, err)
	}
	g := futures.Submit(ctx, e, shout, "x")
	task = <-e.tasks
	task.Finish(0, append(task.AppendArgs(nil, 0, 1), 7))
	if v, err := g.Result(ctx); v != "" || err == nil {
		t.Errorf("a byte too many: %q, %v", v, err)
	}

	// Cancelled and failed tasks are not started.
	f = futures.Submit(ctx, e, double, 1)
	f.Cancel()
	if task := <-e.tasks; task.Start() || !task.Done() {
		t.Error("a cancelled task can be started")
	}
	f = futures.Submit(ctx, e, double, 1)
	task = <-e.tasks
	task.Fail(-1, futures.ErrCancelled)
	if task.Start() || !f.Cancelled() {
		t.Errorf("failed with ErrCancelled: %v", f)
	}
}

func TestRunner(t *testing.T) {
	e := newEngine()
	ctx := t.Context()
	f := futures.Submit(ctx, e, double, 1)
	task := <-e.tasks
	task.Start()
	polled := 0
	task.Attach(&futures.Runner{
		Kill: func(u futures.Task) error {
			if u != task {
				t.Errorf("Kill of %v", u)
			}
			u.Fail(0, futures.ErrKilled)
			return nil
		},
		Poll: func(u futures.Task) {
			if u != task {
				t.Errorf("Poll of %v", u)
			}
			if polled++; polled == 2 {
				u.Finish(0, le(2))
			}
		},
	})
	over, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := f.Err(over); !errors.Is(err, futures.ErrStillRunning) || polled != 1 {
		t.Errorf("%v, polled %d times", err, polled)
	}
	if v, err := f.Result(ctx); v != 2 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := f.Kill(); err != nil {
		t.Errorf("Kill when done: %v", err)
	}
	f = futures.Submit(ctx, e, double, 1)
	task = <-e.tasks
	task.Start()
	task.Attach(&futures.Runner{Kill: func(u futures.Task) error { u.Fail(0, futures.ErrKilled); return nil }})
	if err := f.Kill(); err != nil || !errors.Is(f.Err(ctx), futures.ErrKilled) {
		t.Errorf("Kill: %v, %v", err, f)
	}
}

// A step is something that an engine does to a batch of 8 items, of which item
// i has the result 10+i, or the error of that number.
type step func(t futures.Task)

func fin(i int) step  { return func(t futures.Task) { t.Finish(i, le(int64(10+i))) } }
func fail(i int) step { return func(t futures.Task) { t.Fail(i, numbered(i)) } }
func failAll() step   { return func(t futures.Task) { t.Fail(-1, numbered(-1)) } }
func run(from, to int) step {
	return func(t futures.Task) { t.Run(t.Context(), from, to) }
}

func rng(from, to int) step {
	return func(t futures.Task) {
		var b []byte
		for i := from; i < to; i++ {
			b = append(b, le(int64(10+i))...)
		}
		t.FinishRange(from, to, b)
	}
}

type numbered int

func (n numbered) Error() string { return fmt.Sprintf("error %d", int(n)) }

func TestBatchTask(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []step
		want  string // for each item: = result, e own error, - the common error, r was run
	}{
		{"in order", []step{fin(0), fin(1), rng(2, 7), fin(7)}, "========"},
		{"at once", []step{rng(0, 8)}, "========"},
		{"backwards", []step{fin(7), rng(4, 7), fin(3), rng(0, 3)}, "========"},
		{"own errors", []step{fail(0), fin(1), fail(5), rng(2, 5), fail(7), fin(6)}, "e====e=e"},
		{"all fail", []step{failAll()}, "--------"},
		{"the rest fails", []step{rng(0, 3), failAll()}, "===-----"},
		{"what is left fails", []step{fin(0), fin(2), fail(6), failAll()}, "=-=---e-"},
		{"second ends", []step{fin(0), fail(0), fail(3), fin(3), rng(2, 5), rng(0, 8), failAll(), fin(1)}, "===e===="},
		{"no such items", []step{fin(-1), fin(8), fail(8), rng(-2, 0), rng(8, 10), rng(0, 8)}, "========"},
		{"bad bytes", []step{func(t futures.Task) { t.FinishRange(0, 4, le(1, 2, 3)) }, rng(4, 8)}, "????===="},
		{"run", []step{run(0, 8)}, "rrrrrrrr"},
		{"run in parts", []step{run(0, 3), run(0, 5), run(5, 8)}, "rrrrrrrr"},
		{"run and others", []step{fin(6), fail(7), run(0, 6)}, "rrrrrr=e"},
		{"run behind a gap", []step{run(2, 4), fin(0), fin(1), run(4, 8)}, "==rrrrrr"},
		{"run, then fail", []step{run(0, 2), failAll(), run(0, 8)}, "rr------"},
	} {
		for _, unordered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tt.name, unordered), func(t *testing.T) {
				e := newEngine()
				go func() {
					task := <-e.tasks
					if task.Len() != 8 || task.ArgSize(0, 8) != 64 || task.ArgSize(2, 5) != 24 || task.SizeHint() != 64 ||
						!slices.Equal(task.AppendArgs(nil, 3, 5), le(3, 4)) {
						t.Errorf("%d items, %d bytes", task.Len(), task.ArgSize(0, 8))
					}
					if first, again := task.Start(), task.Start(); !first || !again || task.Done() {
						t.Error("cannot be started")
					}
					for _, s := range tt.steps {
						s(task)
					}
					if !task.Done() {
						t.Error("not done")
						task.Fail(-1, errTest)
					}
					if !strings.Contains(tt.want, "-") && !task.Start() {
						t.Error("Start of a task that has been started")
					}
				}()
				got := make([]byte, 8)
				n := 0
				see := func(i int, v int64, err error) {
					n++
					var own numbered
					switch {
					case errors.As(err, &own) && own == -1:
						got[i] = '-'
					case errors.As(err, &own) && int(own) == i:
						got[i] = 'e'
					case err != nil:
						got[i] = '?'
					case v == int64(10+i):
						got[i] = '='
					case v == int64(2*i):
						got[i] = 'r'
					}
					if err != nil && v != 0 {
						t.Errorf("item %d: %v beside %v", i, v, err)
					}
				}
				if unordered {
					for it, err := range futures.MapUnordered(t.Context(), e, double, numbers64(8), futures.ChunkSize(8)) {
						if it.Arg != int64(it.Index) {
							t.Errorf("%+v", it)
						}
						see(it.Index, it.Value, err)
					}
				} else {
					for v, err := range futures.Map(t.Context(), e, double, numbers64(8), futures.ChunkSize(8)) {
						see(n, v, err)
					}
				}
				if string(got) != tt.want || n != 8 {
					t.Errorf("%d items, got %q, want %q", n, got, tt.want)
				}
			})
		}
	}
}

func numbers64(n int) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		for i := range n {
			if !yield(int64(i)) {
				return
			}
		}
	}
}

// TestBatchChaos ends the items of many batches on several goroutines in every
// possible order.
func TestBatchChaos(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		e := newEngine()
		stop := make(chan bool)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for {
					var task futures.Task
					select {
					case <-stop:
						return
					case task = <-e.tasks:
					}
					if !task.Start() {
						continue
					}
					chaos(task)
				}
			})
		}
		const n = 20_000
		count := 0
		check := func(i int, v int64, err error) {
			count++
			if err != nil && err != errTest || err == nil && v != int64(2*i) {
				t.Fatalf("item %d: %v, %v", i, v, err)
			}
		}
		for _, opts := range [][]futures.MapOption{nil, {futures.ChunkSize(100)}, {futures.Buffer(37)}} {
			count = 0
			if unordered {
				for it, err := range futures.MapUnordered(t.Context(), e, double, numbers64(n), opts...) {
					check(it.Index, it.Value, err)
				}
			} else {
				for v, err := range futures.Map(t.Context(), e, double, numbers64(n), opts...) {
					check(count, v, err)
				}
			}
			if count != n {
				t.Errorf("%d items", count)
			}
		}
		close(stop)
		wg.Wait()
	}
}

// chaos ends all items of a task whose function doubles.
func chaos(task futures.Task) {
	n := task.Len()
	arg := func(i int) int64 {
		return int64(binary.NativeEndian.Uint64(task.AppendArgs(nil, i, i+1)))
	}
	var wg sync.WaitGroup
	finish := func(from, to int) {
		var b []byte
		for i := from; i < to; i++ {
			b = append(b, le(2*arg(i))...)
		}
		task.FinishRange(from, to, b)
	}
	switch cut := rand.IntN(n + 1); rand.IntN(5) {
	case 0:
		task.Run(task.Context(), 0, n)
	case 1:
		wg.Go(func() { finish(cut, n) })
		finish(0, cut)
	case 2:
		wg.Go(func() { task.Run(task.Context(), 0, cut) })
		finish(cut, n)
	case 3:
		for _, i := range rand.Perm(n) {
			if rand.IntN(2) == 0 {
				task.Finish(i, le(2*arg(i)))
			} else {
				task.Fail(i, errTest)
			}
		}
	case 4:
		finish(0, cut)
		task.Fail(-1, errTest)
	}
	wg.Wait()
}

func TestMapRefusal(t *testing.T) {
	e := newEngine()
	e.refuse = futures.ErrBroken
	read := 0
	n := 0
	for _, err := range futures.Map(t.Context(), e, double, func(yield func(int64) bool) {
		for yield(1) {
			read++
		}
	}) {
		if n++; err != futures.ErrBroken {
			t.Errorf("%v", err)
		}
	}
	if n != 1 || read != 0 {
		t.Errorf("%d items read after the refusal, %d errors", read, n)
	}
}
