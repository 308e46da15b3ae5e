package threading

import (
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// A SerialIterator hands the values of a sequence out to several goroutines:
// each value once, none left out, in their order. Make one with
// [SerializeIterator].
//
// The sequence runs in a goroutine of its own, one step for each value that is
// asked for. That begins with the first Next and is over when the sequence ends
// or Stop has returned; an iterator that is given up earlier needs its Stop.
// What happens before a Next synchronizes before the step of the sequence that
// it causes, and that before the Next returns.
//
// The zero value is an empty sequence. A SerialIterator must not be copied. Its
// methods are safe for concurrent use. Python's send and throw have no
// counterpart: sequences take no input.
type SerialIterator[T any] struct {
	seq   iter.Seq[T]
	start sync.Once // starts the goroutine, or makes sure that it never starts
	stop  sync.Once // closes ended

	want  chan struct{} // a wish for one value
	step  chan step[T]  // its fulfilment
	ended chan struct{} // closed by Stop
	over  chan struct{} // closed by the goroutine when it ends
}

// A step is how the wait for a value ends.
type step[T any] struct {
	value T
	how   stepEnd
	panic *PanicError
}

type stepEnd int

const (
	stepValue stepEnd = iota
	stepOver
	stepPanic
	stepGoexit
)

// SerializeIterator returns an iterator over seq that goroutines can share.
// iter.Pull is faster, but its functions must not be called at the same time,
// nor from goroutines that are bound to different system threads. A nil seq
// panics.
func SerializeIterator[T any](seq iter.Seq[T]) *SerialIterator[T] {
	if seq == nil {
		panic("threading: SerializeIterator of a nil sequence")
	}
	return &SerialIterator[T]{
		seq: seq, want: make(chan struct{}), step: make(chan step[T]),
		ended: make(chan struct{}), over: make(chan struct{}),
	}
}

// Next returns the next value, or false when there are no more. It blocks while
// the sequence makes the value, and while other callers, who came first, get
// theirs; only the sequence and Stop can end that, so one that may take long
// should heed a context. If the sequence panics Next does, with a *[PanicError];
// if it calls runtime.Goexit, Next ends its goroutine likewise. After that there
// are no more values.
func (it *SerialIterator[T]) Next() (value T, ok bool) {
	if it.seq == nil {
		return value, false
	}
	it.start.Do(func() { go it.run() })
	select {
	case it.want <- struct{}{}:
	case <-it.over:
		return value, false
	}
	s := <-it.step
	switch s.how {
	case stepPanic:
		panic(s.panic)
	case stepGoexit:
		runtime.Goexit()
	}
	return s.value, s.how == stepValue
}

// All returns the values that are left as a sequence, which may be ranged over
// by several goroutines, each getting some. Breaking out of it does not stop
// the iterator.
func (it *SerialIterator[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, ok := it.Next()
			if !ok || !yield(v) {
				return
			}
		}
	}
}

// Stop ends the sequence, which sees the end of a range loop over it, and waits
// until it has returned; a value that is on its way is still delivered. It may
// be called several times, but not from within the sequence, which would wait
// for itself.
func (it *SerialIterator[T]) Stop() {
	if it.seq == nil {
		return
	}
	it.start.Do(func() { close(it.over) })
	it.stop.Do(func() { close(it.ended) })
	<-it.over
}

// run is the goroutine. It owes somebody a step whenever the sequence runs.
func (it *SerialIterator[T]) run() {
	defer close(it.over)
	if !it.wished() {
		return
	}
	owing, returned := true, false
	defer func() {
		last := step[T]{how: stepOver}
		if !returned {
			last.how = stepGoexit
			if p := recover(); p != nil {
				last.how, last.panic = stepPanic, asPanicError(p)
			}
		}
		if owing {
			it.step <- last
		} else if last.how == stepPanic {
			// It panicked after Stop: nobody waits who could be told.
			report(nil, last.panic)
		}
	}()
	it.seq(func(v T) bool {
		if !owing {
			return false // as it was told before
		}
		it.step <- step[T]{value: v}
		owing = false
		owing = it.wished()
		return owing
	})
	returned = true
}

// wished waits for the next wish. It returns false when the iterator is
// stopped.
func (it *SerialIterator[T]) wished() bool {
	select {
	case <-it.ended:
		return false
	default:
	}
	select {
	case <-it.want:
		return true
	case <-it.ended:
		return false
	}
}

// asPanicError wraps what was recovered, here where it happened.
func asPanicError(p any) *PanicError {
	if e, ok := p.(*PanicError); ok {
		return e // of another goroutine, where it happened
	}
	return &PanicError{Value: p, Stack: debug.Stack()}
}

// SynchronizedIterator returns a function that calls f and hands what it
// returns through [SerializeIterator]: Python's decorator for functions that
// make iterators. A function of several arguments takes a struct, one of none
// a struct{}.
func SynchronizedIterator[A, T any](f func(A) iter.Seq[T]) func(A) *SerialIterator[T] {
	return func(arg A) *SerialIterator[T] { return SerializeIterator(f(arg)) }
}
