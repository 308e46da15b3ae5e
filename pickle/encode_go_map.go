package pickle

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// newMapEncoder writes a dict. The keys are sorted, so that equal maps make
// equal pickles: strings and numbers by value, others by what Python prints.
// A map whose values are empty structs is a set.
func newMapEncoder(t reflect.Type) encodeFunc {
	key, elem := encoderOf(t.Key()), encoderOf(t.Elem())
	number := typeNumber()
	// These two have no reflection for their pairs: they are what most maps are.
	isStrings := t == reflect.TypeFor[map[string]string]()
	isAnys := t == reflect.TypeFor[map[string]any]()
	isSet := t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.buf = append(e.buf, opNone)
			return nil
		}
		id := ident{v.UnsafePointer(), -1, number}
		if e.again(id) {
			return nil
		}
		if err := e.enter(); err != nil {
			return err
		}
		var err error
		if isSet {
			err = e.mapAsSet(id, key, v)
		} else {
			e.emptyDict()
			e.memoize(id)
			switch {
			case isStrings:
				err = setsFast(e, v.Interface().(map[string]string), (*encoder).text)
			case isAnys:
				err = setsFast(e, v.Interface().(map[string]any), (*encoder).save)
			default:
				err = e.setsOf(key, elem, v)
			}
		}
		e.depth--
		return err
	}
}

// setsOf is sets for the pairs of a map.
func (e *encoder) setsOf(key, elem encodeFunc, v reflect.Value) error {
	keys, err := sortedKeys(v)
	if err != nil {
		return err
	}
	b := batches{left: len(keys)}
	for _, k := range keys {
		b.before(e)
		if err := key(e, k); err != nil {
			return in(err, "[key "+k.Type().String()+"]")
		}
		if err := elem(e, v.MapIndex(k)); err != nil {
			return inKey(err, modelKey(k))
		}
		b.after(e, opSetItem, opSetItems)
	}
	return nil
}

// setsFast is setsOf for the most usual maps, without reflection.
func setsFast[V any](e *encoder, m map[string]V, save func(*encoder, V) error) error {
	var few [8]string // small maps sort their keys on the stack
	keys := few[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b := batches{left: len(keys)}
	for _, k := range keys {
		b.before(e)
		if err := e.text(k); err != nil {
			return in(err, "[key string]")
		}
		if err := save(e, m[k]); err != nil {
			return inKey(err, k)
		}
		b.after(e, opSetItem, opSetItems)
	}
	return nil
}

// mapAsSet writes the keys only, with ADDITEMS from protocol 4 on, which unlike the
// opcodes of lists and dicts has a mark for a single one too.
func (e *encoder) mapAsSet(id ident, key encodeFunc, v reflect.Value) error {
	keys, err := sortedKeys(v)
	if err != nil {
		return err
	}
	if e.proto < 4 {
		items := make([]any, len(keys))
		for i, k := range keys {
			items[i] = k.Interface()
		}
		return e.setAsCall(id, "set", slices.Values(items), len(items))
	}
	e.buf = append(e.buf, opEmptySet)
	e.memoize(id)
	for i, k := range keys {
		if i%batch == 0 {
			e.buf = append(e.buf, opMark)
		}
		if err := key(e, k); err != nil {
			return in(err, "{"+k.Type().String()+"}")
		}
		if i%batch == batch-1 || i == len(keys)-1 {
			e.buf = append(e.buf, opAddItems)
		}
	}
	return nil
}

// sortedKeys returns the keys of a map in an order that is always the same.
func sortedKeys(v reflect.Value) ([]reflect.Value, error) {
	keys := v.MapKeys()
	switch k := v.Type().Key(); {
	case k.Kind() == reflect.String:
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		return keys, nil
	case reflect.Int <= k.Kind() && k.Kind() <= reflect.Int64:
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) })
		return keys, nil
	case reflect.Uint <= k.Kind() && k.Kind() <= reflect.Uintptr:
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.Uint(), b.Uint()) })
		return keys, nil
	}
	// Keys of several types, in an interface, or of one that has no order: None,
	// numbers, strings, what can be printed, all others.
	type sortable struct {
		k    reflect.Value
		v    any    // numbers and strings are compared by it
		rank int    // which of the five
		text string // what the others are compared by
	}
	all := make([]sortable, len(keys))
	for i, k := range keys {
		s := sortable{k: k, v: modelKey(k)}
		if k.Kind() == reflect.Interface {
			k = k.Elem()
		}
		switch {
		case !k.IsValid():
		case isNumber(s.v):
			s.rank = 1
		case k.Kind() == reflect.String:
			s.rank = 2
		case k.Kind() == reflect.Struct && !opaque(k.Type()):
			return nil, &UnsupportedValueError{Msg: "a " + k.Type().String() +
				" as a key: it is a dict in Python, which cannot be one"}
		case k.Kind() == reflect.Array || k.Kind() == reflect.Struct || k.Kind() == reflect.Complex128:
			s.rank, s.text = 3, fmt.Sprint(k.Interface())
		default: // pointers and the like: in no order
			s.rank, s.text = 4, k.Type().String()
		}
		all[i] = s
	}
	slices.SortStableFunc(all, func(a, b sortable) int {
		if c := cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.text, b.text)); c != 0 || a.rank > 2 {
			return c
		}
		c, _ := Compare(a.v, b.v)
		return c
	})
	for i := range all {
		keys[i] = all[i].k
	}
	return keys, nil
}

// modelKey returns a key as a value of the model, if it is of a simple kind.
func modelKey(k reflect.Value) any {
	if k.Kind() == reflect.Interface {
		k = k.Elem()
	}
	switch {
	case !k.IsValid():
		return nil
	case k.CanInt():
		return k.Int()
	case k.CanUint():
		return plainUint(k.Uint())
	case k.CanFloat():
		return k.Float()
	case k.Kind() == reflect.String:
		return k.String()
	case k.Kind() == reflect.Bool:
		return k.Bool()
	}
	return k.Interface()
}
