package pickle

import "encoding/binary"

// An identMemo numbers what has been written. Most messages have little in
// them that has an identity: for these it is an array.
type identMemo struct {
	n     int // entries, those of globals too
	few   [8]memoEntry
	inFew int
	many  map[ident]int
}

// A memoEntry says which number a value has.
type memoEntry struct {
	id ident
	n  int
}

// reset empties m: it keeps what it has numbered alive, see ident.
func (m *identMemo) reset() {
	clear(m.few[:m.inFew])
	if len(m.many) > 4096 {
		m.many = nil // clear takes as long as it was ever large
	} else if len(m.many) > 0 {
		clear(m.many)
	}
	m.n, m.inFew = 0, 0
}

// get returns the number of what has been written.
func (m *identMemo) get(id ident) (int, bool) {
	for i := range m.few[:m.inFew] {
		if m.few[i].id == id {
			return m.few[i].n, true
		}
	}
	if len(m.many) == 0 {
		return 0, false
	}
	n, ok := m.many[id]
	return n, ok
}

// put gives it the next number.
func (m *identMemo) put(id ident) {
	if m.inFew < len(m.few) {
		m.few[m.inFew] = memoEntry{id, m.n}
		m.inFew++
	} else {
		if m.many == nil {
			m.many = make(map[ident]int)
		}
		m.many[id] = m.n
	}
	m.n++
}

// again refers to what has been written already, and reports whether it has.
func (e *encoder) again(id ident) bool {
	n, ok := e.memo.get(id)
	if ok {
		e.get(n)
	}
	return ok
}

// memoize numbers what is on top of the reader's stack.
func (e *encoder) memoize(id ident) {
	e.put()
	e.memo.put(id)
}

// put writes that what is on top of the stack gets the next number. From protocol
// 4 on the reader counts for itself.
func (e *encoder) put() {
	switch n := e.memo.n; {
	case e.proto >= 4:
		e.buf = append(e.buf, opMemoize)
	case e.proto == 0:
		e.line(opPut, n)
	case n < 256:
		e.buf = append(e.buf, opBinPut, byte(n))
	default:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opLongBinPut), uint32(n))
	}
}

// get writes a reference to number n.
func (e *encoder) get(n int) {
	switch {
	case e.proto == 0:
		e.line(opGet, n)
	case n < 256:
		e.buf = append(e.buf, opBinGet, byte(n))
	default:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opLongBinGet), uint32(n))
	}
}
