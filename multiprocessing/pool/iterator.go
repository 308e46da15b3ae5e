package pool

import (
	"context"
	"iter"
	"sync"

	"github.com/conexgo/conex/internal/codec"
)

// An Iterator hands out the results of [IMap] and [IMapUnordered] while the
// calls go on: Python's IMapIterator.
//
// What was not taken is kept, but the input is read only so far ahead; see
// [Buffer]. An iterator that is left before its end keeps its goroutine until
// Close, the end of its context, or that of the pool.
//
// An Iterator must not be copied. Its methods are safe for concurrent use: each
// result goes to one caller. Next and All block. What a call did happens before
// Next returns its result. The zero value has no results.
type Iterator[R any] struct {
	src source // nil: nothing comes any more

	mu      sync.Mutex // protects what follows
	changed chan struct{}
	head    *piece[R] // ordered: the oldest, done or not; unordered: done ones in the order of ending
	last    *piece[R]
	open    int   // pieces that have not been used up, and the feeder as long as it reads
	final   error // what stands at the end; nil: ErrStop
	closed  bool
}

// A source is the feeder's side of an iterator.
type source interface {
	took() // an item has left the buffer
	stop() // end everything
}

// A piece is the results of one chunk.
type piece[R any] struct {
	out  []R
	errs []error // nil: none has failed
	pos  int     // items handed out
	done bool
	next *piece[R]
}

// Next waits for the next result and returns it: in the order of the input for
// IMap, as they come for IMapUnordered. A call that failed is an error in its
// place, and the iteration can go on. Behind the last result the error is
// [ErrStop]; or, if the input was not read to its end, the reason for that: the
// context of IMap ended, the pool was terminated, or the input panicked.
//
// If ctx ends first the error matches multiprocessing.ErrTimeout,
// futures.ErrStillRunning and the error of ctx; nothing is lost, and Next may be
// called again. A result that is there is returned even if ctx is over.
func (it *Iterator[R]) Next(ctx context.Context) (R, error) {
	v, err, _ := it.next(ctx)
	return v, err
}

// next is Next, and tells whether the error is that of an item.
func (it *Iterator[R]) next(ctx context.Context) (v R, err error, item bool) {
	it.mu.Lock()
	for {
		if p := it.head; p != nil && p.done {
			v, err = it.take(p)
			it.mu.Unlock()
			it.src.took()
			return v, err, true
		}
		if it.open == 0 || it.closed {
			err = it.final
			it.mu.Unlock()
			if err == nil {
				err = ErrStop
			}
			return v, err, false
		}
		if ctx.Err() != nil {
			it.mu.Unlock()
			return v, waitOver(ctx), false
		}
		if it.changed == nil {
			it.changed = make(chan struct{})
		}
		changed := it.changed
		it.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		it.mu.Lock()
	}
}

// take hands out the next item of p, which is done. The caller holds mu.
func (it *Iterator[R]) take(p *piece[R]) (v R, err error) {
	if p.errs != nil {
		err = p.errs[p.pos]
	}
	if err == nil {
		v = p.out[p.pos]
		var zero R
		p.out[p.pos] = zero
	}
	if p.pos++; p.pos == len(p.out) {
		if it.head = p.next; it.head == nil {
			it.last = nil
		}
		it.open--
	}
	return v, err
}

// All ranges over what is left, as Next returns it, and ends at [ErrStop]. When
// ctx ends, or the input was cut short, that is the last error. A loop that
// breaks leaves the iterator where it is: range again, or call Close.
func (it *Iterator[R]) All(ctx context.Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for {
			v, err, item := it.next(ctx)
			if err == ErrStop && !item || !yield(v, err) || !item {
				return
			}
		}
	}
}

// Close gives up what was not taken: the input is read no further, contexts of
// running calls end, and Next returns [ErrStop]. It does not wait. Closing again,
// or at the end, does nothing.
func (it *Iterator[R]) Close() {
	it.mu.Lock()
	if it.closed || it.src == nil {
		it.mu.Unlock()
		return
	}
	it.closed = true
	it.head, it.last, it.open, it.final = nil, nil, 0, nil
	it.wake()
	it.mu.Unlock()
	it.src.stop()
}

// wake wakes all who wait in Next. The caller holds mu.
func (it *Iterator[R]) wake() {
	if it.changed != nil {
		close(it.changed)
		it.changed = nil
	}
}

// push puts p at the end of the list. The caller holds mu.
func (it *Iterator[R]) push(p *piece[R]) {
	if it.last == nil {
		it.head = p
	} else {
		it.last.next = p
	}
	it.last = p
}

// finish notes the end of the input, with what stands there.
func (it *Iterator[R]) finish(err error) {
	it.mu.Lock()
	defer it.mu.Unlock()
	if it.closed {
		return
	}
	if it.open--; it.final == nil {
		it.final = err
	}
	it.wake()
}

// AppendHandle answers [ErrNotSendable].
func (it *Iterator[R]) AppendHandle(*codec.Encoder) error { return ErrNotSendable }

// ReadHandle answers [ErrNotSendable].
func (it *Iterator[R]) ReadHandle(*codec.Decoder) error { return ErrNotSendable }
