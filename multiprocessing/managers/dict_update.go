package managers

import (
	"github.com/conexgo/conex/pickle"
)

// update is dict.update, and what the constructor does: the function is named
// in errors. Other than in CPython nothing changes if there is one.
func (d *dict) update(c *call, name string) error {
	if err := expected(name, c.args, 0, 1); err != nil {
		return err
	}
	var pairs *pickle.Dict
	if len(c.args) > 0 {
		var err error
		if pairs, err = pairsOf(c.args[0]); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.merge(pairs)
	d.merge(c.kwds)
	return nil
}

// merge sets what other has: its keys are hashable. The caller has the lock.
func (d *dict) merge(other *pickle.Dict) {
	if other == nil {
		return
	}
	for k, v := range other.All() {
		d.set(k, v)
	}
}

// pairsOf returns what update takes from v: a mapping, or pairs. The caller
// must not change it.
func pairsOf(v any) (*pickle.Dict, error) {
	if m, err := mapping(v); m != nil || err != nil {
		return m, err
	}
	items, err := iterable(v)
	if err != nil {
		return nil, err
	}
	d := new(pickle.Dict)
	for i, x := range items {
		pair, err := iterable(x)
		if err != nil {
			return nil, pickle.TypeError.Newf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(pair) != 2 {
			return nil, pickle.ValueError.Newf("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
		}
		if err := d.Set(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// ior is d |= v. As in CPython the dict is the answer, though its proxy drops
// it.
func (d *dict) ior(_ *call, args []any) (any, error) {
	pairs, err := pairsOf(args[0])
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.merge(pairs)
	return d.d.Clone(), nil
}

// merged is d | other, or other | d if swapped. It changes d, a snapshot.
func merged(d *pickle.Dict, other any, swapped bool) (any, error) {
	o, err := mapping(other)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return pickle.NotImplemented, nil
	}
	if swapped {
		d, o = o.Clone(), d
	}
	for k, v := range o.All() {
		if err := d.Set(k, v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// dictFromKeys is dict.fromkeys(iterable, value=None): a plain dict.
func dictFromKeys(_ *dict, _ *call, args []any) (any, error) {
	keys, err := iterable(args[0])
	if err != nil {
		return nil, err
	}
	var value any
	if len(args) > 1 {
		value = args[1]
	}
	d := new(pickle.Dict)
	for _, k := range keys {
		if err := d.Set(k, value); err != nil {
			return nil, err
		}
	}
	return d, nil
}
