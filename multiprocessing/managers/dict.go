package managers

import (
	"slices"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// DictType is Python's dict: from a mapping, from pairs, from keywords.
var DictType = newType(dictClass, makeDict)

// A dict is the referent of a DictProxy. Its keys and values are never changed,
// only replaced.
type dict struct {
	mu  sync.Mutex
	d   pickle.Dict
	gen uint64 // counts the changes of keys, for iterators
}

func makeDict(c *call) (any, error) {
	d := &dict{}
	if err := d.update(c, "dict"); err != nil {
		return nil, err
	}
	return d, nil
}

var dictClass = &class{
	name: "dict",
	exposed: []string{
		"__contains__", "__delitem__", "__getitem__", "__ior__", "__iter__", "__len__", "__or__",
		"__reversed__", "__ror__", "__setitem__", "clear", "copy", "fromkeys", "get", "items",
		"keys", "pop", "popitem", "setdefault", "update", "values",
	},
	proxies: map[string]string{"__iter__": "Iterator"},
	methods: map[string]method{
		"__contains__": oneArg("dict.__contains__", (*dict).contains),
		"__delitem__":  slot("__delitem__", 1, (*dict).delItem),
		"__getitem__":  oneArg("dict.__getitem__", (*dict).getItem),
		"__ior__":      slot("__ior__", 1, (*dict).ior),
		"__iter__":     slot("__iter__", 0, (*dict).iterate),
		"__len__":      slot("__len__", 0, func(d *dict, _ *call, _ []any) (any, error) { return d.len(), nil }),
		"__or__": slot("__or__", 1, func(d *dict, _ *call, args []any) (any, error) {
			return merged(d.snapshot(), args[0], false)
		}),
		"__reversed__": noArgs("dict.__reversed__", (*dict).reversed),
		"__ror__": slot("__ror__", 1, func(d *dict, _ *call, args []any) (any, error) {
			return merged(d.snapshot(), args[0], true)
		}),
		"__setitem__": slot("__setitem__", 2, (*dict).setItem),
		"clear":       noArgs("dict.clear", (*dict).clear),
		"copy":        noArgs("dict.copy", func(d *dict, _ *call) (any, error) { return d.snapshot(), nil }),
		"fromkeys":    someArgs("dict.fromkeys", 1, 2, dictFromKeys),
		"get":         someArgs("dict.get", 1, 2, (*dict).get),
		"items":       noArgs("dict.items", (*dict).items),
		"keys":        noArgs("dict.keys", func(d *dict, _ *call) (any, error) { return &pickle.List{Items: d.iter()}, nil }),
		"pop":         someArgs("dict.pop", 1, 2, (*dict).pop),
		"popitem":     noArgs("dict.popitem", (*dict).popItem),
		"setdefault":  someArgs("dict.setdefault", 1, 2, (*dict).setDefault),
		"update":      func(c *call, self any) (any, error) { return nil, self.(*dict).update(c, "update") },
		"values":      noArgs("dict.values", (*dict).values),
	},
	repr:  func(self any) string { return pickle.Repr(self.(*dict).snapshot()) },
	adopt: adoptDict,
	value: func(self any) (any, error) { return self.(*dict).snapshot(), nil },
}

// iter is what list(d) has: the keys.
func (d *dict) iter() []any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.AppendSeq(make([]any, 0, d.d.Len()), d.d.Keys())
}

func (d *dict) snapshot() *pickle.Dict {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.d.Clone()
}

func (d *dict) len() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(d.d.Len())
}

// lookup finds the value of a key. That a key cannot be one is an error, as in
// Python. The caller has the lock.
func (d *dict) lookup(key any) (v any, ok bool, err error) {
	if v, ok = d.d.Get(key); !ok {
		err = pickle.Hashable(key)
	}
	return v, ok, err
}

func (d *dict) contains(_ *call, key any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok, err := d.lookup(key)
	return ok, err
}

func (d *dict) getItem(_ *call, key any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok, err := d.lookup(key)
	if err == nil && !ok {
		err = pickle.KeyError.New(key)
	}
	return v, err
}

func (d *dict) get(_ *call, args []any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok, err := d.lookup(args[0])
	if !ok && len(args) > 1 {
		v = args[1]
	}
	return v, err
}

func (d *dict) setItem(_ *call, args []any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return nil, d.set(args[0], args[1])
}

// set sets the value of a key. The caller has the lock.
func (d *dict) set(key, value any) error {
	n := d.d.Len()
	err := d.d.Set(key, value)
	if d.d.Len() != n {
		d.gen++
	}
	return err
}

func (d *dict) setDefault(_ *call, args []any) (any, error) {
	var deflt any
	if len(args) > 1 {
		deflt = args[1]
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if v, ok, err := d.lookup(args[0]); ok || err != nil {
		return v, err
	}
	return deflt, d.set(args[0], deflt)
}

func (d *dict) delItem(_ *call, args []any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok, err := d.take(args[0])
	if err == nil && !ok {
		err = pickle.KeyError.New(args[0])
	}
	return nil, err
}

// take removes a key. The caller has the lock.
func (d *dict) take(key any) (v any, ok bool, err error) {
	if v, ok, err = d.lookup(key); ok {
		d.d.Delete(key)
		d.gen++
	}
	return v, ok, err
}

func (d *dict) pop(_ *call, args []any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var v any
	var ok bool
	if d.d.Len() > 0 { // else CPython does not even look at the key
		var err error
		if v, ok, err = d.take(args[0]); err != nil {
			return nil, err
		}
	}
	switch {
	case ok:
		return v, nil
	case len(args) > 1:
		return args[1], nil
	}
	return nil, pickle.KeyError.New(args[0])
}

func (d *dict) popItem(*call) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.d.Last()
	if !ok {
		return nil, pickle.KeyError.New("popitem(): dictionary is empty")
	}
	d.d.Delete(p.Key)
	d.gen++
	return pickle.Tuple{p.Key, p.Value}, nil
}

func (d *dict) clear(*call) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.d.Len() > 0 {
		d.gen++
	}
	d.d.Clear()
	return nil, nil
}

func (d *dict) items(*call) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	items := make([]any, 0, d.d.Len())
	for k, v := range d.d.All() {
		items = append(items, pickle.Tuple{k, v})
	}
	return &pickle.List{Items: items}, nil
}

func (d *dict) values(*call) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	items := make([]any, 0, d.d.Len())
	for _, v := range d.d.All() {
		items = append(items, v)
	}
	return &pickle.List{Items: items}, nil
}

// reversed is an iterator that works in the client, on a copy: so it arrives
// from CPython.
func (d *dict) reversed(*call) (any, error) {
	keys := d.iter()
	slices.Reverse(keys)
	return &pickle.Object{Make: pickle.Reduce, Class: builtin("iter"), Args: pickle.Tuple{&pickle.List{Items: keys}}}, nil
}

// iterate is iter(d). The iterator ends with an error if keys come or go.
//
// CPython notices at once that their number is another one, and that the keys
// are others only at the end, if at all; here it is noticed at once, too.
func (d *dict) iterate(*call, []any) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keys := slices.AppendSeq(make([]any, 0, d.d.Len()), d.d.Keys())
	gen := d.gen
	return iterateChecked("dict_keyiterator", keys, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case d.gen == gen:
			return nil
		case d.d.Len() != len(keys):
			return pickle.RuntimeError.New("dictionary changed size during iteration")
		}
		return pickle.RuntimeError.New("dictionary keys changed during iteration")
	}), nil
}
