package python

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/conexgo/conex/internal/wire"
)

var le = binary.LittleEndian

// An entry is what items have in common that stand together in a unit.
type entry struct {
	fn       *wire.Entry
	flags    uint16
	deadline int64 // of the caller, in Unix nanoseconds; 0 is none
	timeout  int64 // of each item, in nanoseconds; 0 is none
	window   uint32
}

// joins reports whether items of e can be added to those of last.
func (e *entry) joins(last *entry) bool {
	return last.fn != nil && e.flags == last.flags && e.flags&(flagLarge|flagStream) == 0 &&
		e.deadline == last.deadline && e.timeout == last.timeout &&
		(e.fn == last.fn || bytes.Equal(e.fn.Key, last.fn.Key))
}

// A unit is a message with items under construction. Neighbours that have
// everything in common share a head: most units have one.
type unit struct {
	buf     []byte
	last    entry
	at      int // where the head of last is
	entries int
	items   uint32
}

func (u *unit) reset() {
	u.buf = append(u.buf[:0], make([]byte, unitHead)...)
	u.last, u.entries, u.items = entry{}, 0, 0
}

// cost is what e takes in the unit before its items.
func (u *unit) cost(e *entry) int {
	if e.joins(&u.last) {
		return 0
	}
	return entryHead + len(e.fn.Key)
}

// open makes the items that are appended to buf next n items of e.
func (u *unit) open(e *entry, n int64) {
	u.items += uint32(n)
	if e.joins(&u.last) {
		le.PutUint32(u.buf[u.at+4:], le.Uint32(u.buf[u.at+4:])+uint32(n))
		return
	}
	u.last, u.at = *e, len(u.buf)
	u.entries++
	b := le.AppendUint16(u.buf, uint16(len(e.fn.Key)))
	b = le.AppendUint16(b, e.flags)
	b = le.AppendUint32(b, uint32(n))
	b = le.AppendUint64(b, uint64(e.deadline))
	b = le.AppendUint64(b, uint64(e.timeout))
	b = le.AppendUint32(b, e.window)
	b = le.AppendUint32(b, 0)
	u.buf = append(b, e.fn.Key...)
}

// finish fills in the head.
func (u *unit) finish(first uint64) []byte {
	u.buf[0] = 'U'
	le.PutUint16(u.buf[2:], uint16(u.entries))
	le.PutUint32(u.buf[4:], u.items)
	le.PutUint64(u.buf[8:], first)
	return u.buf
}

// unitNumber returns the number of the first item of a unit that was taken back.
func unitNumber(b []byte) (first uint64, ok bool) {
	if len(b) < unitHead || b[0] != 'U' {
		return 0, false
	}
	return le.Uint64(b[8:]), true
}

// resultsHead takes the head off a message of results.
func resultsHead(b []byte) (first uint64, last bool, rest []byte, err error) {
	if len(b) < resultsTop || b[0] != 'R' {
		return 0, false, nil, fmt.Errorf("a message of %d bytes that are no results", len(b))
	}
	return le.Uint64(b[8:]), b[1] != 0, b[resultsTop:], nil
}

// nextResult takes a result off.
func nextResult(b []byte) (status uint32, payload, rest []byte, err error) {
	if len(b) < resultHead {
		return 0, nil, nil, fmt.Errorf("%d bytes behind the last result", len(b))
	}
	status = le.Uint32(b)
	n := uint64(le.Uint32(b[4:]))
	b = b[resultHead:]
	if n > uint64(len(b)) {
		return 0, nil, nil, fmt.Errorf("a result of %d bytes in a message with %d", n, len(b))
	}
	return status, b[:n:n], b[n:], nil
}

// twoWords reads the payload of statusLarge.
func twoWords(b []byte) (id, length uint64, err error) {
	if len(b) != 16 {
		return 0, 0, fmt.Errorf("%d bytes about a segment", len(b))
	}
	return le.Uint64(b), le.Uint64(b[8:]), nil
}
