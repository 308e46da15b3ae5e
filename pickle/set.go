package pickle

import "iter"

// A Set is Python's set. Its elements are equal as the keys of a [Dict] are,
// and must be hashable. It keeps the order in which they came, which Python
// does not.
//
// It has an identity, as a List has. The zero value is an empty set, ready to
// use, and must not be copied after its first use. Any number of goroutines may
// read it at the same time, but not while one of them writes.
type Set struct {
	d Dict
}

// NewSet returns a set of the items. It panics if one is not hashable: items
// that are not known beforehand go in with Add.
func NewSet(items ...any) *Set {
	s := &Set{}
	s.d.grow(len(items))
	for _, v := range items {
		if err := s.Add(v); err != nil {
			panic("pickle: NewSet: " + err.Error())
		}
	}
	return s
}

// Add adds an element. The error is Python's TypeError if it is not hashable;
// the set is unchanged then.
func (s *Set) Add(v any) error {
	_, err := s.d.SetDefault(v, nil)
	return err
}

// Has reports whether v is an element.
func (s *Set) Has(v any) bool { return s.d.Has(v) }

// Discard removes an element, and reports whether it was there.
func (s *Set) Discard(v any) bool { return s.d.Delete(v) }

// Len returns the number of elements.
func (s *Set) Len() int { return s.d.Len() }

// All returns an iterator over the elements in the order in which they came.
// The set may change meanwhile, as [Dict.All] says.
func (s *Set) All() iter.Seq[any] { return s.d.Keys() }

// Clear removes all elements.
func (s *Set) Clear() { s.d.Clear() }

// Clone returns a set of the same elements.
func (s *Set) Clone() *Set { return &Set{*s.d.Clone()} }
