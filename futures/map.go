package futures

import (
	"context"
	"errors"
	"iter"
)

// Map calls fn on ex for every item of in and yields the results in the order
// of the input. Nothing happens until the sequence it returns is ranged over,
// and each time it is, in is read anew.
//
// Map is lazy. It reads a little ahead of what it has yielded, so in may be
// infinite. How far is bounded, as is the memory for results that wait for a
// slow item before them: by [Buffer], or else by a number that grows with the
// items' speed, from some 30 for each worker to 16,000 of those that take
// nanoseconds; it is at least 1,024 with [ChunkSize]. It is bounded because a program that works on its small test
// input should not run out of memory on the real one.
//
// Items go to the executor in runs, which start with one item and grow while
// the items prove to be short, to about half a millisecond of work. Results
// are yielded as they are there, not when their run is. [ChunkSize] fixes the
// length of the runs.
//
// An item that fails is yielded as an error, and Map goes on. To stop at the
// first error, break: that ends the contexts of the items that run, cancels
// those that do not, and returns at once. What cannot be stopped ends in the
// background: calls that ignore their context, and the input, which ends when
// it next yields.
//
// When ctx ends before the input does, the items read so far are yielded with
// their results or errors, then one more error that matches that of ctx, and
// the sequence ends. An item that goes on running all the same, on a
// goroutine, is yielded with an error matching [ErrStillRunning].
//
// Each item has a copy of the context variables that ctx carries when the range
// begins; see package contextvars.
//
// If ex refuses an item, that item and those read with it yield the refusal,
// and no more input is read. in runs on a goroutine of its own; if it panics,
// Map panics with the same value when all items before that have been yielded.
func Map[A, R any](ctx context.Context, ex Executor, fn Callable[A, R], in iter.Seq[A], opts ...MapOption) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		m, err := newMapper(ctx, ex, fn, in, opts)
		if err != nil {
			var zero R
			yield(zero, err)
			return
		}
		defer m.abandon()
		m.start(in)
		if m.yieldOrdered(yield) {
			if err := m.finalError(); err != nil {
				var zero R
				yield(zero, err)
			}
		}
	}
}

// An Item is what [MapUnordered] yields: a result with the input it came from.
type Item[A, R any] struct {
	Index int // the position of Arg in the input, from 0; -1 with the error that ends a sequence early
	Arg   A
	Value R
}

// MapUnordered is [Map], but yields results as they come. Each Item tells
// which input it belongs to, also beside an error.
func MapUnordered[A, R any](ctx context.Context, ex Executor, fn Callable[A, R], in iter.Seq[A], opts ...MapOption) iter.Seq2[Item[A, R], error] {
	return func(yield func(Item[A, R], error) bool) {
		m, err := newMapper(ctx, ex, fn, in, opts)
		if err != nil {
			yield(Item[A, R]{Index: -1}, err)
			return
		}
		defer m.abandon()
		m.unordered = true
		m.start(in)
		if m.yieldUnordered(yield) {
			if err := m.finalError(); err != nil {
				yield(Item[A, R]{Index: -1}, err)
			}
		}
	}
}

var errNoInput = errors.New("futures: Map over a nil sequence")
