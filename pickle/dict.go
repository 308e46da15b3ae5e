package pickle

import (
	"iter"
	"sort"
)

// A Dict is Python's dict: pairs in the order in which their keys came, and
// Python's idea of equal keys. 1, 1.0 and true are one key; "a" and []byte("a")
// are two; tuples and frozensets are keys by what they contain. See [Hashable].
//
// Setting a key that is there keeps its place and its first spelling: after
// d.Set(1, "x") and d.Set(1.0, "y") the dict is {1: 'y'}. Keys of Go's other
// integer and float types are stored as int64, *big.Int and float64.
//
// A Dict has an identity, as a List has: two references to one *Dict stay one
// across a pickle. The zero value is an empty dict, ready to use; it must not
// be copied after its first use (see Clone). Any number of goroutines may read
// it at the same time, but not while one of them writes. A key must not be
// changed while it is in a dict: that matters for []byte and Tuple.
//
// Lookup takes constant time. Up to eight pairs are searched one by one, and
// take no index; hashes are seeded anew in each process, so that nobody can
// send keys that all collide.
type Dict struct {
	// entries holds the pairs in their order, with dead ones between them. A
	// slot of index is the number of an entry plus one, or 0. Deleting leaves
	// the slot, since its entry then matches no key; a rebuild removes both.
	entries []entry
	index   []uint32
	live    int    // entries that are not dead
	used    int    // slots of index that are not 0
	first   int    // all entries before it are dead
	seq     uint32 // of the newest entry
	epoch   uint32 // number of rebuilds that moved entries
}

type entry struct {
	key, value any
	hash       uint32 // 0 for a string while there is no index
	seq        uint32 // grows along entries: the place, for iterators
}

// dead is the key of a deleted entry.
type dead struct{}

// small is the number of entries that need no index.
const small = 8

// NewDict returns a dict of the pairs. A later pair wins over an earlier one
// with the same key. It panics if a key is not hashable: keys that are not
// known beforehand go in with Set.
func NewDict(pairs ...Pair) *Dict {
	d := &Dict{}
	d.grow(len(pairs))
	for _, p := range pairs {
		if err := d.Set(p.Key, p.Value); err != nil {
			panic("pickle: NewDict: " + err.Error())
		}
	}
	return d
}

// Len returns the number of pairs.
func (d *Dict) Len() int { return d.live }

// Get returns the value of a key. A key that is not hashable is not found.
func (d *Dict) Get(key any) (value any, ok bool) {
	i, _, _ := d.find(key, nil)
	if i < 0 {
		return nil, false
	}
	return d.entries[i].value, true
}

// Has reports whether the key is in the dict.
func (d *Dict) Has(key any) bool {
	i, _, _ := d.find(key, nil)
	return i >= 0
}

// Set sets the value of a key. The error is Python's TypeError if the key is
// not hashable, for example "unhashable type: 'list'"; the dict is unchanged
// then.
func (d *Dict) Set(key, value any) error {
	i, h, err := d.find(key, nil)
	if err != nil {
		return err
	}
	if i >= 0 {
		d.entries[i].value = value
		return nil
	}
	d.insert(entry{key: plain(key), value: value, hash: h})
	return nil
}

// SetDefault returns the value of the key, after setting it to value if the
// key was not there.
func (d *Dict) SetDefault(key, value any) (any, error) {
	i, h, err := d.find(key, nil)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return d.entries[i].value, nil
	}
	d.insert(entry{key: plain(key), value: value, hash: h})
	return value, nil
}

// Delete removes a key, and reports whether it was there.
func (d *Dict) Delete(key any) bool {
	_, ok := d.Pop(key)
	return ok
}

// Pop removes a key and returns the value that it had.
func (d *Dict) Pop(key any) (value any, ok bool) {
	i, _, _ := d.find(key, nil)
	if i < 0 {
		return nil, false
	}
	value = d.entries[i].value
	d.remove(i)
	return value, true
}

// First returns the oldest pair; ok is false if the dict is empty.
func (d *Dict) First() (p Pair, ok bool) {
	for i := d.first; i < len(d.entries); i++ {
		if e := &d.entries[i]; !e.isDead() {
			return Pair{e.key, e.value}, true
		}
	}
	return Pair{}, false
}

// Last returns the newest pair, the one that Python's popitem takes; ok is
// false if the dict is empty.
func (d *Dict) Last() (p Pair, ok bool) {
	// The last entry is never dead: remove sees to it.
	if n := len(d.entries); n > 0 {
		e := &d.entries[n-1]
		return Pair{e.key, e.value}, true
	}
	return Pair{}, false
}

// All returns an iterator over the pairs, in their order. The dict may change
// meanwhile, where Python would raise RuntimeError: a pair that is deleted
// before its turn is not visited, one that stays is visited once with its value
// of that moment, and one that is added may be visited or not.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		epoch := d.epoch
		for i := d.first; i < len(d.entries); i++ {
			e := &d.entries[i]
			if e.isDead() {
				continue
			}
			seq := e.seq
			if !yield(e.key, e.value) {
				return
			}
			if d.epoch != epoch { // the entries have moved: go on after seq
				epoch = d.epoch
				i = sort.Search(len(d.entries), func(j int) bool {
					return d.entries[j].seq > seq
				}) - 1
			}
		}
	}
}

// Keys returns an iterator over the keys; what All says holds for it too.
func (d *Dict) Keys() iter.Seq[any] {
	return func(yield func(any) bool) {
		d.All()(func(k, _ any) bool { return yield(k) })
	}
}

// Values returns an iterator over the values; what All says holds for it too.
func (d *Dict) Values() iter.Seq[any] {
	return func(yield func(any) bool) {
		d.All()(func(_, v any) bool { return yield(v) })
	}
}

// Pairs returns all pairs, in their order.
func (d *Dict) Pairs() []Pair {
	pairs := make([]Pair, 0, d.live)
	for k, v := range d.All() {
		pairs = append(pairs, Pair{k, v})
	}
	return pairs
}

// Clear removes all pairs.
func (d *Dict) Clear() {
	d.entries, d.index = nil, nil
	d.live, d.used, d.first = 0, 0, 0
	d.epoch++
}

// Clone returns a dict of the same pairs. The values are not copied.
func (d *Dict) Clone() *Dict {
	c := &Dict{}
	c.grow(d.live)
	for i := range d.entries {
		if e := &d.entries[i]; !e.isDead() {
			c.insert(*e)
		}
	}
	return c
}
