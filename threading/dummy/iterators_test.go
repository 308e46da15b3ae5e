package dummy

import (
	"errors"
	"iter"
	"slices"
	"testing"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// panicked returns what f panics with.
func panicked(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

func TestSerializeIterator(t *testing.T) {
	it := SerializeIterator(count(5))
	if v, ok := it.Next(); v != 0 || !ok {
		t.Errorf("%v, %v", v, ok)
	}
	for v := range it.All() {
		if v == 2 {
			break
		}
	}
	if got := slices.Collect(it.All()); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("got %v", got)
	}
	it.Stop()
	it.Stop()
	if _, ok := it.Next(); ok {
		t.Error("more after the end")
	}
	early := SerializeIterator(count(5))
	early.Next()
	early.Stop()
	if _, ok := early.Next(); ok {
		t.Error("more after Stop")
	}
	var zero SerialIterator[int]
	if _, ok := zero.Next(); ok {
		t.Error("a value of nothing")
	}
	zero.Stop()
	if got := slices.Collect(SynchronizedIterator(count)(3).All()); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("got %v", got)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a nil sequence is taken")
			}
		}()
		SerializeIterator[int](nil)
	}()
}

// A sequence that fails, or asks itself.
func TestSerializeIteratorPanics(t *testing.T) {
	failure := errors.New("failure")
	it := SerializeIterator(func(yield func(int) bool) { yield(1); panic(failure) })
	it.Next()
	err := panicked(func() { it.Next() })
	var p *PanicError
	if !errors.As(err, &p) || p.Value != failure || len(p.Stack) == 0 {
		t.Errorf("panicked with %v", err)
	}
	if _, ok := it.Next(); ok {
		t.Error("more after a panic")
	}
	for name, op := range map[string]func(it *SerialIterator[int]){
		"SerialIterator.Next": func(it *SerialIterator[int]) { it.Next() },
		"SerialIterator.Stop": (*SerialIterator[int]).Stop,
	} {
		var self *SerialIterator[int]
		self = SerializeIterator(func(yield func(int) bool) {
			err := panicked(func() { op(self) })
			var d *DeadlockError
			if !errors.As(err, &d) || d.Op != name {
				t.Errorf("%s of the one that makes the value: %v", name, err)
			}
			yield(7)
		})
		if v, ok := self.Next(); v != 7 || !ok {
			t.Errorf("%v, %v", v, ok)
		}
		self.Stop()
	}
}

func TestConcurrentTee(t *testing.T) {
	steps, over := 0, false
	src := func(yield func(int) bool) {
		defer func() { over = true }()
		for i := range 4 {
			steps++
			if !yield(i * i) {
				return
			}
		}
	}
	all, err := ConcurrentTee(src, 3)
	check(t, "ConcurrentTee", err, nil)
	for v := range all[0] {
		if v == 1 {
			break
		}
	}
	if steps != 2 || over {
		t.Errorf("%d steps, over: %v", steps, over)
	}
	if got := slices.Collect(all[1]); !slices.Equal(got, []int{0, 1, 4, 9}) || steps != 4 {
		t.Errorf("got %v in %d steps", got, steps)
	}
	if got := slices.Collect(all[2]); !slices.Equal(got, []int{0, 1, 4, 9}) || steps != 4 {
		t.Errorf("got %v in %d steps", got, steps)
	}
	if got := slices.Collect(all[1]); got != nil || !over {
		t.Errorf("again: %v; over: %v", got, over)
	}

	over = false
	all, _ = ConcurrentTee(src, 2)
	for _, branch := range all {
		for range branch {
			break
		}
	}
	if !over {
		t.Error("nobody is left, but it was not stopped")
	}

	none, err := ConcurrentTee(src, 0)
	check(t, "ConcurrentTee, none", err, nil)
	if len(none) != 0 {
		t.Errorf("%d branches", len(none))
	}
	_, err = ConcurrentTee(src, -1)
	check(t, "ConcurrentTee, fewer", err, ErrBranches)
}

func TestConcurrentTeePanics(t *testing.T) {
	failure := errors.New("failure")
	all, _ := ConcurrentTee(func(yield func(int) bool) { yield(1); panic(failure) }, 2)
	for _, branch := range all {
		n := 0
		err := panicked(func() {
			for range branch {
				n++
			}
		})
		if !errors.Is(err, failure) || n != 1 {
			t.Errorf("panicked with %v after %d", err, n)
		}
	}
	var self []iter.Seq[int]
	self, _ = ConcurrentTee(func(yield func(int) bool) {
		check(t, "a branch of oneself", panicked(func() {
			for range self[1] {
			}
		}), ErrWouldDeadlock)
		yield(7)
	}, 2)
	if got := slices.Collect(self[0]); !slices.Equal(got, []int{7}) {
		t.Errorf("got %v", got)
	}
}
