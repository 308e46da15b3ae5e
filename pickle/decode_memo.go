package pickle

// A memo holds values by the numbers that a pickle gives them. CPython numbers
// them one after the other; a number out of that order costs an entry of a map,
// whatever it is, not an array up to it.
type memo struct {
	dense  []any
	sparse map[uint64]any
}

// reset empties m, to its capacity: a pooled decoder must not keep values alive.
func (m *memo) reset() {
	if cap(m.dense) > 256 {
		m.dense = nil // or one large pickle would cost all the others
	}
	clear(m.dense[:cap(m.dense)])
	m.dense = m.dense[:0]
	m.sparse = nil
}

func (m *memo) len() int { return len(m.dense) + len(m.sparse) }

func (m *memo) get(i uint64) (any, bool) {
	if i < uint64(len(m.dense)) {
		return m.dense[i], true
	}
	v, ok := m.sparse[i]
	return v, ok
}

func (m *memo) put(i uint64, v any) {
	switch n := uint64(len(m.dense)); {
	case i == n:
		m.dense = append(m.dense, v)
		if m.sparse != nil {
			delete(m.sparse, i) // it came out of order before: this one counts
		}
	case i < n:
		m.dense[i] = v
	default:
		if m.sparse == nil {
			m.sparse = make(map[uint64]any)
		}
		m.sparse[i] = v
	}
}

// memoize is MEMOIZE, which counts: CPython takes the number of entries there are.
func (d *decoder) memoize() bool { return d.put(uint64(d.memo.len())) }

// put numbers the value that is on the stack.
func (d *decoder) put(i uint64) bool {
	if len(d.stack) <= d.fence {
		return d.underflow()
	}
	if d.memo.len() >= d.maxMemo {
		return d.over("MaxMemo", int64(d.maxMemo))
	}
	d.memo.put(i, d.stack[len(d.stack)-1])
	return true
}

// get pushes the value with a number. From the first container that is fetched
// on, the value is no tree any more.
func (d *decoder) get(i uint64) bool {
	v, ok := d.memo.get(i)
	if !ok {
		return d.failf("there is no memo entry %d", i)
	}
	switch o := v.(type) {
	case string, []byte, Global:
	case *Object:
		if w, ok := d.settled[o]; ok {
			v = w
		}
		d.shared = true
	default:
		d.shared = true
	}
	return d.push(v)
}
