package dummy

import (
	"iter"
	"runtime/debug"
	"sync"
)

// A SerialIterator hands out the values of a sequence one by one: see
// [threading.SerialIterator], whose methods it has. Make one with
// [SerializeIterator].
//
// The zero value is an empty sequence. A SerialIterator must not be copied. Its
// methods are safe for concurrent use, but a call while another one has not
// returned, which in package threading would wait, panics with a
// *[DeadlockError].
type SerialIterator[T any] struct {
	next func() (T, bool)
	stop func()
	busy sync.Mutex // a call is under way
}

// SerializeIterator returns an iterator over seq. A nil seq panics.
func SerializeIterator[T any](seq iter.Seq[T]) *SerialIterator[T] {
	if seq == nil {
		panic("threading: SerializeIterator of a nil sequence")
	}
	it := new(SerialIterator[T])
	it.next, it.stop = iter.Pull(func(yield func(T) bool) {
		defer func() {
			if p := recover(); p != nil {
				panic(asPanicError(p))
			}
		}()
		seq(yield)
	})
	return it
}

// asPanicError wraps what was recovered, here where it happened.
func asPanicError(p any) *PanicError {
	if e, ok := p.(*PanicError); ok {
		return e
	}
	return &PanicError{Value: p, Stack: debug.Stack()}
}

// enter makes sure that no other call is under way, until leave.
func (it *SerialIterator[T]) enter(op string) {
	if !it.busy.TryLock() {
		panic(deadlock(nobody, op, holder{}, "the sequence is about to make a value"))
	}
}

// Next returns the next value, or false when there are no more. If the sequence
// panics Next does, with a *[PanicError]. It panics with a *[DeadlockError] if
// the sequence calls it.
func (it *SerialIterator[T]) Next() (value T, ok bool) {
	if it.next == nil {
		return value, false
	}
	it.enter("SerialIterator.Next")
	defer it.busy.Unlock()
	return it.next()
}

// All returns the values that are left as a sequence. Breaking out of it does
// not stop the iterator.
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

// Stop ends the sequence, which sees the end of a range loop over it. It may be
// called several times. It panics with a *[DeadlockError] if the sequence calls
// it.
func (it *SerialIterator[T]) Stop() {
	if it.stop == nil {
		return
	}
	it.enter("SerialIterator.Stop")
	defer it.busy.Unlock()
	it.stop()
}

// SynchronizedIterator returns a function that calls f and hands what it
// returns through [SerializeIterator].
func SynchronizedIterator[A, T any](f func(A) iter.Seq[T]) func(A) *SerialIterator[T] {
	return func(arg A) *SerialIterator[T] { return SerializeIterator(f(arg)) }
}
