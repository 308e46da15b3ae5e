package threading

import (
	"fmt"
	"iter"
	"sync/atomic"
)

// ConcurrentTee returns n sequences, each of which has all the values of seq,
// for n goroutines. seq runs once, no further than the fastest branch has come;
// what slower ones have not seen yet is kept for them. So a branch that nobody
// ranges over keeps everything.
//
// Each branch can be ranged over once; again it is empty. Breaking out of it
// drops its share, and when all branches are done seq is stopped. If seq
// panics, each branch does, with the same *[PanicError], where it comes to that
// point. A branch that waits for seq to make a value, or for another branch
// that does, cannot be interrupted but by seq.
//
// With n = 0 there are no branches, and seq never runs. The error is
// [ErrBranches] if n is negative.
func ConcurrentTee[T any](seq iter.Seq[T], n int) ([]iter.Seq[T], error) {
	if n < 0 {
		return nil, fmt.Errorf("%w: %d", ErrBranches, n)
	}
	if n == 0 {
		return nil, nil
	}
	t := &tee[T]{src: SerializeIterator(seq), turn: make(chan struct{}, 1)}
	t.branches.Store(int64(n))
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
	turn     chan struct{} // full while somebody asks src
	branches atomic.Int64  // that are not done
}

// A teeNode is a place between two values. Branches hold the place they have
// come to, so what all of them have passed is garbage.
type teeNode[T any] struct{ next atomic.Pointer[teeValue[T]] }

// A teeValue is a value and the place after it.
type teeValue[T any] struct {
	step[T]
	after teeNode[T]
}

func (t *tee[T]) branch(first *teeNode[T]) iter.Seq[T] {
	var at atomic.Pointer[teeNode[T]]
	at.Store(first)
	return func(yield func(T) bool) {
		n := at.Swap(nil)
		if n == nil {
			return
		}
		defer func() {
			if t.branches.Add(-1) == 0 {
				t.src.Stop()
			}
		}()
		for {
			v := n.next.Load()
			if v == nil {
				v = t.ask(n)
			}
			switch v.how {
			case stepOver:
				return
			case stepPanic:
				panic(v.panic)
			}
			if n = &v.after; !yield(v.value) {
				return
			}
		}
	}
}

// ask gets the value after n, unless another branch has got it meanwhile.
func (t *tee[T]) ask(n *teeNode[T]) *teeValue[T] {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if v := n.next.Load(); v != nil {
		return v
	}
	v := &teeValue[T]{step: t.step()}
	n.next.Store(v)
	return v
}

// step is the next of src.
func (t *tee[T]) step() (s step[T]) {
	defer func() {
		if p := recover(); p != nil {
			s = step[T]{how: stepPanic, panic: asPanicError(p)}
		}
	}()
	v, ok := t.src.Next()
	if !ok {
		s.how = stepOver
	}
	s.value = v
	return s
}
