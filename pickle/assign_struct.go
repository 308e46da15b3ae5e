package pickle

import (
	"reflect"
	"strconv"
)

// newStructAssigner makes the function for a struct. It takes a dict by its
// keys, an instance of a class by its attributes, and a tuple or what was made
// of positional arguments by its items, if there are as many as fields.
func newStructAssigner(t reflect.Type) assignFunc {
	info := infoOf(t)
	fs := make([]assignFunc, len(info.fields))
	for i, f := range info.fields {
		fs[i] = assignerOf(f.typ)
	}
	s := &structAssigner{t, info, fs}
	return s.assign
}

// A structAssigner fills structs of one type.
type structAssigner struct {
	t    reflect.Type
	info *structInfo
	fs   []assignFunc
}

// assign goes by what the value is; see newStructAssigner.
func (s *structAssigner) assign(a *assigner, v any, dst reflect.Value) error {
	if err := a.enter(); err != nil {
		return err
	}
	var err error
	switch v := v.(type) {
	case *Dict:
		err = s.dict(a, v, dst)
	case Tuple:
		err = s.items(a, v, v, dst)
	case *Object:
		err = s.object(a, v, dst)
	default:
		return misfit(v, dst)
	}
	a.leave()
	return err
}

// dict takes the pairs of a dict. A key that is not quite the name of its field
// gives way to one that is.
func (s *structAssigner) dict(a *assigner, d *Dict, dst reflect.Value) error {
	guess := 0
	for i := range d.entries {
		e := &d.entries[i]
		name, ok := e.key.(string)
		if !ok {
			if e.isDead() {
				continue
			}
			return &UnmarshalTypeError{
				Value: "dict with a key of type " + TypeName(e.key), Type: s.t,
			}
		}
		i, exact := s.info.find(name, guess)
		if i < 0 || !exact && d.Has(s.info.fields[i].name) {
			continue
		}
		guess = i + 1
		if err := s.field(a, i, e.value, dst); err != nil {
			return err
		}
	}
	return nil
}

// field stores the value of field number i, and names it if that fails.
func (s *structAssigner) field(a *assigner, i int, v any, dst reflect.Value) error {
	f := &s.info.fields[i]
	fv := dst
	if len(f.index) == 1 {
		fv = dst.Field(f.index[0])
	} else {
		fv = settable(dst, f.index)
	}
	if err := s.fs[i](a, v, fv); err != nil {
		return in(err, "."+f.goName)
	}
	return nil
}

// settable returns a field to be set, and makes the structs that the pointers
// on the way should point to.
func settable(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

// items takes positional values. The number must be right, since nothing else tells
// whether they are meant for this struct.
func (s *structAssigner) items(a *assigner, v any, items []any, dst reflect.Value) error {
	if len(items) != len(s.info.fields) {
		return &UnmarshalTypeError{
			Value: TypeName(v) + " of " + strconv.Itoa(len(items)) + " items",
			Type:  s.t,
			Msg:   "the struct has " + strconv.Itoa(len(s.info.fields)) + " fields",
		}
	}
	for i, item := range items {
		if err := s.field(a, i, item, dst); err != nil {
			return err
		}
	}
	return nil
}

// object takes the attributes of an instance: a state that is a dict, or the
// pair of a dict and one of slots that classes with __slots__ have. Without a
// state it takes the arguments.
func (s *structAssigner) object(a *assigner, o *Object, dst reflect.Value) error {
	if g, ok := a.cfg.Classes.globalOf(s.t); ok && o.Class != any(g) {
		return &UnmarshalTypeError{Value: "instance of " + o.Name(), Type: s.t, Msg: "it is registered for " + g.String()}
	}
	if !o.HasState {
		return s.items(a, o, o.Args, dst)
	}
	switch state := o.State.(type) {
	case *Dict:
		return s.dict(a, state, dst)
	case Tuple:
		if len(state) == 2 {
			first, ok1 := state[0].(*Dict)
			slots, ok2 := state[1].(*Dict)
			if (ok1 || state[0] == nil) && ok2 {
				if first != nil {
					if err := s.dict(a, first, dst); err != nil {
						return err
					}
				}
				return s.dict(a, slots, dst)
			}
		}
	}
	return &UnmarshalTypeError{
		Value: "instance of " + o.Name() + " with a state of type " + TypeName(o.State), Type: s.t,
	}
}
