package mpring

// A Record is one message. Its payload is the ring's memory: it is valid, and
// may be changed by other programs, until Take.
type Record struct {
	Payload []byte
	Kind    uint8
	next    uint64
}

// Peek returns the next record and leaves it where it is, or ErrEmpty. The
// caller holds GetLock.
func (r *Ring) Peek() (rec Record, err error) {
	h, t := r.head.Load(), r.seenTail.Load()
	if h == t || pos(t-h) > r.size {
		t = r.tail.Load()
		r.seenTail.Store(t)
		if h == t {
			return Record{}, ErrEmpty
		}
	}
	left := pos(t - h)
	if pos(h)&7 != 0 || left > r.size || left&7 != 0 || left == 0 {
		return Record{}, ErrCorrupt
	}
	off := pos(h) & (r.size - 1)
	header := r.header(off)
	if header == magic|kindPad<<32 && off != 0 {
		if left <= r.size-off {
			return Record{}, ErrCorrupt
		}
		left -= r.size - off
		h = moved(h, r.size-off, 0)
		off = 0
		header = r.header(0)
	}
	rec.Kind = uint8(header >> 32)
	n := uint64(uint32(header))
	need := headerSize + padded(n)
	if header&(0xffffff<<40) != magic || rec.Kind == kindPad || need > left || off+need > r.size {
		return Record{}, ErrCorrupt
	}
	rec.Payload = r.data[off+headerSize : off+headerSize+n : off+headerSize+n]
	rec.next = moved(h, need, 1)
	return rec, nil
}

// Take takes what Peek has returned out of the ring, by one store. The caller
// still holds GetLock, and calls Taken when it has let it go.
func (r *Ring) Take(rec *Record) {
	r.publish(r.head, rec.next)
	r.ordered()
}

// Which waits for Room there are.
const (
	ForPlace = 1 // a record to be taken
	ForBytes = 2 // bytes: a quarter of the ring is free, so that not every record wakes somebody
)

// Taken wakes those who wait for room, if there is what they wait for.
func (r *Ring) Taken() {
	if w := r.Room.w.Load() & armed; w != 0 && (w&ForPlace != 0 || pos(r.tail.Load()-r.head.Load()) <= r.size/4*3) {
		r.Room.Ring(everybody)
	}
}
