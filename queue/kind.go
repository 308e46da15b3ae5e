package queue

import "unsafe"

// A kind is a type of queue, as far as its core needs to know it.
type kind[T any] interface {
	// zero returns what a zero value keeps its items in: nil stands for first
	// in, first out. The error says why it cannot be used.
	zero() (Store[T], error)

	// outer returns the queue whose core is at p: what a report about waiting
	// goroutines shows. Each queue is nothing but its core.
	outer(p unsafe.Pointer) any
}

func (q *core[T, K]) outer() any {
	var k K
	return k.outer(unsafe.Pointer(q))
}

type (
	fifoKind[T any]     struct{}
	lifoKind[T any]     struct{}
	priorityKind[T any] struct{}
	customKind[T any]   struct{}
	simpleKind[T any]   struct{}
)

var _ = []kind[int]{fifoKind[int]{}, lifoKind[int]{}, priorityKind[int]{}, customKind[int]{}, simpleKind[int]{}}

func (fifoKind[T]) zero() (Store[T], error)     { return nil, nil }
func (lifoKind[T]) zero() (Store[T], error)     { return new(stack[T]), nil }
func (priorityKind[T]) zero() (Store[T], error) { return nil, ErrNoOrder }
func (customKind[T]) zero() (Store[T], error)   { return nil, ErrNoStore }
func (simpleKind[T]) zero() (Store[T], error)   { return nil, nil }

func (fifoKind[T]) outer(p unsafe.Pointer) any     { return (*Queue[T])(p) }
func (lifoKind[T]) outer(p unsafe.Pointer) any     { return (*LifoQueue[T])(p) }
func (priorityKind[T]) outer(p unsafe.Pointer) any { return (*PriorityQueue[T])(p) }
func (customKind[T]) outer(p unsafe.Pointer) any   { return (*CustomQueue[T])(p) }
func (simpleKind[T]) outer(p unsafe.Pointer) any   { return (*SimpleQueue[T])(p) }
