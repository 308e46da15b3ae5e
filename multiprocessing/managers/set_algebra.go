package managers

import (
	"slices"

	"github.com/conexgo/conex/pickle"
)

// The operations on sets. They return new sets, whose elements are those of a
// where both have one.

func union(a, b *pickle.Set) *pickle.Set {
	r := a.Clone()
	for v := range b.All() {
		r.Add(v)
	}
	return r
}

func intersection(a, b *pickle.Set) *pickle.Set { return filter(a, b.Has) }

func difference(a, b *pickle.Set) *pickle.Set {
	return filter(a, func(v any) bool { return !b.Has(v) })
}

func symmetric(a, b *pickle.Set) *pickle.Set { return union(difference(a, b), difference(b, a)) }

func filter(a *pickle.Set, keep func(any) bool) *pickle.Set {
	r := new(pickle.Set)
	for v := range a.All() {
		if keep(v) {
			r.Add(v)
		}
	}
	return r
}

func subset(a, b *pickle.Set) bool {
	if a.Len() > b.Len() {
		return false
	}
	for v := range a.All() {
		if !b.Has(v) {
			return false
		}
	}
	return true
}

// operand returns the right side of an operator, which Python wants to be a
// set: nil if it is none. The caller must not change it.
func operand(v any) *pickle.Set {
	switch v := v.(type) {
	case *pickle.Set:
		return v
	case *pickle.FrozenSet:
		return pickle.NewSet(slices.Collect(v.All())...)
	case *Ref:
		if s, ok := v.obj.self.(*set); ok {
			return s.snapshot()
		}
	}
	return nil
}

// elements returns the set of the items of anything iterable. The caller must
// not change it.
func elements(v any) (*pickle.Set, error) {
	if s := operand(v); s != nil {
		return s, nil
	}
	items, err := iterable(v)
	if err != nil {
		return nil, err
	}
	s := new(pickle.Set)
	for _, x := range items {
		if err := s.Add(x); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func setOperator(name string, f func(a, b *pickle.Set) *pickle.Set) method {
	return slot(name, 1, func(s *set, _ *call, args []any) (any, error) {
		o := operand(args[0])
		if o == nil {
			return pickle.NotImplemented, nil
		}
		return f(s.snapshot(), o), nil
	})
}

// setReflected is an operator with the referent on its right side. The result
// is of the type of what is on the left.
func setReflected(name string, f func(a, b *pickle.Set) *pickle.Set) method {
	return slot(name, 1, func(s *set, _ *call, args []any) (any, error) {
		o := operand(args[0])
		if o == nil {
			return pickle.NotImplemented, nil
		}
		r := f(o, s.snapshot())
		if _, ok := args[0].(*pickle.FrozenSet); ok {
			return pickle.NewFrozenSet(slices.Collect(r.All())...)
		}
		return r, nil
	})
}

// setInPlace is an operator such as |=. As in CPython the set is the answer,
// though its proxy drops it.
func setInPlace(name string, f func(a, b *pickle.Set) *pickle.Set) method {
	return slot(name, 1, func(s *set, _ *call, args []any) (any, error) {
		o := operand(args[0])
		if o == nil {
			return pickle.NotImplemented, nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.replace(f(&s.s, o))
		return s.s.Clone(), nil
	})
}

// replace gives s other elements. The caller has the lock, and r to itself.
func (s *set) replace(r *pickle.Set) {
	s.s.Clear()
	for v := range r.All() {
		s.s.Add(v)
	}
}

func setRelation(name string, f func(a, b *pickle.Set) bool) method {
	return slot(name, 1, func(s *set, _ *call, args []any) (any, error) {
		o := operand(args[0])
		if o == nil {
			return pickle.NotImplemented, nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return f(&s.s, o), nil
	})
}

func (s *set) isSubset(_ *call, v any) (any, error) {
	o, err := elements(v)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return subset(&s.s, o), nil
}

func (s *set) isSuperset(_ *call, v any) (any, error) { return s.each(v, true) }

func (s *set) isDisjoint(_ *call, v any) (any, error) { return s.each(v, false) }

// each reports whether all of the items of v are elements, or none is. What is
// behind the first that tells is not looked at, be it hashable or not.
func (s *set) each(v any, want bool) (any, error) {
	items, err := iterable(v)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range items {
		if err := pickle.Hashable(x); err != nil {
			return nil, err
		}
		if s.s.Has(x) != want {
			return false, nil
		}
	}
	return true, nil
}

// setMethod is a method such as union, of any number of iterables.
func setMethod(name string, f func(a, b *pickle.Set) *pickle.Set) method {
	return someArgs(name, 0, -1, func(s *set, _ *call, args []any) (any, error) {
		r := s.snapshot()
		for _, a := range args {
			o, err := elements(a)
			if err != nil {
				return nil, err
			}
			r = f(r, o)
		}
		return r, nil
	})
}

// setUpdate is a method such as difference_update. Other than in CPython
// nothing changes if there is an error.
func setUpdate(name string, f func(a, b *pickle.Set) *pickle.Set) method {
	return someArgs(name, 0, -1, func(s *set, _ *call, args []any) (any, error) {
		others := make([]*pickle.Set, len(args))
		for i, a := range args {
			var err error
			if others[i], err = elements(a); err != nil {
				return nil, err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, o := range others {
			s.replace(f(&s.s, o))
		}
		return nil, nil
	})
}

// update adds the items of iterables.
func (s *set) update(_ *call, args []any) (any, error) {
	others := make([]*pickle.Set, len(args))
	for i, a := range args {
		var err error
		if others[i], err = elements(a); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range others {
		for v := range o.All() {
			s.s.Add(v)
		}
	}
	return nil, nil
}

func (s *set) symmetricDifference(_ *call, v any) (any, error) {
	o, err := elements(v)
	if err != nil {
		return nil, err
	}
	return symmetric(s.snapshot(), o), nil
}

func (s *set) symmetricUpdate(_ *call, v any) (any, error) {
	o, err := elements(v)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(symmetric(&s.s, o))
	return nil, nil
}
