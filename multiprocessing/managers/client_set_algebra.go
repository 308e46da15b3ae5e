package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
)

// The other sets are given as slices, as a set is that another method returned;
// an element that is there twice counts once.

func listOf[T any](items []T) *pickle.List { return pickle.NewList(boxed(items)...) }

// setOf makes a set of the elements for what wants no list.
func setOf[T any](items []T) (*pickle.Set, error) {
	s := new(pickle.Set)
	for _, v := range items {
		if err := s.Add(v); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Union returns the elements and those of other: s | other.
func (s *Set[T]) Union(ctx context.Context, other ...T) ([]T, error) {
	return s.plain(ctx, "union", listOf(other))
}

// Intersection returns the elements that are in other, too: s & other.
func (s *Set[T]) Intersection(ctx context.Context, other ...T) ([]T, error) {
	return s.plain(ctx, "intersection", listOf(other))
}

// Difference returns the elements that are not in other: s - other.
func (s *Set[T]) Difference(ctx context.Context, other ...T) ([]T, error) {
	return s.plain(ctx, "difference", listOf(other))
}

// SymmetricDifference returns the elements that are in one of both: s ^ other.
func (s *Set[T]) SymmetricDifference(ctx context.Context, other ...T) ([]T, error) {
	return s.plain(ctx, "symmetric_difference", listOf(other))
}

// Update adds the elements of other: s |= other.
func (s *Set[T]) Update(ctx context.Context, other ...T) error {
	return s.p.do(ctx, "update", listOf(other))
}

// IntersectionUpdate removes the elements that are not in other: s &= other.
func (s *Set[T]) IntersectionUpdate(ctx context.Context, other ...T) error {
	return s.p.do(ctx, "intersection_update", listOf(other))
}

// DifferenceUpdate removes the elements of other: s -= other.
func (s *Set[T]) DifferenceUpdate(ctx context.Context, other ...T) error {
	return s.p.do(ctx, "difference_update", listOf(other))
}

// SymmetricDifferenceUpdate keeps the elements that are in one of both, and adds
// those of other that were not there: s ^= other.
func (s *Set[T]) SymmetricDifferenceUpdate(ctx context.Context, other ...T) error {
	return s.p.do(ctx, "symmetric_difference_update", listOf(other))
}

// IsDisjoint reports whether no element is in other.
func (s *Set[T]) IsDisjoint(ctx context.Context, other ...T) (bool, error) {
	return result[bool](s.p.call(ctx, "isdisjoint", listOf(other)))
}

// IsSubset reports whether all elements are in other.
func (s *Set[T]) IsSubset(ctx context.Context, other ...T) (bool, error) {
	return result[bool](s.p.call(ctx, "issubset", listOf(other)))
}

// IsSuperset reports whether all of other are elements.
func (s *Set[T]) IsSuperset(ctx context.Context, other ...T) (bool, error) {
	return result[bool](s.p.call(ctx, "issuperset", listOf(other)))
}

// Equal reports whether the elements are those of other: s == other.
func (s *Set[T]) Equal(ctx context.Context, other ...T) (bool, error) {
	set, err := setOf(other)
	if err != nil {
		return false, err
	}
	return result[bool](s.p.call(ctx, "__eq__", set))
}
