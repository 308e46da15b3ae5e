package managers

import (
	"context"
	"errors"

	"github.com/conexgo/conex/pickle"
)

// Append adds an item at the end.
func (l *List[T]) Append(ctx context.Context, v T) error { return l.p.do(ctx, "append", v) }

// Extend adds items at the end, at one moment: l += items.
func (l *List[T]) Extend(ctx context.Context, items ...T) error {
	return l.p.do(ctx, "extend", pickle.NewList(boxed(items)...))
}

// Insert adds an item before the one at an index; beyond an end means there.
func (l *List[T]) Insert(ctx context.Context, i int, v T) error {
	return l.p.do(ctx, "insert", i, v)
}

// Pop removes the last item and returns it. If there is none the error matches
// pickle.IndexError.
func (l *List[T]) Pop(ctx context.Context) (T, error) {
	return result[T](l.p.call(ctx, "pop"))
}

// PopAt removes the item at an index and returns it.
func (l *List[T]) PopAt(ctx context.Context, i int) (T, error) {
	return result[T](l.p.call(ctx, "pop", i))
}

// Remove removes the first item that is equal to v, as Python sees it. If there
// is none the error matches pickle.ValueError.
func (l *List[T]) Remove(ctx context.Context, v T) error { return l.p.do(ctx, "remove", v) }

// Index returns the index of the first item that is equal to v, and false if
// there is none.
func (l *List[T]) Index(ctx context.Context, v T) (int, bool, error) {
	i, err := result[int](l.p.call(ctx, "index", v))
	if err != nil {
		if errors.Is(err, pickle.ValueError) && !errors.Is(err, ErrRemote) {
			err = nil
		}
		return 0, false, err
	}
	return i, true, nil
}

// Count returns how many items are equal to v.
func (l *List[T]) Count(ctx context.Context, v T) (int, error) {
	return result[int](l.p.call(ctx, "count", v))
}

// Has reports whether an item is equal to v.
func (l *List[T]) Has(ctx context.Context, v T) (bool, error) {
	return result[bool](l.p.call(ctx, "__contains__", v))
}

// Reverse reverses the list in its place.
func (l *List[T]) Reverse(ctx context.Context) error { return l.p.do(ctx, "reverse") }

// Sort sorts the list in its place, from low to high as Python compares. If two
// items have no order the error matches pickle.TypeError.
func (l *List[T]) Sort(ctx context.Context) error { return l.p.do(ctx, "sort") }

// SortDescending sorts the list from high to low; equal items keep their order.
func (l *List[T]) SortDescending(ctx context.Context) error {
	return l.p.do(ctx, "sort", Kwds{"reverse": true})
}

// SortBy sorts the list by what a function of Python's returns for each item,
// such as pickle.Global{"operator", "itemgetter"} called on something: anything
// that the server can call. Servers of this package know the functions of
// Python's operator module and some builtins.
func (l *List[T]) SortBy(ctx context.Context, key any) error {
	return l.p.do(ctx, "sort", Kwds{"key": key})
}

// Repeat makes the list repeat its items n times, in its place: l *= n.
func (l *List[T]) Repeat(ctx context.Context, n int) error { return l.p.do(ctx, "__imul__", n) }

// Clear removes all items.
func (l *List[T]) Clear(ctx context.Context) error {
	return l.p.do(ctx, "__delitem__", pickle.Slice{})
}
