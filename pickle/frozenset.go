package pickle

import (
	"iter"
	"sync/atomic"
)

// A FrozenSet is Python's frozenset: a set that never changes, and may
// therefore be a key or an element itself. It keeps the order of the items it
// was made of. The zero value is the empty frozenset. It is safe for concurrent
// use, and must not be copied.
type FrozenSet struct {
	d    Dict
	hash atomic.Uint64 // once it is known
}

// NewFrozenSet returns a frozenset of the items. The error is Python's
// TypeError if one of them is not hashable.
func NewFrozenSet(items ...any) (*FrozenSet, error) {
	s := &FrozenSet{}
	s.d.grow(len(items))
	for _, v := range items {
		if _, err := s.d.SetDefault(v, nil); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Has reports whether v is an element.
func (s *FrozenSet) Has(v any) bool { return s.d.Has(v) }

// Len returns the number of elements.
func (s *FrozenSet) Len() int { return s.d.Len() }

// All returns an iterator over the elements.
func (s *FrozenSet) All() iter.Seq[any] { return s.d.Keys() }
