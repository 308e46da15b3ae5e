package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/codec"
)

// A SimpleQueue is a [Queue] without a bound and without a buffer: Put writes
// to the memory that the processes share, and waits while that is full. When it
// returns, the item is out of this process's hands.
//
// Make one with [NewSimpleQueue]; a SimpleQueue must not be copied, and the zero
// value answers every call with an error. Its methods are safe for concurrent
// use. One goroutine's items come out in the order in which it put them. Putting
// an item synchronizes before getting it.
//
// It travels, and survives the death of processes, as a Queue does: lost are
// only the item that was just being put and the one that was just being gotten.
type SimpleQueue[T any] struct{ q typedQueue[T] }

// NewSimpleQueue returns a SimpleQueue. The errors are those of [NewQueue].
func NewSimpleQueue[T any]() (*SimpleQueue[T], error) {
	s := new(SimpleQueue[T])
	if err := s.q.create(simpleQueue, 0); err != nil {
		return nil, err
	}
	return s, nil
}

// AppendHandle lets the queue travel: see package conex. It fails if the queue
// was closed by this process.
func (s *SimpleQueue[T]) AppendHandle(e *codec.Encoder) error { return s.q.append(e) }

// ReadHandle makes s the queue that has travelled.
func (s *SimpleQueue[T]) ReadHandle(d *codec.Decoder) error { return s.q.read(d, simpleQueue) }

// Put adds v, waiting while the queue's eight megabytes are full. If ctx ends
// first the error matches [queue.ErrFull] and what ctx ended with; if there is
// room, v is put even if ctx has ended. An item that cannot be encoded is an
// error. After Close, also if that happens meanwhile, the error is [ErrClosed].
func (s *SimpleQueue[T]) Put(ctx context.Context, v T) error { return s.q.put(ctx, v) }

// Get removes the item that was put first and returns it, waiting for one. If
// ctx ends first the error matches [queue.ErrEmpty] and what ctx ended with; an
// item that is there is returned even if ctx has ended. The other errors are
// those of [Queue.Get].
func (s *SimpleQueue[T]) Get(ctx context.Context) (T, error) { return s.q.get(ctx) }

// Empty reports whether there is no item. By the time the caller looks at it
// there may be some. After Close the error is [ErrClosed].
func (s *SimpleQueue[T]) Empty() (bool, error) {
	if err := s.q.usable(); err != nil {
		return false, err
	}
	return s.q.core.empty(), nil
}

// Close ends this process's use of s: every later call answers [ErrClosed], and
// those that wait now do too. Other processes go on. Closing again does nothing.
func (s *SimpleQueue[T]) Close() error { return s.q.close() }
