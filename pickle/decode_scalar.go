package pickle

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// long is LONG1 and LONG4: an integer as two's complement, the least byte first.
func (d *decoder) long(n uint64) bool {
	if n <= 8 {
		b := d.take(int(n))
		if b == nil {
			return false
		}
		var u uint64
		for i, c := range b {
			u |= uint64(c) << (8 * i)
		}
		shift := 64 - 8*uint(n)
		return d.push(int64(u<<shift) >> shift)
	}
	b, ok := d.copyOut(n)
	if !ok {
		return false
	}
	slices.Reverse(b)
	return d.push(fromTwos(b))
}

// fromTwos returns the integer whose two's complement is b, the most
// significant byte first. It changes b.
func fromTwos(b []byte) any {
	negative := b[0] >= 0x80
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	z := new(big.Int).SetBytes(b)
	if negative {
		z.Not(z)
	}
	return smallest(z)
}

// smallest returns z as an int64, if it is one.
func smallest(z *big.Int) any {
	if z.IsInt64() {
		return z.Int64()
	}
	return z
}

// text pushes the next n bytes as a str.
func (d *decoder) text(n uint64) bool {
	if n > minBuffer && d.r != nil {
		b, ok := d.copyOut(n)
		return ok && d.pushText(b)
	}
	if !d.within(n) || !d.has(n) {
		return false
	}
	b := d.take(int(n))
	if b == nil && d.err != nil {
		return false
	}
	return d.pushText(b)
}

// pushText pushes b as a str. It copies.
func (d *decoder) pushText(b []byte) bool {
	if len(b) <= longestWord {
		// The names that the messages of a program are made of come again
		// and again: keep them, so that they need not be allocated.
		w := &d.words[wordHash(b)%words]
		if s, ok := (*w).(string); ok && s == string(b) {
			return d.push(*w)
		}
		if !validText(b) {
			return d.fail("a str that is not UTF-8")
		}
		*w = string(b)
		return d.push(*w)
	}
	if !validText(b) {
		return d.fail("a str that is not UTF-8")
	}
	return d.push(string(b))
}

// longestWord is how long a string may be to be kept for the next pickles. With
// words of them that is 3 KiB for each decoder in the pool.
const longestWord = 24

// wordHash is cheap: a collision costs an allocation, no more.
func wordHash(b []byte) uint32 {
	n := len(b)
	h := uint64(n)
	switch {
	case n >= 8:
		h += binary.LittleEndian.Uint64(b) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[n-8:]), 23)
	case n >= 4:
		h += uint64(binary.LittleEndian.Uint32(b))<<32 | uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		h += uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return uint32(h * 0x9e3779b97f4a7c15 >> 40)
}

// validText reports whether b is UTF-8, in which lone surrogates are allowed,
// as they are in Python's str.
func validText(b []byte) bool {
	if utf8.Valid(b) {
		return true
	}
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			if len(b) < 3 || b[0] != 0xed || b[1]&0xe0 != 0xa0 || b[2]&0xc0 != 0x80 {
				return false
			}
			n = 3
		}
		b = b[n:]
	}
	return true
}

// bytes pushes the next n bytes as bytes.
func (d *decoder) bytes(n uint64) bool {
	if d.cfg.NoCopy && d.r == nil {
		if !d.has(n) {
			return false
		}
		return d.push(d.take(int(n)))
	}
	b, ok := d.copyOut(n)
	return ok && d.push(b)
}

// byteArray pushes the next n bytes as a bytearray. They are always copied: it
// is mutable.
func (d *decoder) byteArray(n uint64) bool {
	b, ok := d.copyOut(n)
	return ok && d.push(&ByteArray{b})
}
