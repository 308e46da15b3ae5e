package queue_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conexgo/conex/queue"
)

const size = 5

// What the calls do to a bounded queue, one after the other, and twice, so that
// nothing is left from the first time.
func TestBasic(t *testing.T) {
	order := map[string][]int{
		"Queue": {111, 333, 222}, "LifoQueue": {222, 333, 111}, "PriorityQueue": {111, 222, 333},
		"less": {111, 222, 333}, "CustomQueue": {333, 222, 111},
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := k.make(size)
				for range 2 {
					basic(t, q, order[k.name])
				}
			})
		})
	}
}

func basic(t *testing.T, q tasked, order []int) {
	state := func(n int) {
		t.Helper()
		if q.Len() != n || q.Empty() != (n == 0) || q.Full() != (n == size) || q.Cap() != size || q.Closed() {
			t.Errorf("Len %d, Empty %v, Full %v, Cap %d, Closed %v with %d items", q.Len(), q.Empty(), q.Full(), q.Cap(), q.Closed(), n)
		}
	}
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	state(0)
	for _, v := range []int{111, 333, 222} {
		want(t, q.Put(bg, v))
	}
	state(3)
	for _, v := range order {
		item(t, v)(q.Get(bg))
	}
	for i := range size {
		state(i)
		want(t, q.Put(bg, i))
	}
	state(size)
	want(t, q.TryPut(9), queue.ErrFull)
	want(t, q.Put(soon(), 9), queue.ErrFull, context.DeadlineExceeded)
	// A put that waits, with a context that may end and with one that does not.
	for _, ctx := range []context.Context{bg, soon()} {
		done := make(chan error)
		go func() { done <- q.Put(ctx, 9) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("a put to a full queue returned %v", err)
		default:
		}
		_, err := q.Get(bg)
		want(t, err)
		want(t, <-done)
		state(size)
	}
	for range size {
		_, err := q.TryGet()
		want(t, err)
	}
	state(0)
	_, err := q.TryGet()
	want(t, err, queue.ErrEmpty)
	_, err = q.Get(soon())
	want(t, err, queue.ErrEmpty, context.DeadlineExceeded)
	for _, ctx := range []context.Context{bg, soon()} {
		done := make(chan error)
		go func() {
			v, err := q.Get(ctx)
			if v != 7 {
				t.Errorf("got %d", v)
			}
			done <- err
		}()
		synctest.Wait()
		want(t, q.Put(bg, 7))
		want(t, <-done)
	}
	state(0)
	want(t, q.Join(done(t, q)))
}

// done reports as many tasks as there are unfinished.
func done(t *testing.T, q tasked) context.Context {
	for q.Unfinished() > 0 {
		want(t, q.TaskDone())
	}
	return bg
}

// Without a bound nothing is ever full.
func TestUnbounded(t *testing.T) {
	var zero queue.Queue[int]
	var lifo queue.LifoQueue[int]
	for name, q := range map[string]tasked{
		"zero Queue": &zero, "zero LifoQueue": &lifo,
		"0": queue.New[int](0), "-1": queue.New[int](-1), "LIFO -1": queue.NewLifo[int](-1), "MinInt": queue.New[int](math.MinInt),
		"priority -1": queue.NewOrdered[int](-1), "custom -1": queue.NewCustom[int](new(middle), -1),
	} {
		if q.Full() || !q.Empty() || q.Cap() != 0 || q.Len() != 0 || q.Closed() {
			t.Errorf("%s: Full %v, Empty %v, Cap %d, Len %d, Closed %v", name, q.Full(), q.Empty(), q.Cap(), q.Len(), q.Closed())
		}
		for i := range 3000 {
			want(t, q.TryPut(i))
		}
		if q.Full() || q.Len() != 3000 || q.Unfinished() != 3000 {
			t.Errorf("%s: Full %v, Len %d, Unfinished %d", name, q.Full(), q.Len(), q.Unfinished())
		}
	}
}

// Each method of a zero value works on its own.
func TestZero(t *testing.T) {
	for name, call := range map[string]func(q tasked) error{
		"TaskDone":    func(q tasked) error { return q.TaskDone() },
		"Join":        func(q tasked) error { return q.Join(bg) },
		"TryGet":      func(q tasked) error { _, err := q.TryGet(); return err },
		"Shutdown":    func(q tasked) error { q.Shutdown(); return q.Put(bg, 1) },
		"ShutdownNow": func(q tasked) error { q.ShutdownNow(); _, err := q.Get(bg); return err },
		"Put":         func(q tasked) error { return q.Put(bg, 1) },
		"Full":        func(q tasked) error { return errors.Join(q.Put(bg, 1), map[bool]error{true: queue.ErrFull}[q.Full()]) },
	} {
		target := map[string]error{"TaskDone": queue.ErrTooManyDone, "TryGet": queue.ErrEmpty, "Shutdown": queue.ErrShutDown, "ShutdownNow": queue.ErrShutDown}[name]
		for _, q := range []tasked{new(queue.Queue[int]), new(queue.LifoQueue[int])} {
			if err := call(q); !errors.Is(err, target) {
				t.Errorf("%T: %s: error %v", q, name, err)
			}
		}
	}
}

// A queue that cannot work says why, whatever is asked of it, and does not
// wait.
func TestUnusable(t *testing.T) {
	for _, tc := range []struct {
		name string
		q    tasked
		err  error
	}{
		{"zero PriorityQueue", new(queue.PriorityQueue[int]), queue.ErrNoOrder},
		{"nil less", queue.NewPriority[int](1, nil), queue.ErrNoOrder},
		{"zero CustomQueue", new(queue.CustomQueue[int]), queue.ErrNoStore},
		{"nil store", queue.NewCustom[int](nil, 1), queue.ErrNoStore},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := tc.q
			want(t, q.Put(bg, 1), tc.err)
			want(t, q.TryPut(1), tc.err)
			_, err := q.Get(bg)
			want(t, err, tc.err)
			_, err = q.TryGet()
			want(t, err, tc.err)
			for v := range q.All(bg) {
				t.Errorf("got %d", v)
			}
			want(t, q.TaskDone(), queue.ErrTooManyDone)
			want(t, q.Join(bg))
			if q.Len() != 0 || q.Full() {
				t.Errorf("Len %d, Full %v", q.Len(), q.Full())
			}
			q.ShutdownNow()
			want(t, q.Put(bg, 1), queue.ErrShutDown)
		})
	}
}

// A context that has ended matters only where there is something to wait for.
func TestEndedContext(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		reason := errors.New("reason")
		ctx, cancel := context.WithCancelCause(bg)
		cancel(reason)
		q := make(1)
		_, err := q.Get(ctx)
		want(t, err, queue.ErrEmpty, context.Canceled, reason)
		if s := err.Error(); !strings.HasPrefix(s, "queue: empty: ") || !strings.Contains(s, "reason") {
			t.Errorf("error %q", s)
		}
		want(t, q.Put(ctx, 1))
		want(t, q.Put(ctx, 2), queue.ErrFull, context.Canceled, reason)
		want(t, q.Join(ctx), context.Canceled, reason)
		item(t, 1)(q.Get(ctx))
		want(t, q.TaskDone())
		want(t, q.Join(ctx))
		q.Shutdown()
		want(t, q.Put(ctx, 1), queue.ErrShutDown)
		if err := q.Put(ctx, 1); errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// A context that ends ends the wait, wherever in the line.
func TestCancelWait(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		synctest.Test(t, func(t *testing.T) {
			q := make(1)
			waits := func(op func(ctx context.Context) error, release func()) {
				t.Helper()
				reason := errors.New("reason")
				var cancels []context.CancelCauseFunc
				errs := map[int]error{}
				for i := range 3 {
					ctx, cancel := context.WithCancelCause(bg)
					cancels = append(cancels, cancel)
					go func() { errs[i] = op(ctx) }()
					synctest.Wait()
				}
				cancels[1](reason)
				synctest.Wait()
				if len(errs) != 1 || !errors.Is(errs[1], context.Canceled) || !errors.Is(errs[1], reason) {
					t.Fatalf("errors %v", errs)
				}
				release()
				synctest.Wait()
				if len(errs) != 2 || errs[0] != nil {
					t.Fatalf("errors %v", errs)
				}
				cancels[0](nil)
				cancels[2](nil)
				synctest.Wait()
				want(t, errs[2], context.Canceled)
			}
			waits(func(ctx context.Context) error { _, err := q.Get(ctx); return err }, func() { want(t, q.Put(bg, 1)) })
			want(t, q.Put(bg, 1))
			waits(func(ctx context.Context) error { return q.Put(ctx, 2) }, func() { item(t, 1)(q.Get(bg)) })
			if q.Len() != 1 {
				t.Errorf("Len %d", q.Len())
			}
		})
	})
}

// Those who wait are served in the order in which they came.
func TestWaitersInOrder(t *testing.T) {
	each(t, func(t *testing.T, make func(int) tasked) {
		synctest.Test(t, func(t *testing.T) {
			q := make(1)
			ctx, cancel := context.WithCancel(bg)
			defer cancel()
			var served []int
			start := func(op func(ctx context.Context)) {
				served = nil
				for i := range 6 {
					go func() {
						op([]context.Context{bg, ctx}[i%2])
						served = append(served, i)
					}()
					synctest.Wait()
				}
			}
			check := func(n int) {
				t.Helper()
				synctest.Wait()
				if !slices.Equal(served, []int{0, 1, 2, 3, 4, 5}[:n]) {
					t.Fatalf("served %v", served)
				}
			}
			start(func(ctx context.Context) { q.Get(ctx) })
			for i := range 6 {
				check(i)
				want(t, q.Put(bg, 1))
			}
			check(6)
			want(t, q.Put(bg, 1))
			start(func(ctx context.Context) { q.Put(ctx, 1) })
			for i := range 6 {
				check(i)
				item(t, 1)(q.Get(bg))
			}
			check(6)
		})
	})
}

// Several items that come at once wake several that wait, one by one.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue.New[int](0)
		var n atomic.Int64
		for range 10 {
			go func() {
				q.Get(bg)
				n.Add(1)
			}()
		}
		synctest.Wait()
		for i := range 7 {
			want(t, q.Put(bg, i))
		}
		synctest.Wait()
		if n.Load() != 7 || !q.Empty() {
			t.Errorf("%d of 7 were got, %d are left", n.Load(), q.Len())
		}
		q.Shutdown()
	})
}
