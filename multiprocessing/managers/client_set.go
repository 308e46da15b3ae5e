package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
)

// A Set is a set in a server, shared by Go and Python programs: the SetProxy of
// Python 3.14. Servers of this package have sets for clients of all versions.
//
// Make one with [NewSet], or with [SetOf] of a proxy that came otherwise. It is
// safe for concurrent use and must not be copied. Each method takes effect at one
// moment, as seen by the others of all programs. Errors are those of
// [Proxy.Call], and those of the conversion of elements.
type Set[T comparable] struct{ handle }

// NewSet makes a set with elements.
func NewSet[T comparable](ctx context.Context, m *Manager, elements ...T) (*Set[T], error) {
	var args []any
	if len(elements) > 0 {
		args = []any{pickle.NewList(boxed(elements)...)}
	}
	h, err := create(ctx, m, "set", args...)
	if err != nil {
		return nil, err
	}
	return &Set[T]{h}, nil
}

// SetOf returns the set that p stands for, of whatever typeid, and takes p over.
func SetOf[T comparable](p *Proxy) *Set[T] { return &Set[T]{handle{p}} }

// Len returns the number of elements.
func (s *Set[T]) Len(ctx context.Context) (int, error) {
	return result[int](s.p.call(ctx, "__len__"))
}

// Has reports whether v is an element.
func (s *Set[T]) Has(ctx context.Context, v T) (bool, error) {
	return result[bool](s.p.call(ctx, "__contains__", v))
}

// Add adds an element, which may be there already.
func (s *Set[T]) Add(ctx context.Context, v T) error { return s.p.do(ctx, "add", v) }

// Discard removes an element if it is there.
func (s *Set[T]) Discard(ctx context.Context, v T) error { return s.p.do(ctx, "discard", v) }

// Remove removes an element, and reports whether it was there.
func (s *Set[T]) Remove(ctx context.Context, v T) (bool, error) {
	err := s.p.do(ctx, "remove", v)
	if err != nil && isKeyError(err) {
		return false, nil
	}
	return err == nil, err
}

// Pop removes some element and returns it. If there is none the error matches
// pickle.KeyError.
func (s *Set[T]) Pop(ctx context.Context) (T, error) { return result[T](s.p.call(ctx, "pop")) }

// Clear removes all elements.
func (s *Set[T]) Clear(ctx context.Context) error { return s.p.do(ctx, "clear") }

// Copy returns all elements, in no order.
func (s *Set[T]) Copy(ctx context.Context) ([]T, error) { return s.plain(ctx, "copy") }

// plain calls a method that returns a set.
func (s *Set[T]) plain(ctx context.Context, method string, args ...any) ([]T, error) {
	v, err := s.p.call(ctx, method, args...)
	if err != nil {
		return nil, err
	}
	set, ok := v.(*pickle.Set)
	if !ok {
		return nil, badAnswer(method, v)
	}
	items := make(pickle.Tuple, 0, set.Len())
	for x := range set.All() {
		items = append(items, x)
	}
	return many[T](items)
}
