package dummy

import "github.com/conexgo/conex/queue"

// Queue is queue.Queue, which counts tasks already.
type Queue[T any] = queue.Queue[T]

// JoinableQueue is the same.
type JoinableQueue[T any] = queue.Queue[T]

// SimpleQueue is queue.SimpleQueue.
type SimpleQueue[T any] = queue.SimpleQueue[T]

// NewQueue returns a queue that takes maxsize items at most, or any number if
// maxsize is zero or negative. The error is always nil.
func NewQueue[T any](maxsize int) (*Queue[T], error) { return queue.New[T](maxsize), nil }

// NewJoinableQueue is [NewQueue].
func NewJoinableQueue[T any](maxsize int) (*JoinableQueue[T], error) {
	return queue.New[T](maxsize), nil
}

// NewSimpleQueue returns a queue without a bound. The error is always nil.
func NewSimpleQueue[T any]() (*SimpleQueue[T], error) { return new(SimpleQueue[T]), nil }
