package dummy

import (
	"fmt"
	"iter"
	"sync"
)

// ConcurrentTee returns n sequences, each of which has all the values of seq:
// see [threading.ConcurrentTee]. What one branch has seen is kept for the
// others, so that they can be ranged over one after the other.
//
// The error is [ErrBranches] if n is negative.
func ConcurrentTee[T any](seq iter.Seq[T], n int) ([]iter.Seq[T], error) {
	if n < 0 {
		return nil, fmt.Errorf("%w: %d", ErrBranches, n)
	}
	if n == 0 {
		return nil, nil
	}
	t := &tee[T]{src: SerializeIterator(seq), branches: n}
	first := new(teeNode[T])
	all := make([]iter.Seq[T], n)
	for i := range all {
		all[i] = t.branch(first)
	}
	return all, nil
}

// A tee is what the branches share.
type tee[T any] struct {
	src      *SerialIterator[T]
	mu       sync.Mutex // not held while src runs: it would hide who calls whom
	branches int        // protected by mu: that are not done
	asking   bool       // protected by mu: a branch asks src
}

// A teeNode is a place in the sequence. Branches hold the place they have come
// to, so what all of them have passed is garbage.
type teeNode[T any] struct {
	known bool // protected by the tee's mu, as what follows
	value T
	over  bool
	panic any
	next  *teeNode[T]
}

func (t *tee[T]) branch(at *teeNode[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		t.mu.Lock()
		n := at
		at = nil
		t.mu.Unlock()
		if n == nil {
			return
		}
		defer t.leave()
		for {
			t.know(n)
			if n.panic != nil {
				panic(n.panic)
			}
			if n.over || !yield(n.value) {
				return
			}
			n = n.next
		}
	}
}

// know makes sure that it is known what comes at n.
func (t *tee[T]) know(n *teeNode[T]) {
	t.mu.Lock()
	known, asking := n.known, t.asking
	t.asking = t.asking || !known
	t.mu.Unlock()
	switch {
	case known:
		return
	case asking:
		panic(deadlock(nobody, "a branch of ConcurrentTee", holder{}, "the sequence is about to make a value"))
	}
	var value T
	var ok bool
	defer func() { // also if the sequence calls Goexit
		p := recover()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.asking = false
		n.known, n.value, n.over, n.panic, n.next = true, value, !ok, p, new(teeNode[T])
	}()
	value, ok = t.src.Next()
}

// leave stops src when all branches are done.
func (t *tee[T]) leave() {
	t.mu.Lock()
	t.branches--
	last := t.branches == 0
	t.mu.Unlock()
	if last {
		t.src.Stop()
	}
}
