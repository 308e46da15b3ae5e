package sharedctypes

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/handle"
)

// A RawValue is one T in memory shared by processes, without a lock: Python's
// RawValue, a ctypes object. Make one with [NewRawValue], or have an element of
// an array as one with [RawArray.Elem]. It is used by its pointer, must not be
// copied, and can be sent to other processes.
//
// It is safe for concurrent use by processes and goroutines if T has 1, 2, 4 or
// 8 bytes: then Load and Store are atomic, and for a Number so are [Add], [Swap]
// and [CompareAndSwap]. A T of another size is copied as it comes: a Load beside
// a Store may see half of it, so use a [Value] then, or order them otherwise.
//
// In the terms of the Go memory model, a Store of such a word synchronizes
// before the Load that sees it, in this process or another.
type RawValue[T any] struct {
	_     noCopy
	block *handle.Block
	at    unsafe.Pointer // into the block
	lay   *layout
	elem  bool // it belongs to an array
}

// NewRawValue returns a RawValue that holds v. T must have no pointers, else the
// error is a [*TypeError]; it fails with errors.ErrUnsupported where processes
// cannot share memory, and when there is no memory. It does not block.
func NewRawValue[T any](v T) (*RawValue[T], error) {
	lay, err := layoutOf[T]()
	if err != nil {
		return nil, err
	}
	b, err := handle.New(markAt(lay.size) + markSize)
	if err != nil {
		return nil, fmt.Errorf("sharedctypes: %w", err)
	}
	r := &RawValue[T]{block: b, at: unsafe.Pointer(&b.Mem()[0]), lay: lay}
	r.Store(v)
	return r, nil
}

// Load returns what is there.
func (r *RawValue[T]) Load() T {
	x := load[T](r.at)
	if r.lay.bools != nil {
		r.lay.mend(unsafe.Pointer(&x))
	}
	runtime.KeepAlive(r)
	return x
}

// Store writes v.
func (r *RawValue[T]) Store(v T) {
	store(r.at, v)
	runtime.KeepAlive(r)
}

// Use calls fn with the place itself, so that it can work on parts of a struct,
// also by the functions of sync/atomic. The pointer is good until fn returns.
// Nothing is locked. A nil fn panics.
func (r *RawValue[T]) Use(fn func(p *T)) {
	defer runtime.KeepAlive(r)
	r.lay.mend(r.at)
	fn((*T)(r.at))
}

// Size is the size of a T in bytes: ctypes.sizeof.
func (r *RawValue[T]) Size() int { return int(r.lay.size) }

// String shows the type and what is there now.
func (r *RawValue[T]) String() string {
	if r == nil || r.lay == nil {
		return "RawValue(none)"
	}
	return fmt.Sprintf("RawValue[%s](%v)", r.lay.name, r.Load())
}

func (r *RawValue[T]) place() *T { return (*T)(r.at) }

// After what an object holds lies its mark: whether the notice of a holder's
// death is still to be given.
const markSize = 8

// markAt is where the mark lies after n bytes.
func markAt(n uintptr) int { return int((n + markSize - 1) &^ (markSize - 1)) }

// mark returns the mark, nil for an element, which has none of its own.
func (r *RawValue[T]) mark() *atomic.Uint32 {
	if r.elem {
		return nil
	}
	return (*atomic.Uint32)(unsafe.Pointer(&r.block.Mem()[markAt(r.lay.size)]))
}

// Copy returns a new RawValue that holds what r holds. A Value is copied by its
// Obj, or by NewValue of what Get returned.
func Copy[T any](r *RawValue[T]) (*RawValue[T], error) {
	if r == nil || r.lay == nil {
		return nil, ErrNoObject
	}
	return NewRawValue(r.Load())
}

// noCopy makes go vet complain about copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
