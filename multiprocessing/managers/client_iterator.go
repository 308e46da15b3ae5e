package managers

import (
	"context"
	"errors"
	"iter"

	"github.com/conexgo/conex/pickle"
)

// An Iterator is an iterator or generator in a server: what pools and methods of
// Python's return that go through something there, one item at a time. Several
// programs may take items from one.
//
// It comes from methods such as [Pool.IMap], or by [IteratorOf] from a proxy. It
// is safe for concurrent use and must not be copied. Close gives the reference
// back, which ends it in the server if nobody else has one.
type Iterator[T any] struct{ handle }

// IteratorOf returns the iterator that p stands for, and takes p over.
func IteratorOf[T any](p *Proxy) *Iterator[T] { return &Iterator[T]{handle{p}} }

// Next returns the next item, and false when there are no more. It waits for one
// at most until ctx ends; see [Proxy.Call] for what may happen to the item then.
func (i *Iterator[T]) Next(ctx context.Context) (item T, ok bool, err error) {
	v, err := i.p.call(ctx, "__next__")
	if err != nil {
		if errors.Is(err, pickle.StopIteration) && !errors.Is(err, ErrRemote) {
			err = nil
		}
		return item, false, err
	}
	item, err = to[T](v)
	return item, err == nil, err
}

// All returns an iterator over the items that are left. It ends after an error,
// which it yields, unless that is an exception of the item: then it goes on, as
// the results of a pool do.
func (i *Iterator[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, ok, err := i.Next(ctx)
			if err == nil && !ok || !yield(v, err) {
				return
			}
			var e *pickle.Exception
			var o *ObjectError
			if err != nil && (ctx.Err() != nil || !errors.As(err, &e) && !errors.As(err, &o)) {
				return
			}
		}
	}
}

// Send gives a value to a generator of Python's and returns the item that it
// yields next, and false when it ends. Iterators of Go's have no use for it: the
// error matches pickle.TypeError.
func (i *Iterator[T]) Send(ctx context.Context, v any) (item T, ok bool, err error) {
	x, err := i.p.call(ctx, "send", v)
	if err != nil {
		if errors.Is(err, pickle.StopIteration) && !errors.Is(err, ErrRemote) {
			err = nil
		}
		return item, false, err
	}
	item, err = to[T](x)
	return item, err == nil, err
}

// Throw raises an exception in a generator of Python's, and returns the item
// that it yields next, or the error that comes out of it.
func (i *Iterator[T]) Throw(ctx context.Context, e *pickle.Exception) (T, error) {
	return result[T](i.p.call(ctx, "throw", e))
}

// Stop ends the iterator for all: a generator's close in Python.
func (i *Iterator[T]) Stop(ctx context.Context) error { return i.p.do(ctx, "close") }
