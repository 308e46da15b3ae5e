package codec

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// sliceHeader is what a slice variable is made of. The data field is a real pointer, so the garbage collector sees
// reads and writes of it as it sees those of the slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// somewhere is what empty slices that are not nil, and slices of elements without size, point to.
var somewhere uint64

// wide reports whether the type, at the top level, has an 8-byte length: a slice of flat elements that need alignment.
func (n *node) wide() bool {
	return n.elem != nil && n.elem.flat > 0 && n.elem.typ.Align() > 1
}

func (c *compiler) buildSlice(n *node) *refusal {
	elem, r := c.node(n.typ.Elem())
	if r != nil {
		return r.in("[]")
	}
	n.min = 1
	n.elem = elem
	n.kids = []*node{elem}
	switch {
	case elem.nop && elem.typ.Size() == 0:
		n.enc, n.dec = encCount, decCount
	case elem.flat == 1:
		n.enc, n.dec = encBytes, decBytes
	case elem.image() > 0:
		n.buildImages()
	case elem.isString:
		n.enc, n.dec = encStrings, decStrings
	default:
		n.buildElements()
	}
	return nil
}

// topLevel swaps in the forms that may keep a part of an owned buffer.
func (p *Plan) topLevel() {
	n := p.node
	switch {
	case n.isString:
		p.dec = decOwnedString
	case n.elem == nil || n.elem.flat == 0:
	case n.wide():
		p.enc = func(e *Encoder, v unsafe.Pointer) error {
			h := *(*sliceHeader)(v)
			if h.data == nil {
				e.Buf = binary.LittleEndian.AppendUint64(e.Buf, 0)
				return nil
			}
			e.Buf = binary.LittleEndian.AppendUint64(e.Buf, uint64(h.len)+1)
			n.elem.appendImages(e, h)
			return nil
		}
		p.dec = func(d *Decoder, v unsafe.Pointer) error {
			b, err := d.Take(8)
			if err != nil {
				return err
			}
			count, isNil, err := d.checkLength(binary.LittleEndian.Uint64(b), n.elem.flat)
			if err != nil {
				return err
			}
			return n.elem.takeImages(d, v, count, isNil, d.Owned)
		}
	default:
		p.dec = func(d *Decoder, v unsafe.Pointer) error {
			count, isNil, err := d.length(n.elem.flat)
			if err != nil {
				return err
			}
			return n.elem.takeImages(d, v, count, isNil, d.Owned)
		}
	}
}

// encCount: the elements have neither bytes nor size, the number is all there is.
func encCount(e *Encoder, p unsafe.Pointer) error {
	h := (*sliceHeader)(p)
	if h.data == nil {
		e.Buf = append(e.Buf, 0)
		return nil
	}
	e.Uvarint(uint64(h.len) + 1)
	return nil
}

func decCount(d *Decoder, p unsafe.Pointer) error {
	x, err := d.Uvarint()
	if err != nil {
		return err
	}
	if x == 0 {
		*(*sliceHeader)(p) = sliceHeader{}
		return nil
	}
	if x-1 > uint64(^uint(0)>>1) {
		return errLength
	}
	*(*sliceHeader)(p) = sliceHeader{unsafe.Pointer(&somewhere), int(x - 1), int(x - 1)}
	return nil
}

func encBytes(e *Encoder, p unsafe.Pointer) error {
	b := *(*[]byte)(p)
	if b == nil {
		e.Buf = append(e.Buf, 0)
		return nil
	}
	e.Uvarint(uint64(len(b)) + 1)
	e.Buf = append(e.Buf, b...)
	return nil
}

func decBytes(d *Decoder, p unsafe.Pointer) error {
	n, isNil, err := d.length(1)
	if err != nil {
		return err
	}
	if isNil {
		*(*[]byte)(p) = nil
		return nil
	}
	b := make([]byte, n)
	copy(b, d.Buf[:n])
	*(*[]byte)(p) = b
	d.Buf = d.Buf[n:]
	return nil
}

// buildImages: one copy for all elements.
func (n *node) buildImages() {
	elem := n.elem
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		h := *(*sliceHeader)(p)
		if h.data == nil {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		e.Uvarint(uint64(h.len) + 1)
		elem.appendImages(e, h)
		return nil
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		count, isNil, err := d.length(elem.image())
		if err != nil {
			return err
		}
		return elem.takeImages(d, p, count, isNil, false)
	}
}

// appendImages appends the elements of a slice whose bytes are their memory image.
func (n *node) appendImages(e *Encoder, h sliceHeader) {
	if h.len > 0 {
		e.Buf = append(e.Buf, unsafe.Slice((*byte)(h.data), h.len*n.image())...)
	}
}

// takeImages makes the slice at p of count elements that come next in the input, whose length has been checked; it
// keeps the input itself when that is owned and aligned.
func (n *node) takeImages(d *Decoder, p unsafe.Pointer, count int, isNil, owned bool) error {
	if isNil {
		*(*sliceHeader)(p) = sliceHeader{}
		return nil
	}
	if count == 0 {
		*(*sliceHeader)(p) = sliceHeader{data: unsafe.Pointer(&somewhere)}
		return nil
	}
	size := count * n.image()
	src := d.Buf[:size:size]
	if n.isBool && !allBools(src) {
		return errBool
	}
	d.Buf = d.Buf[size:]
	data := unsafe.Pointer(unsafe.SliceData(src))
	mask := uintptr(n.typ.Align() - 1)
	if !owned || uintptr(data)&mask != 0 {
		// The elements hold no pointers, so plain bytes are the right kind of memory for them. Appending spares
		// clearing it first. The allocator aligns by size, which the check below does not take for granted.
		data = unsafe.Pointer(unsafe.SliceData(append([]byte(nil), src...)))
		if uintptr(data)&mask != 0 {
			words := make([]uint64, (size+7)/8)
			data = unsafe.Pointer(unsafe.SliceData(words))
			copy(unsafe.Slice((*byte)(data), size), src)
		}
	}
	*(*sliceHeader)(p) = sliceHeader{data, count, count}
	return nil
}

func encStrings(e *Encoder, p unsafe.Pointer) error {
	s := *(*[]string)(p)
	if s == nil {
		e.Buf = append(e.Buf, 0)
		return nil
	}
	e.Uvarint(uint64(len(s)) + 1)
	for _, x := range s {
		e.AppendString(x)
	}
	return nil
}

func decStrings(d *Decoder, p unsafe.Pointer) error {
	n, isNil, err := d.length(1)
	if err != nil {
		return err
	}
	if isNil {
		*(*[]string)(p) = nil
		return nil
	}
	s := make([]string, n) // 16 bytes each, for at least one byte each of the input
	for i := range s {
		if s[i], err = d.ReadString(); err != nil {
			return inIndex(err, i)
		}
	}
	*(*[]string)(p) = s
	return nil
}

// buildElements: the general form, element by element.
func (n *node) buildElements() {
	elem, t, size := n.elem, n.typ, n.elem.typ.Size()
	filler := elem.nop
	n.enc = func(e *Encoder, p unsafe.Pointer) error {
		h := *(*sliceHeader)(p)
		if h.data == nil {
			e.Buf = append(e.Buf, 0)
			return nil
		}
		e.Uvarint(uint64(h.len) + 1)
		if filler {
			e.Buf = append(e.Buf, make([]byte, h.len)...)
			return nil
		}
		for i := range h.len {
			if err := elem.enc(e, unsafe.Add(h.data, uintptr(i)*size)); err != nil {
				return inIndex(err, i)
			}
		}
		return nil
	}
	n.dec = func(d *Decoder, p unsafe.Pointer) error {
		count, isNil, err := d.length(max(1, elem.min))
		if err != nil {
			return err
		}
		if isNil || count == 0 {
			*(*sliceHeader)(p) = sliceHeader{}
			if !isNil {
				(*sliceHeader)(p).data = unsafe.Pointer(&somewhere)
			}
			return nil
		}
		// Growing through reflect gives memory of the element's type, cleared, and stores the slice as the
		// garbage collector wants it.
		*(*sliceHeader)(p) = sliceHeader{}
		s := reflect.NewAt(t, p).Elem()
		s.Grow(d.room(count, size))
		for i := 0; i < count; {
			have := min(count, s.Cap())
			s.SetLen(have)
			base := s.UnsafePointer()
			for ; i < have; i++ {
				if filler {
					if _, err := d.Take(1); err != nil {
						return inIndex(err, i)
					}
				} else if err := elem.dec(d, unsafe.Add(base, uintptr(i)*size)); err != nil {
					return inIndex(err, i)
				}
			}
			if i < count {
				s.Grow(min(count-i, i))
			}
		}
		return nil
	}
}
