package managers

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/conexgo/conex/pickle"
)

// What a method or a factory has returned becomes an object of some typeid. It
// may be a referent of the typeid's class, but need not: a method that is said
// to return a proxy for a list may return a slice.

// adopt returns the referent that v is or becomes, and the Type that it is
// served as.
func (ty *Type) adopt(v any) (any, *Type, error) {
	if nothing(v) {
		return nil, nil, pickle.TypeError.New("nothing was returned that a proxy could stand for")
	}
	k := ty.class
	switch {
	case k == nil:
		return ty.dynamic(v)
	case k.adopt != nil:
		v, err := k.adopt(v)
		return v, ty, err
	case k.goType == nil || k.goType == reflect.TypeOf(v):
		return v, ty, nil
	case k.goType.Kind() == reflect.Interface && reflect.TypeOf(v).Implements(k.goType):
		return v, ty, nil
	}
	return ty.dynamic(v)
}

func nothing(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// dynamic finds the class by the value. What ty exposes is exposed, if it says
// so: as in Python, where only the value's class tells what there is.
func (ty *Type) dynamic(v any) (any, *Type, error) {
	base, mk, ok := modelType(reflect.TypeOf(v))
	if !ok {
		k, err := classOf(reflect.TypeOf(v))
		if err != nil {
			return nil, nil, pickle.TypeError.New(err.Error())
		}
		base = newType(k, nil)
	} else {
		var err error
		if v, err = mk(v); err != nil {
			return nil, nil, err
		}
	}
	t, err := ty.over(base)
	return v, t, err
}

// over is the type of a class that is now known, with what was said of it when
// it was not.
func (ty *Type) over(base *Type) (*Type, error) {
	t := *base
	if ty.exposed != nil {
		for _, n := range ty.exposed {
			if t.class.methods[n] == nil {
				return nil, pickle.TypeError.New(t.class.lacks(n).Error())
			}
		}
		t.expose(ty.exposed)
	}
	for method, typeid := range ty.proxies {
		if err := ReturnsProxy(method, typeid)(&t); err != nil {
			return nil, pickle.TypeError.New(err.Error())
		}
	}
	return &t, nil
}

// modelType returns how values of a Go type without methods are served: as what
// they are in Python. A referent of this package's own is served as it is.
func modelType(t reflect.Type) (ty *Type, referent func(any) (any, error), ok bool) {
	same := func(v any) (any, error) { return v, nil }
	switch t {
	case reflect.TypeFor[*list]():
		return ListType, same, true
	case reflect.TypeFor[*dict]():
		return DictType, same, true
	case reflect.TypeFor[*set]():
		return SetType, same, true
	case reflect.TypeFor[*iterator]():
		return IteratorType, same, true
	case reflect.TypeFor[*pickle.List](), reflect.TypeFor[pickle.Tuple]():
		return ListType, adoptList, true
	case reflect.TypeFor[*pickle.Dict]():
		return DictType, adoptDict, true
	case reflect.TypeFor[*pickle.Set]():
		return SetType, adoptSet, true
	}
	switch {
	case isSeq(t):
		return IteratorType, adoptIterator, true
	case t.NumMethod() > 0:
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		return ListType, adoptList, true
	case t.Kind() == reflect.Map:
		return DictType, adoptDict, true
	}
	return nil, nil, false
}

// model is v as its pickle has it.
func model(v any) (any, error) {
	data, err := pickle.Marshal(v)
	if err != nil {
		return nil, err
	}
	var m any
	err = pickle.Unmarshal(data, &m)
	return m, err
}

func adoptList(v any) (any, error) {
	if l, ok := v.(*list); ok {
		return l, nil
	}
	items, err := modelItems(v)
	return &list{items: items}, err
}

func adoptSet(v any) (any, error) {
	if s, ok := v.(*set); ok {
		return s, nil
	}
	m, err := model(v)
	if err != nil {
		return nil, err
	}
	s := &set{}
	_, err = s.update(nil, []any{m})
	return s, err
}

func adoptDict(v any) (any, error) {
	if d, ok := v.(*dict); ok {
		return d, nil
	}
	m, err := model(v)
	if err != nil {
		return nil, err
	}
	d := &dict{}
	return d, d.update(&call{args: pickle.Tuple{m}}, "dict")
}

func adoptIterator(v any) (any, error) {
	if i, ok := v.(*iterator); ok {
		return i, nil
	}
	if isSeq(reflect.TypeOf(v)) {
		return iterateSeq(seqOf(reflect.ValueOf(v))), nil
	}
	items, err := modelItems(v)
	return iterate(items), err
}

func modelItems(v any) ([]any, error) {
	m, err := model(v)
	if err != nil {
		return nil, err
	}
	items, err := iterable(m)
	return slices.Clone(items), err
}

// lacks says why a class does not have a method.
func (k *class) lacks(name string) error {
	if k == nil {
		return fmt.Errorf("no method %q", name)
	}
	if err := k.unfit[name]; err != nil {
		return err
	}
	return fmt.Errorf("%s has no method %q", k.name, name)
}
