package managers

import (
	"context"
	"iter"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// A List is a list in a server, shared by Go and Python programs: ListProxy.
//
// Items travel as copies: to change a part of one, get it, change it and set it
// again; or make the item a shared object of its own, such as a [Dict], and set
// that. A negative index counts from the end, as in Python; one that is out of
// range is an error that matches pickle.IndexError.
//
// Make one with [NewList], or with [ListOf] of a proxy that came otherwise. It
// is safe for concurrent use and must not be copied. Each method takes effect at
// one moment, as seen by the others of all programs. Errors are those of
// [Proxy.Call], and those of the conversion of items.
type List[T any] struct{ handle }

// NewList makes a list with items.
func NewList[T any](ctx context.Context, m *Manager, items ...T) (*List[T], error) {
	var args []any
	if len(items) > 0 {
		args = []any{pickle.NewList(boxed(items)...)}
	}
	h, err := create(ctx, m, "list", args...)
	if err != nil {
		return nil, err
	}
	return &List[T]{h}, nil
}

// ListOf returns the list that p stands for, of whatever typeid, and takes p
// over.
func ListOf[T any](p *Proxy) *List[T] { return &List[T]{handle{p}} }

// Len returns the number of items.
func (l *List[T]) Len(ctx context.Context) (int, error) {
	return result[int](l.p.call(ctx, "__len__"))
}

// At returns the item at an index.
func (l *List[T]) At(ctx context.Context, i int) (T, error) {
	return result[T](l.p.call(ctx, "__getitem__", i))
}

// SetAt replaces the item at an index.
func (l *List[T]) SetAt(ctx context.Context, i int, v T) error {
	return l.p.do(ctx, "__setitem__", i, v)
}

// DeleteAt removes the item at an index.
func (l *List[T]) DeleteAt(ctx context.Context, i int) error {
	return l.p.do(ctx, "__delitem__", i)
}

// Slice returns the items from index i to before j: l[i:j] in Python, so that
// indexes beyond an end mean the end.
func (l *List[T]) Slice(ctx context.Context, i, j int) ([]T, error) {
	return results[T](l.p.call(ctx, "__getitem__", between(i, j)))
}

// SetSlice replaces the items from index i to before j by others, of any number.
func (l *List[T]) SetSlice(ctx context.Context, i, j int, items ...T) error {
	return l.p.do(ctx, "__setitem__", between(i, j), pickle.NewList(boxed(items)...))
}

// DeleteSlice removes the items from index i to before j.
func (l *List[T]) DeleteSlice(ctx context.Context, i, j int) error {
	return l.p.do(ctx, "__delitem__", between(i, j))
}

func between(i, j int) pickle.Slice { return pickle.Slice{Start: int64(i), Stop: int64(j)} }

// Copy returns all items, as they are at one moment.
func (l *List[T]) Copy(ctx context.Context) ([]T, error) {
	return results[T](l.p.call(ctx, "__getitem__", pickle.Slice{}))
}

// All returns an iterator over the items as they are now, with their indexes.
// It asks the server once.
func (l *List[T]) All(ctx context.Context) (iter.Seq2[int, T], error) {
	items, err := l.Copy(ctx)
	if err != nil {
		return nil, err
	}
	return slices.All(items), nil
}

// Backward returns an iterator over the items as they are now, the last one
// first: reversed(l).
func (l *List[T]) Backward(ctx context.Context) (iter.Seq2[int, T], error) {
	items, err := l.Copy(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Backward(items), nil
}

// Repeated returns the items n times over: l * n.
func (l *List[T]) Repeated(ctx context.Context, n int) ([]T, error) {
	return results[T](l.p.call(ctx, "__mul__", n))
}

// Plus returns the items with others behind them: l + items.
func (l *List[T]) Plus(ctx context.Context, items ...T) ([]T, error) {
	return results[T](l.p.call(ctx, "__add__", pickle.NewList(boxed(items)...)))
}
