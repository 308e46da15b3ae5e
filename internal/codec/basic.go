package codec

import (
	"encoding/binary"
	"unsafe"
)

// buildFlat: the memory image. Single numbers are loaded and stored as such, which is several times faster than a
// call of the general copy.
func (n *node) buildFlat() {
	size := int(n.typ.Size())
	n.flat, n.min = size, size
	// An array of bytes may lie at any address; only what is aligned as a number is touched as one.
	align := uintptr(n.typ.Align())
	switch {
	case size == 1:
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			e.Buf = append(e.Buf, *(*byte)(p))
			return nil
		}
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			if len(d.Buf) < 1 {
				return errTruncated
			}
			*(*byte)(p) = d.Buf[0]
			d.Buf = d.Buf[1:]
			return nil
		}
	case size == 4 && align >= unsafe.Alignof(uint32(0)):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			e.Buf = binary.NativeEndian.AppendUint32(e.Buf, *(*uint32)(p))
			return nil
		}
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			if len(d.Buf) < 4 {
				return errTruncated
			}
			*(*uint32)(p) = binary.NativeEndian.Uint32(d.Buf)
			d.Buf = d.Buf[4:]
			return nil
		}
	case size == 8 && align >= unsafe.Alignof(uint64(0)):
		n.enc = func(e *Encoder, p unsafe.Pointer) error {
			e.Buf = binary.NativeEndian.AppendUint64(e.Buf, *(*uint64)(p))
			return nil
		}
		n.dec = func(d *Decoder, p unsafe.Pointer) error {
			if len(d.Buf) < 8 {
				return errTruncated
			}
			*(*uint64)(p) = binary.NativeEndian.Uint64(d.Buf)
			d.Buf = d.Buf[8:]
			return nil
		}
	default:
		n.enc, n.dec = copyFuncs(size)
	}
}

// copyFuncs move a run of bytes that holds no pointers.
func copyFuncs(size int) (encFunc, decFunc) {
	enc := func(e *Encoder, p unsafe.Pointer) error {
		e.Buf = append(e.Buf, unsafe.Slice((*byte)(p), size)...)
		return nil
	}
	dec := func(d *Decoder, p unsafe.Pointer) error {
		if len(d.Buf) < size {
			return errTruncated
		}
		copy(unsafe.Slice((*byte)(p), size), d.Buf)
		d.Buf = d.Buf[size:]
		return nil
	}
	return enc, dec
}

func (n *node) buildBool() {
	n.isBool, n.min = true, 1
	n.enc, n.dec = encBool, decBool
}

func encBool(e *Encoder, p unsafe.Pointer) error {
	e.Buf = append(e.Buf, *(*byte)(p))
	return nil
}

func decBool(d *Decoder, p unsafe.Pointer) error {
	if len(d.Buf) < 1 {
		return errTruncated
	}
	if d.Buf[0] > 1 {
		return errBool
	}
	*(*bool)(p) = d.Buf[0] == 1
	d.Buf = d.Buf[1:]
	return nil
}

// decodeImages reads count values whose bytes are their memory image into the memory at base.
func (n *node) decodeImages(d *Decoder, base unsafe.Pointer, count int) error {
	size := n.image()
	if len(d.Buf)/size < count {
		return errTruncated
	}
	src := d.Buf[:count*size]
	if n.isBool && !allBools(src) {
		return errBool
	}
	copy(unsafe.Slice((*byte)(base), count*size), src)
	d.Buf = d.Buf[count*size:]
	return nil
}

// allBools reports whether every byte is 0 or 1, eight at a time.
func allBools(b []byte) bool {
	var bad uint64
	for len(b) >= 8 {
		bad |= binary.NativeEndian.Uint64(b)
		b = b[8:]
	}
	for _, x := range b {
		bad |= uint64(x)
	}
	return bad&^0x0101010101010101 == 0
}

func (n *node) buildString() {
	n.isString, n.min = true, 1
	n.enc, n.dec = encString, decString
}

func encString(e *Encoder, p unsafe.Pointer) error {
	s := *(*string)(p)
	if len(s) < 0x80 {
		e.Buf = append(append(e.Buf, byte(len(s))), s...)
		return nil
	}
	e.AppendString(s)
	return nil
}

func decString(d *Decoder, p unsafe.Pointer) error {
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	*(*string)(p) = string(b)
	return nil
}

// decOwnedString is for the top level: the buffer may become the string.
func decOwnedString(d *Decoder, p unsafe.Pointer) error {
	if !d.Owned {
		return decString(d, p)
	}
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	*(*string)(p) = unsafe.String(unsafe.SliceData(b), len(b))
	return nil
}
