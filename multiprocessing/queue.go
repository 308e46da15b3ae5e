package multiprocessing

import (
	"context"
	"iter"

	"github.com/conexgo/conex/internal/codec"
)

// A Queue hands items from process to process: first in, first out, many
// producers and many consumers. An item is encoded by Put and decoded by Get, so
// what comes out is a copy. Anything that can be an argument of a registered
// function can be an item, also what refers to shared things: locks, queues,
// connections, shared memory.
//
// A Queue is sent to other processes as an argument, or within one, or as an
// item of another queue. The object that comes out there is another one for the
// same queue. Make one with [NewQueue]; a Queue must not be copied, and the zero
// value answers every call with an error. Its methods are safe for concurrent
// use.
//
// One goroutine's items come out in the order in which it put them; also those
// of several goroutines if one's Put returned before the other's began. Putting
// an item synchronizes before getting it.
//
// # Without waiting
//
// Put on a queue without a bound waits for nobody: if the shared memory is full, the
// item is buffered, and at most a getter that is at work is given a millisecond or two
// to get ahead. The items lie in memory shared by
// all processes, eight megabytes. If that is full, or if another process is just
// using it, Put leaves the item in a buffer of this process, which a goroutine
// empties as soon as there is room. An item of more than four megabytes
// travels in memory of its own, which costs twice as much a byte.
//
// # Cost
//
// An integer takes some 60 to 100 ns from process to process while both are
// busy, and 80 ns to be put and gotten by one; a wake-up of one that sleeps
// takes microseconds. Nothing is allocated for items without pointers. A queue
// costs each process two or three descriptors, and memory only as far as it is
// filled: 64 KiB at first, 8 MiB at most.
//
// # When a process dies
//
// A process may be killed at any instant, and the others go on. Lost are what
// was in its buffer, the item that it was just putting, and the item that it had
// taken and not returned from Get; no item comes twice or in part. Its buffered
// items do not count against the bound any longer.
//
// A process that is stopped, not killed, in the moment in which it puts or takes
// an item holds up the others until it is continued or killed. While it waits
// in Put or Get it does not.
type Queue[T any] struct{ typedQueue[T] }

// NewQueue returns a queue that takes maxsize items at most, or any number if
// maxsize is zero or negative. The limit is 2²⁹-1. If the type of the items
// cannot be encoded the error says why. On systems without what queues need, all
// but Linux, it matches errors.ErrUnsupported.
func NewQueue[T any](maxsize int) (*Queue[T], error) {
	q := new(Queue[T])
	if err := q.create(plainQueue, maxsize); err != nil {
		return nil, err
	}
	return q, nil
}

// AppendHandle lets the queue travel: see package conex. It fails if the queue
// was closed by this process.
func (q *Queue[T]) AppendHandle(e *codec.Encoder) error { return q.append(e) }

// ReadHandle makes q the queue that has travelled.
func (q *Queue[T]) ReadHandle(d *codec.Decoder) error { return q.read(d, plainQueue) }

// Put adds v. If the queue has a bound and is full it waits until an item was
// gotten. If ctx ends first the error matches [queue.ErrFull] and what ctx ended
// with; if there is a place, v is put even if ctx has ended. Without a bound ctx
// is not looked at.
//
// Encoding v takes place here, so an item that cannot be encoded is an error of
// Put, and later changes of what v refers to have no effect. After Close the
// error is [ErrClosed].
func (q *typedQueue[T]) Put(ctx context.Context, v T) error { return q.put(ctx, v) }

// TryPut is Put without waiting: if the queue is full the error is
// [queue.ErrFull].
func (q *typedQueue[T]) TryPut(v T) error { return q.put(atOnceCtx, v) }

// Get removes the item that was put first and returns it, waiting for one. If
// ctx ends first the error matches [queue.ErrEmpty] and what ctx ended with; an
// item that is there is returned even if ctx has ended. After Close, also if
// that happens meanwhile, the error is [ErrClosed].
//
// If the item's bytes make no sense, because another program has written to the
// memory, the error matches [ErrCorrupt] and the item is lost. If it comes with
// descriptors and this process has too many, the error says so and the item
// stays.
func (q *typedQueue[T]) Get(ctx context.Context) (T, error) { return q.get(ctx) }

// TryGet is Get without waiting: if there is no item, or if another process is
// just taking one and does not finish within a microsecond, the error is
// [queue.ErrEmpty].
func (q *typedQueue[T]) TryGet() (T, error) { return q.get(atOnceCtx) }

// All returns an iterator that gets one item after the other, waiting for each,
// until ctx ends or the queue is closed here; nothing is got in advance. An item
// that cannot be decoded is an error, and the next one follows. Several
// goroutines and processes may range over the same queue, and each item goes to
// one of them.
func (q *typedQueue[T]) All(ctx context.Context) iter.Seq2[T, error] { return q.all(ctx) }

// Len returns how many items were put and not gotten, those in the buffers of
// the processes included. By the time the caller looks at it there may be more,
// or fewer.
func (q *typedQueue[T]) Len() int {
	if q.core == nil {
		return 0
	}
	return q.core.len()
}

// Cap returns the bound, or 0 if there is none.
func (q *typedQueue[T]) Cap() int {
	if q.core == nil {
		return 0
	}
	return q.core.max
}

// Empty reports whether there is nothing to get now, or the queue is closed
// here. An item that was just put may still be in a buffer of the process that
// did it: then Empty is true for a moment longer, and Len is not 0.
func (q *typedQueue[T]) Empty() bool { return q.usable() != nil || q.core.empty() }

// Full reports whether the queue has a bound and as many items.
func (q *typedQueue[T]) Full() bool {
	return q.core != nil && q.core.max > 0 && q.core.len() >= q.core.max
}

// Close says that this process will not use q any more: calls that need it
// answer [ErrClosed], those that wait too. What is buffered is still passed on,
// by a goroutine: see JoinThread. Other processes, and other objects of this
// process for the same queue, go on. Closing again does nothing.
//
// A queue that nobody can reach any more needs no Close: its memory and
// descriptors go with the last process that has it.
func (q *typedQueue[T]) Close() error { return q.close() }
