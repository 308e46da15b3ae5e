package queue_test

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/conexgo/conex/queue"
)

// A failing store fails when it is told to, by an error or a panic.
type failing struct {
	middle
	push, pop error // the next time
	panics    bool
}

func (f *failing) fail(err *error) error {
	e := *err
	*err = nil
	if e != nil && f.panics {
		panic(e)
	}
	return e
}

func (f *failing) Push(v int) error {
	if err := f.fail(&f.push); err != nil {
		return err
	}
	return f.middle.Push(v)
}

func (f *failing) Pop() (int, error) {
	if err := f.fail(&f.pop); err != nil {
		return 0, err
	}
	return f.middle.Pop()
}

var errLose = errors.New("you lose")

// A Store that fails does so in the call that needed it, also in one that
// waited, and the queue goes on.
func TestFailingStore(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(map[bool]string{false: "error", true: "panic"}[panics], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &failing{panics: panics}
				q := queue.NewCustom[int](s, size)
				for range 2 {
					failingStore(t, q, s)
				}
			})
		})
	}
}

func failingStore(t *testing.T, q tasked, s *failing) {
	for i := range size - 1 {
		want(t, q.Put(bg, i))
	}
	s.push = errLose
	want(t, q.TryPut(9), errLose)
	s.push = errLose
	want(t, q.Put(t.Context(), 9), errLose)
	if q.Len() != size-1 || q.Unfinished() != size-1 {
		t.Errorf("Len %d, Unfinished %d after puts that failed", q.Len(), q.Unfinished())
	}
	want(t, q.Put(bg, 9))
	// Two that wait to put; the first fails when a place is free, and the
	// second gets it.
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- q.Put(bg, 8) }()
		synctest.Wait()
	}
	s.push = errLose
	_, err := q.Get(bg)
	want(t, err)
	oneLoses(t, <-errs, <-errs)
	if !q.Full() {
		t.Errorf("Len %d", q.Len())
	}
	for range size - 1 {
		_, err := q.Get(bg)
		want(t, err)
	}
	s.pop = errLose
	_, err = q.Get(bg)
	want(t, err, errLose)
	s.pop = errLose
	_, err = q.TryGet()
	want(t, err, errLose)
	if q.Len() != 1 {
		t.Errorf("Len %d after gets that failed", q.Len())
	}
	_, err = q.Get(bg)
	want(t, err)
	// Two that wait to get; the first fails when there is an item, and the
	// second gets it.
	for range 2 {
		go func() { _, err := q.Get(bg); errs <- err }()
		synctest.Wait()
	}
	s.pop = errLose
	want(t, q.Put(bg, 7))
	oneLoses(t, <-errs, <-errs)
	if !q.Empty() {
		t.Errorf("Len %d", q.Len())
	}
	done(t, q)
}

// oneLoses fails t unless one of two calls failed.
func oneLoses(t *testing.T, a, b error) {
	t.Helper()
	if a == nil {
		a, b = b, a
	}
	want(t, a, errLose)
	want(t, b)
}

// Errors of a Store that look like the queue's own are the Store's: there is
// nothing to be waited for.
func TestStoreSaysEmpty(t *testing.T) {
	s := new(failing)
	q := queue.NewCustom[int](s, 2)
	s.push = queue.ErrFull
	want(t, q.Put(bg, 1), queue.ErrFull)
	want(t, q.Put(bg, 1))
	s.pop = queue.ErrEmpty
	_, err := q.Get(bg)
	want(t, err, queue.ErrEmpty)
	q.Shutdown()
	s.pop = queue.ErrEmpty
	_, err = q.Get(bg)
	want(t, err, queue.ErrEmpty)
	item(t, 1)(q.Get(bg))
}

// What a store holds already belongs to the queue.
func TestStoreWithItems(t *testing.T) {
	q := queue.NewCustom[int](&middle{1, 2, 3}, 2)
	if q.Len() != 3 || q.Unfinished() != 3 || !q.Full() {
		t.Errorf("Len %d, Unfinished %d, Full %v", q.Len(), q.Unfinished(), q.Full())
	}
	want(t, q.TryPut(4), queue.ErrFull)
	item(t, 2)(q.Get(bg))
	item(t, 3)(q.Get(bg))
	want(t, q.TryPut(4))
}

// A Store that refuses to give out its items does not stop ShutdownNow.
func TestShutdownNowFailingStore(t *testing.T) {
	for _, panics := range []bool{false, true} {
		s := &failing{middle: middle{1, 2, 3}, panics: panics, pop: errLose}
		q := queue.NewCustom[int](s, 0)
		q.ShutdownNow()
		_, err := q.Get(bg)
		want(t, err, queue.ErrShutDown)
		if q.Len() != 0 || q.Unfinished() != 0 {
			t.Errorf("Len %d, Unfinished %d", q.Len(), q.Unfinished())
		}
	}
}

// Whichever comparison panics: the item is not added, or not lost, and the
// order is what it was.
func TestLessPanics(t *testing.T) {
	fuse := -1 // comparisons until one panics
	q := queue.NewPriority(0, func(a, b int) bool {
		if fuse--; fuse == -1 {
			panic(io.ErrUnexpectedEOF)
		}
		return a/10 < b/10 // the last digit tells equals apart
	})
	check := func(err error) {
		t.Helper()
		var p *queue.PanicError
		if !errors.Is(err, queue.ErrPanic) || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &p) {
			t.Fatalf("error %v", err)
		}
		if p.Value != io.ErrUnexpectedEOF || !strings.Contains(string(p.Stack), "TestLessPanics") || !strings.Contains(p.Error(), "unexpected EOF") {
			t.Fatalf("%v\n%s", p, p.Stack)
		}
	}
	const n = 300
	var all []int
	for i := range n {
		v := i*7919%n/10*10 + i%10
		for at := 0; ; at++ { // the first comparison panics, then the second, …
			fuse = at
			err := q.Put(bg, v)
			if err == nil {
				break
			}
			if check(err); q.Len() != i || q.Unfinished() != i {
				t.Fatalf("Len %d, Unfinished %d after a put that failed, want %d", q.Len(), q.Unfinished(), i)
			}
		}
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b int) int { return a/10 - b/10 })
	for i, v := range all {
		for at := 0; ; at++ {
			fuse = at
			got, err := q.Get(bg)
			if err == nil {
				if got != v {
					t.Fatalf("item %d is %d, want %d", i, got, v)
				}
				break
			}
			if check(err); q.Len() != n-i {
				t.Fatalf("Len %d after a get that failed, want %d", q.Len(), n-i)
			}
		}
	}
}

// A panic with something that is no error.
func TestPanicError(t *testing.T) {
	q := queue.NewPriority(0, func(a, b int) bool { panic("no order") })
	want(t, q.Put(bg, 1))
	err := q.Put(bg, 2)
	want(t, err, queue.ErrPanic)
	if err == nil || err.Error() != "queue: panic in the order of the items: no order" {
		t.Errorf("error %q", err)
	}
	item(t, 1)(q.Get(bg))
}

// A less function, or a Store, that ends its goroutine leaves the queue whole.
func TestGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exits := true
		q := queue.NewPriority(0, func(a, b int) bool {
			if exits {
				exits = false
				runtime.Goexit()
			}
			return a < b
		})
		want(t, q.Put(bg, 2))
		ended := newGate()
		go func() {
			defer close(ended)
			q.Put(bg, 1)
		}()
		<-ended
		if q.Len() != 1 {
			t.Errorf("Len %d", q.Len())
		}
		want(t, q.Put(bg, 1))
		item(t, 1)(q.Get(bg))
		item(t, 2)(q.Get(bg))
	})
}

// Items that contradict all order come out in some order, each once.
func TestNonsenseOrder(t *testing.T) {
	for name, less := range map[string]func(a, b int) bool{
		"always": func(a, b int) bool { return true },
		"never":  func(a, b int) bool { return false },
		"odd":    func(a, b int) bool { return (a+b)%3 == 1 },
	} {
		q := queue.NewPriority(0, less)
		var got []int
		for i := range 1000 {
			want(t, q.Put(bg, i))
			if i%3 == 0 {
				v, err := q.Get(bg)
				want(t, err)
				got = append(got, v)
			}
		}
		q.Shutdown()
		got = slices.AppendSeq(got, q.All(bg))
		if name == "never" && !slices.IsSorted(got) {
			t.Error("equals are not first in, first out")
		}
		slices.Sort(got)
		if len(got) != 1000 || len(slices.Compact(got)) != 1000 {
			t.Errorf("%s: %d of 1000 items, %d different ones", name, len(got), len(slices.Compact(got)))
		}
	}
}
