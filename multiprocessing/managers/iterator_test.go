package managers

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/pickle"
)

func (i *iterator) iterCall(method string, args ...any) (any, error) {
	return iteratorClass.methods[method](&call{ctx: context.Background(), name: method, args: args}, i)
}

// TestIteratorsNotice: the iterator of a dict or set ends when keys come or go.
func TestIteratorsNotice(t *testing.T) {
	s := contServer()
	d := s.contRef(t, "dict", pickle.NewList(pickle.Tuple{"a", int64(1)}, pickle.Tuple{"b", int64(2)}))
	i := d.contMust(t, "__iter__").(*iterator)
	if v, err := i.iterCall("__next__"); v != "a" || err != nil {
		t.Fatalf("next is %v, %v", v, err)
	}
	d.contMust(t, "__setitem__", "a", int64(3)) // no new key
	if v, err := i.iterCall("__next__"); v != "b" || err != nil {
		t.Fatalf("next is %v, %v", v, err)
	}
	d.contMust(t, "__setitem__", "c", nil)
	for range 2 {
		if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.RuntimeError) || !strings.Contains(err.Error(), "dictionary changed size during iteration") {
			t.Errorf("after a new key: %v", err)
		}
	}
	i = d.contMust(t, "__iter__").(*iterator)
	d.contMust(t, "__delitem__", "c")
	d.contMust(t, "__setitem__", "d", nil)
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.RuntimeError) || !strings.Contains(err.Error(), "dictionary keys changed during iteration") {
		t.Errorf("after another key: %v", err)
	}
	i = d.contMust(t, "__iter__").(*iterator)
	for range 3 {
		if _, err := i.iterCall("__next__"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) {
		t.Errorf("at the end: %v", err)
	}
	d.contMust(t, "clear")
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) {
		t.Errorf("behind the end: %v", err)
	}
	x := s.contRef(t, "set", pickle.NewList("a", "b"))
	i = x.contMust(t, "__iter__").(*iterator)
	x.contMust(t, "add", "c")
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.RuntimeError) || !strings.Contains(err.Error(), "Set changed size during iteration") {
		t.Errorf("after a new element: %v", err)
	}
	if got := iteratorClass.reprOf(i); !strings.HasPrefix(got, "<set_iterator object at 0x") {
		t.Errorf("repr is %s", got)
	}
}

// TestGenerator: send, throw and close do what those of a generator of Python's
// do that does not look at what it is sent.
func TestGenerator(t *testing.T) {
	leak.Check(t)
	ended := 0
	failure := errors.New("item 2")
	count := func() *iterator {
		return iterateSeq(func(yield func(any, error) bool) {
			defer func() { ended++ }()
			for i := range int64(4) {
				var err error
				if i == 2 {
					err = failure
				}
				if !yield(i, err) {
					return
				}
			}
		})
	}
	i := count()
	if _, err := i.iterCall("send", int64(1)); !errors.Is(err, pickle.TypeError) {
		t.Errorf("send to a new generator: %v", err)
	}
	if v, err := i.iterCall("send", nil); v != int64(0) || err != nil {
		t.Errorf("send(None) is %v, %v", v, err)
	}
	if v, err := i.iterCall("send", "x"); v != int64(1) || err != nil {
		t.Errorf("send is %v, %v", v, err)
	}
	// The error of a step is not the end, as with the results of a pool.
	if _, err := i.iterCall("__next__"); !errors.Is(err, failure) {
		t.Errorf("next is %v", err)
	}
	if v, err := i.iterCall("__next__"); v != int64(3) || err != nil {
		t.Errorf("next is %v, %v", v, err)
	}
	for range 2 {
		if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) {
			t.Errorf("at the end: %v", err)
		}
	}
	if ended != 1 {
		t.Errorf("ended %d times", ended)
	}
	thrown := pickle.ValueError.New("x")
	for _, c := range []struct {
		args []any
		want *pickle.ExceptionClass
		text string
	}{
		{[]any{thrown}, pickle.ValueError, "ValueError: x"},
		{[]any{builtin("KeyError")}, pickle.KeyError, "KeyError"},
		{[]any{builtin("KeyError"), "k"}, pickle.KeyError, "KeyError: 'k'"},
		{[]any{builtin("KeyError"), thrown, nil}, pickle.ValueError, "ValueError: x"},
		{[]any{builtin("OSError"), pickle.Tuple{int64(2), "no"}}, pickle.OSError, "no"},
		{[]any{int64(1)}, pickle.TypeError, "exceptions must be classes or instances deriving from BaseException, not int"},
		{[]any{thrown, "x"}, pickle.TypeError, "instance exception may not have a separate value"},
	} {
		i := count()
		i.iterCall("__next__")
		if _, err := i.iterCall("throw", c.args...); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("throw%s: %v", pickle.Repr(pickle.Tuple(c.args)), err)
		}
		i.iterCall("close")
		if v, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) {
			t.Errorf("behind throw and close: %v, %v", v, err)
		}
	}
	if ended != 8 {
		t.Errorf("ended %d times, not 8", ended)
	}
	// One that has not begun has nothing to end.
	i = count()
	i.abandon()
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) || ended != 8 {
		t.Errorf("abandoned: %v, %d", err, ended)
	}
}

// TestIteratorTakesOneStep: while one client waits for an item another one gets
// an error, and the end of the iterator waits for the step.
func TestIteratorTakesOneStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step, stopped := make(chan any), false
		i := &iterator{
			pull: func(*call) (any, bool, error) { return <-step, true, nil },
			stop: func() { stopped = true },
		}
		got := make(chan any, 1)
		go func() {
			v, _ := i.iterCall("__next__")
			got <- v
		}()
		synctest.Wait()
		for _, m := range []string{"__next__", "close"} {
			if _, err := i.iterCall(m); !errors.Is(err, pickle.ValueError) || !strings.Contains(err.Error(), "generator already executing") {
				t.Errorf("%s while a step is taken: %v", m, err)
			}
		}
		i.abandon()
		if stopped {
			t.Error("stopped while a step was taken")
		}
		step <- "item"
		if v := <-got; v != "item" {
			t.Errorf("got %v", v)
		}
		synctest.Wait()
		if !stopped {
			t.Error("not stopped after the step")
		}
	})
}

// TestIteratorPanics: a step that panics is the last one.
func TestIteratorPanics(t *testing.T) {
	i := iterateSeq(func(yield func(any, error) bool) { panic("oh") })
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("recovered %v", p)
			}
		}()
		i.iterCall("__next__")
	}()
	if _, err := i.iterCall("__next__"); !errors.Is(err, pickle.StopIteration) {
		t.Errorf("behind a panic: %v", err)
	}
	runtime.KeepAlive(i)
}
