package futures_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/conexgo/conex/futures"
)

// A step is something that an engine does to a batch of 8 items, of which item
// i has the result 10+i, or the error of that number.
type step func(t futures.Task)

func fin(i int) step { return func(t futures.Task) { t.Finish(i, le(int64(10+i))) } }

func fail(i int) step { return func(t futures.Task) { t.Fail(i, numbered(i)) } }

func failAll() step { return func(t futures.Task) { t.Fail(-1, numbered(-1)) } }

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
				// Under a clock of its own the input is never late, so that
				// its 8 items make one batch.
				synctest.Test(t, func(t *testing.T) {
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
