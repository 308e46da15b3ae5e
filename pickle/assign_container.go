package pickle

import (
	"reflect"
	"slices"
)

// Containers remember what they become before they are filled: a value that Python
// has once, or that contains itself, is one and does so in Go, too, as far as the
// types allow it: by pointers, slices and maps.

// newPointerAssigner makes a new variable for the value, or takes the one that
// was made of the same container before.
func newPointerAssigner(t reflect.Type) assignFunc {
	elem := t.Elem()
	f := assignerOf(elem)
	return func(a *assigner, v any, dst reflect.Value) error {
		if v == nil {
			dst.SetZero()
			return nil
		}
		if a.persistent && assignPersistent(v, dst) || a.again(v, dst) {
			return nil
		}
		p := reflect.New(elem)
		if p.Type() != t { // a named pointer type
			p = p.Convert(t)
		}
		a.becomes(v, p)
		if err := a.enter(); err != nil {
			return err
		}
		if err := f(a, v, p.Elem()); err != nil {
			if u, ok := err.(*UnmarshalTypeError); ok && a.persistent && u.Type == elem && reflect.TypeOf(v).Kind() == reflect.Pointer {
				u.Type = t // a pointer, of another type, has been in question
			}
			return err
		}
		a.leave()
		dst.Set(p)
		return nil
	}
}

// itemsOf returns what a list, tuple or set has, or a deque.
func itemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case Tuple:
		return v, true
	case *List:
		return v.Items, true
	case *Set:
		return slices.AppendSeq(make([]any, 0, v.Len()), v.All()), true
	case *FrozenSet:
		return slices.AppendSeq(make([]any, 0, v.Len()), v.All()), true
	case *Object:
		if v.Class == any(Global{"collections", "deque"}) {
			return v.Items, true
		}
	}
	return nil, false
}

// newSliceAssigner makes a new slice, of bytes or of the items. It is remembered
// before it is filled, since it may contain itself.
func newSliceAssigner(t reflect.Type) assignFunc {
	f := assignerOf(t.Elem())
	raw := t.Elem().Kind() == reflect.Uint8
	model := t.Elem() == typeAny
	return func(a *assigner, v any, dst reflect.Value) error {
		if v == nil {
			dst.SetZero()
			return nil
		}
		if raw {
			switch v := v.(type) {
			case []byte:
				dst.SetBytes(v)
				return nil
			case *ByteArray:
				dst.SetBytes(slices.Clone(v.Bytes))
				return nil
			}
		}
		items, ok := itemsOf(v)
		if !ok {
			return misfit(v, dst)
		}
		if a.again(v, dst) {
			return nil
		}
		s := reflect.MakeSlice(t, len(items), len(items))
		a.becomes(v, s)
		if model {
			reflect.Copy(s, reflect.ValueOf(items))
			dst.Set(s)
			return nil
		}
		if err := a.fill(f, items, s); err != nil {
			return err
		}
		dst.Set(s)
		return nil
	}
}

// fill stores the items of a slice or an array.
func (a *assigner) fill(f assignFunc, items []any, dst reflect.Value) error {
	if err := a.enter(); err != nil {
		return err
	}
	for i, v := range items {
		if err := f(a, v, dst.Index(i)); err != nil {
			return inItem(err, i)
		}
	}
	a.leave()
	return nil
}

// newArrayAssigner wants as many items as there are, no fewer: a tuple of another
// length is another type to most programs.
func newArrayAssigner(t reflect.Type) assignFunc {
	f := assignerOf(t.Elem())
	raw := t.Elem().Kind() == reflect.Uint8
	return func(a *assigner, v any, dst reflect.Value) error {
		if raw {
			b, ok := bytesOf(v)
			if u, is := v.(UUID); is {
				b, ok = u[:], true
			}
			if ok {
				if len(b) != t.Len() {
					return wrongLength(v, dst, len(b))
				}
				reflect.Copy(dst, reflect.ValueOf(b))
				return nil
			}
		}
		items, ok := itemsOf(v)
		if !ok {
			return misfit(v, dst)
		}
		if len(items) != t.Len() {
			return wrongLength(v, dst, len(items))
		}
		return a.fill(f, items, dst)
	}
}

// wrongLength says of which length a value was.
func wrongLength(v any, dst reflect.Value, n int) error {
	return &UnmarshalTypeError{Value: TypeName(v) + " of length " + Repr(n), Type: dst.Type()}
}

// newMapAssigner makes a new map of a dict; of a set too, if the values of the
// map are empty structs.
func newMapAssigner(t reflect.Type) assignFunc {
	key, elem := assignerOf(t.Key()), assignerOf(t.Elem())
	isSet := t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0
	return func(a *assigner, v any, dst reflect.Value) error {
		if v == nil {
			dst.SetZero()
			return nil
		}
		d, ok := v.(*Dict)
		keysOnly := false
		if !ok && isSet {
			d = setOf(v)
			ok, keysOnly = d != nil, true
		}
		if !ok {
			return misfit(v, dst)
		}
		if a.again(v, dst) {
			return nil
		}
		m := reflect.MakeMapWithSize(t, d.Len())
		a.becomes(v, m)
		if err := a.enter(); err != nil {
			return err
		}
		// SetMapIndex copies both, so one variable of each does for all pairs.
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for kv, ev := range d.All() {
			k.SetZero()
			e.SetZero()
			if err := key(a, kv, k); err != nil {
				return inKey(err, kv)
			}
			if !k.Comparable() { // an interface, or a struct with one: SetMapIndex would panic
				return inKey(mismatch(kv, k, "Go cannot compare it, so that it can be no key"), kv)
			}
			if !keysOnly {
				if err := elem(a, ev, e); err != nil {
					return inKey(err, kv)
				}
			}
			m.SetMapIndex(k, e)
		}
		a.leave()
		dst.Set(m)
		return nil
	}
}
