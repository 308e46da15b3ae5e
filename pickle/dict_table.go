package pickle

import (
	"hash/maphash"
	"math/bits"
)

// A Dict has its entries in a slice, in the order of insertion, as CPython's has.
// One of few entries looks through them; a larger one has an index too: slots
// with the number of an entry plus 1, or 0, at the hash or behind it, half of
// them empty at least. Deleted entries keep their places until it is rebuilt.

// isDead reports whether the entry was deleted.
func (e *entry) isDead() bool {
	_, is := e.key.(dead)
	return is
}

// find returns the number of the key's entry, or -1, and the key's hash for
// insert. The hash of a string is 0 while there is no index. An error says why
// the key cannot be one. c is the comparison that find is part of, or nil.
func (d *Dict) find(key any, c *comparer) (int, uint32, error) {
	switch k := key.(type) {
	case string:
		if d.index == nil {
			for i := range d.entries {
				if s, ok := d.entries[i].key.(string); ok && s == k {
					return i, 0, nil
				}
			}
			return -1, 0, nil
		}
		h := uint32(maphash.String(seed, k))
		return d.findString(k, h), h, nil
	case int64:
		return d.findHashed(key, uint32(hashInt(k)), c)
	}
	h, err := hashOf(key)
	if err != nil {
		return -1, 0, err
	}
	return d.findHashed(key, uint32(h), c)
}

// findString is find for a string, with an index.
func (d *Dict) findString(k string, h uint32) int {
	mask := uint32(len(d.index) - 1)
	for slot := h & mask; ; slot = (slot + 1) & mask {
		i := int(d.index[slot]) - 1
		if i < 0 {
			return -1
		}
		if i >= len(d.entries) || d.entries[i].hash != h {
			continue
		}
		if s, ok := d.entries[i].key.(string); ok && s == k {
			return i
		}
	}
}

// findHashed is find for any other key.
func (d *Dict) findHashed(key any, h uint32, c *comparer) (int, uint32, error) {
	if d.index == nil {
		for i := range d.entries {
			if e := &d.entries[i]; e.hash == h {
				if same, err := sameKey(e.key, key, c); same || err != nil {
					return i, h, err
				}
			}
		}
		return -1, h, nil
	}
	mask := uint32(len(d.index) - 1)
	for slot := h & mask; ; slot = (slot + 1) & mask {
		i := int(d.index[slot]) - 1
		if i < 0 {
			return -1, h, nil
		}
		if i >= len(d.entries) || d.entries[i].hash != h {
			continue
		}
		if same, err := sameKey(d.entries[i].key, key, c); same || err != nil {
			return i, h, err
		}
	}
}

// sameKey reports whether two hashable values of one hash are one key.
func sameKey(a, b any, c *comparer) (bool, error) {
	switch a := a.(type) {
	case dead:
		return false, nil
	case int64:
		if b, ok := b.(int64); ok {
			return a == b, nil
		}
	}
	if c == nil {
		c = new(comparer)
	}
	return c.equal(a, b)
}

// insert appends an entry whose key is not there yet.
func (d *Dict) insert(e entry) {
	if d.index == nil && len(d.entries) >= small || d.index != nil && d.used >= room(len(d.index)) ||
		d.seq == 1<<32-1 {
		d.rebuild()
	}
	if d.index != nil {
		if e.hash == 0 { // perhaps it was made while there was no index
			if s, ok := e.key.(string); ok {
				e.hash = uint32(maphash.String(seed, s))
			}
		}
		d.link(e.hash, len(d.entries))
	}
	d.seq++
	e.seq = d.seq
	d.entries = append(d.entries, e)
	d.live++
}

// link makes a slot for entry number i.
func (d *Dict) link(h uint32, i int) {
	mask := uint32(len(d.index) - 1)
	slot := h & mask
	for d.index[slot] != 0 {
		slot = (slot + 1) & mask
	}
	d.index[slot] = uint32(i + 1)
	d.used++
}

// room is the number of slots that may be used out of n.
func room(n int) int { return n / 2 }

// remove deletes entry number i.
func (d *Dict) remove(i int) {
	d.entries[i].key, d.entries[i].value = dead{}, nil
	d.live--
	if d.live == 0 {
		d.entries, d.first = d.entries[:0], 0
		return
	}
	for d.entries[d.first].isDead() {
		d.first++
	}
	// Trailing dead entries go at once. Their slots stay, and find steps over
	// them, or takes them for what a later entry of that number is: it compares
	// the keys anyway.
	n := len(d.entries)
	for d.entries[n-1].isDead() {
		n--
	}
	d.entries = d.entries[:n]
}

// grow makes room for n more pairs.
func (d *Dict) grow(n int) {
	if n > cap(d.entries)-len(d.entries) {
		entries := make([]entry, len(d.entries), len(d.entries)+n)
		copy(entries, d.entries)
		d.entries = entries
	}
	if len(d.entries)+n > small && d.index == nil {
		d.reindex(len(d.entries) + n)
	}
}

// rebuild drops the dead entries and makes an index with room for as many
// entries again.
func (d *Dict) rebuild() {
	if d.live < len(d.entries) {
		// A new slice: a caller may be in the middle of the old one.
		entries := make([]entry, 0, d.live+d.live/2+4)
		for i := range d.entries {
			if !d.entries[i].isDead() {
				entries = append(entries, d.entries[i])
			}
		}
		d.entries, d.first = entries, 0
		d.epoch++
	}
	if d.seq == 1<<32-1 { // after four thousand million insertions
		for i := range d.entries {
			d.entries[i].seq = uint32(i + 1)
		}
		d.seq = uint32(len(d.entries))
		d.epoch++
	}
	if d.index == nil && len(d.entries) < small {
		return
	}
	d.reindex(2 * len(d.entries))
}

// reindex makes an index for n entries.
func (d *Dict) reindex(n int) {
	size := 1 << bits.Len(uint(2*max(n, small)-1))
	first := d.index == nil
	d.index = make([]uint32, size)
	d.used = 0
	for i := range d.entries {
		e := &d.entries[i]
		if first {
			if s, ok := e.key.(string); ok {
				e.hash = uint32(maphash.String(seed, s))
			}
		}
		if !e.isDead() {
			d.link(e.hash, i)
		}
	}
}
