package codec

import (
	"encoding/binary"
	"unsafe"
)

// Tail is Encode for a large value that is mostly one block of memory: a string, a byte slice or a slice of flat
// elements of at least atLeast bytes. It appends what comes before the block to e and returns the block itself, which
// is the value's memory and completes the encoding. For other values ok is false and e is as it was.
func (p *Plan) Tail(e *Encoder, v unsafe.Pointer, atLeast int) (block []byte, ok bool) {
	n := p.node
	switch {
	case n.isString:
		s := *(*string)(v)
		if len(s) < max(atLeast, 1) {
			return nil, false
		}
		e.Uvarint(uint64(len(s)))
		return unsafe.Slice(unsafe.StringData(s), len(s)), true
	case n.elem != nil && n.elem.flat > 0:
		h := (*sliceHeader)(v)
		size := h.len * n.elem.flat
		if size < max(atLeast, 1) {
			return nil, false
		}
		if n.wide() {
			e.Buf = binary.LittleEndian.AppendUint64(e.Buf, uint64(h.len)+1)
		} else {
			e.Uvarint(uint64(h.len) + 1)
		}
		return unsafe.Slice((*byte)(h.data), size), true
	}
	return nil, false
}
