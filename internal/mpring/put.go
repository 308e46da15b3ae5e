package mpring

import (
	"unsafe"
)

// A Batch is records on their way into the ring. All become visible at once.
// The zero value is not ready: see [Ring.Begin].
type Batch struct {
	r        *Ring
	at, head uint64 // what the tail will be; the last head seen
}

// Begin begins a batch. The caller holds PutLock until after Commit.
func (r *Ring) Begin() (Batch, error) {
	b := Batch{r, r.tail.Load(), r.seenHead.Load()}
	if pos(b.at)&7 != 0 {
		return b, ErrCorrupt
	}
	if pos(b.at-b.head) > r.size { // of another program
		return b, b.look()
	}
	return b, nil
}

// look looks at the head.
func (b *Batch) look() error {
	b.head = b.r.head.Load()
	b.r.seenHead.Store(b.head)
	if used := pos(b.at - b.head); used > b.r.size || used&7 != 0 {
		return ErrCorrupt
	}
	return nil
}

// Add adds a record with a payload of n bytes and returns the room for it, or
// ErrFull. kind must not be 0.
func (b *Batch) Add(kind uint8, n int) ([]byte, error) {
	r := b.r
	need := headerSize + padded(uint64(n))
	if n < 0 || need > r.size {
		return nil, ErrFull
	}
	off := pos(b.at) & (r.size - 1)
	pad := uint64(0)
	switch {
	case off+need > r.size:
		pad = r.size - off
	case off/lap != (off+need)/lap && need <= off:
		if err := b.look(); err != nil {
			return nil, err
		}
		if b.head == b.at { // empty: back to the pages that were touched before
			pad = r.size - off
		}
	}
	if pos(b.at-b.head)+pad+need > r.size {
		if err := b.look(); err != nil {
			return nil, err
		}
		if pos(b.at-b.head)+pad+need > r.size {
			return nil, ErrFull
		}
	}
	if pad > 0 {
		r.setHeader(off, magic|kindPad<<32)
		off = 0
	}
	r.setHeader(off, uint64(uint32(n))|uint64(kind)<<32|magic)
	b.at = moved(b.at, pad+need, 1)
	return r.data[off+headerSize : off+headerSize+uint64(n) : off+need], nil
}

// Commit makes the records visible, by one store.
func (b *Batch) Commit() { b.r.publish(b.r.tail, b.at) }

// Put adds one record of the bytes of a and b. The caller holds PutLock, and
// rings Items when it has let it go.
func (r *Ring) Put(kind uint8, a, b []byte) error {
	t, err := r.Begin()
	if err != nil {
		return err
	}
	room, err := t.Add(kind, len(a)+len(b))
	if err != nil {
		return err
	}
	copy(room, a)
	if len(b) > 0 {
		copy(room[len(a):], b)
	}
	t.Commit()
	return nil
}

// Number returns the next number for a parcel of descriptors, which no other
// will have. The caller holds PutLock.
func (r *Ring) Number() uint64 {
	n := r.number.Load() + 1
	r.number.Store(n)
	return n
}

func (r *Ring) setHeader(off, h uint64) { *(*uint64)(unsafe.Pointer(&r.data[off])) = h }
func (r *Ring) header(off uint64) uint64 {
	return *(*uint64)(unsafe.Pointer(&r.data[off]))
}
