package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Numbers, text and bytes, each in the shortest form that the protocol has.
// Integers are little-endian, floats big-endian.

// bool writes a bool. Before protocol 2 it is a kind of integer that older
// readers take for one.
func (e *encoder) bool(v bool) {
	switch {
	case e.proto < 2 && v:
		e.buf = append(e.buf, "I01\n"...)
	case e.proto < 2:
		e.buf = append(e.buf, "I00\n"...)
	case v:
		e.buf = append(e.buf, opNewTrue)
	default:
		e.buf = append(e.buf, opNewFalse)
	}
}

// line writes an opcode whose argument is a decimal number.
func (e *encoder) line(op byte, n int) {
	e.buf = append(strconv.AppendInt(append(e.buf, op), int64(n), 10), '\n')
}

// int writes an integer in the shortest form that the protocol has.
func (e *encoder) int(v int64) {
	switch small := v == int64(int32(v)); {
	case e.proto == 0 && small:
		e.line(opInt, int(v))
	case e.proto < 2 && !small:
		e.buf = append(strconv.AppendInt(append(e.buf, opLong), v, 10), "L\n"...)
	// BININT1 and 2 have no sign, BININT and LONG1 have one.
	case v >= 0 && v <= 0xff:
		e.buf = append(e.buf, opBinInt1, byte(v))
	case v >= 0 && v <= 0xffff:
		e.buf = append(e.buf, opBinInt2, byte(v), byte(v>>8))
	case small:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opBinInt), uint32(v))
	default:
		n := 8 // bytes; those that only repeat the sign are left out
		for n > 5 && v<<(64-8*(n-1))>>(64-8*(n-1)) == v {
			n--
		}
		e.buf = append(e.buf, opLong1, byte(n))
		for range n {
			e.buf = append(e.buf, byte(v))
			v >>= 8
		}
	}
}

// uint writes an integer that may be beyond int64.
func (e *encoder) uint(v uint64) error {
	if v <= math.MaxInt64 {
		e.int(int64(v))
		return nil
	}
	return e.bigInt(new(big.Int).SetUint64(v))
}

// bigInt writes an integer of any size. CPython writes one twice if it is there
// twice; here a long one is numbered, so that a pickle that was read does not
// grow without bounds when it is written again.
func (e *encoder) bigInt(v *big.Int) error {
	if v.IsInt64() {
		e.int(v.Int64())
		return nil
	}
	shared := v.BitLen() >= 8*shortest
	if shared && e.again(identOf(v)) {
		return nil
	}
	if err := e.fits(v.BitLen() / 8); err != nil {
		return err
	}
	if e.proto < 2 {
		e.buf = append(v.Append(append(e.buf, opLong), 10), "L\n"...)
	} else {
		b := twos(v)
		if len(b) < 256 {
			e.buf = append(e.buf, opLong1, byte(len(b)))
		} else {
			e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opLong4), uint32(len(b)))
		}
		e.buf = append(e.buf, b...)
	}
	if shared {
		e.memoize(identOf(v))
	}
	return nil
}

// twos returns v as two's complement, the least byte first, as short as can be.
func twos(v *big.Int) []byte {
	var b []byte
	if v.Sign() >= 0 {
		b = append(b, v.Bytes()...)
		slices.Reverse(b)
		if b[len(b)-1] >= 0x80 {
			b = append(b, 0)
		}
		return b
	}
	b = new(big.Int).Not(v).Bytes()
	slices.Reverse(b)
	for i := range b {
		b[i] = ^b[i]
	}
	if b[len(b)-1] < 0x80 {
		b = append(b, 0xff)
	}
	return b
}

// float writes the eight bytes of a float, or its text in protocol 0: the
// shortest that gives the same float, as Python's repr.
func (e *encoder) float(v float64) {
	if e.proto > 0 {
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, opBinFloat), math.Float64bits(v))
		return
	}
	e.buf = append(e.buf, opFloat)
	switch {
	case math.IsNaN(v):
		e.buf = append(e.buf, "nan"...)
	case math.IsInf(v, 1):
		e.buf = append(e.buf, "inf"...)
	case math.IsInf(v, -1):
		e.buf = append(e.buf, "-inf"...)
	default:
		e.buf = strconv.AppendFloat(e.buf, v, 'g', -1, 64)
	}
	e.buf = append(e.buf, '\n')
}

// shortest is from where on strings, bytes and integers are written once, and
// referred to from then on. A reference takes 2 to 5 bytes.
const shortest = 16

// text writes a str.
func (e *encoder) text(s string) error {
	if len(s) >= shortest && e.again(textIdent(s)) {
		return nil
	}
	if !utf8.ValidString(s) && !validText([]byte(s)) {
		return &UnsupportedValueError{Msg: "a string that is not UTF-8: for bytes use []byte"}
	}
	if err := e.rawText(s); err != nil {
		return err
	}
	if len(s) >= shortest {
		e.memoize(textIdent(s))
	}
	return nil
}

// rawText writes a string that is known to be UTF-8, without asking the memo.
func (e *encoder) rawText(s string) error {
	switch n := len(s); {
	case e.proto == 0:
		e.escaped(s)
		return e.fits(0)
	case n < 256 && e.proto >= 4:
		e.buf = append(append(e.buf, opShortBinUnicode, byte(n)), s...)
	case n < frameTarget:
		e.buf = append(binary.LittleEndian.AppendUint32(append(e.buf, opBinUnicode), uint32(n)), s...)
	default:
		return large(e, opBinUnicode, opBinUnicode8, s)
	}
	return nil
}

// large writes what is too long to go into a frame.
func large[T string | []byte](e *encoder, op, op8 byte, s T) error {
	if err := e.fits(len(s)); err != nil {
		return err
	}
	if e.proto >= 4 {
		e.endFrame()
	}
	e.buf = slices.Grow(e.buf, len(s)+2*frameHeader)
	switch {
	case uint64(len(s)) <= math.MaxUint32:
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, op), uint32(len(s)))
	case e.proto >= 4:
		e.buf = binary.LittleEndian.AppendUint64(append(e.buf, op8), uint64(len(s)))
	default:
		return &UnsupportedValueError{Msg: "more than 4 GiB need protocol 4"}
	}
	e.buf = append(e.buf, s...)
	e.beginFrame()
	return nil
}

// escaped writes a string as protocol 0 does: in Latin-1, with escapes for all
// that is not, and for what a line of text could not hold.
func (e *encoder) escaped(s string) {
	const hex = "0123456789abcdef"
	e.buf = append(e.buf, opUnicode)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 { // a surrogate; see validText
			r, n = 0xd000|rune(s[i+1]&0x3f)<<6|rune(s[i+2]&0x3f), 3
		}
		i += n
		switch {
		case r > 0xffff:
			e.buf = append(e.buf, '\\', 'U', '0', '0', hex[r>>20&15], hex[r>>16&15],
				hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		case r > 0xff || r == 0 || r == '\\' || r == '\n' || r == '\r' || r == 0x1a:
			e.buf = append(e.buf, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			e.buf = append(e.buf, byte(r))
		}
	}
	e.buf = append(e.buf, '\n')
}

// bytes writes bytes. A nil slice is empty bytes, not None.
func (e *encoder) bytes(b []byte) error {
	if b == nil {
		b = []byte{}
	}
	if len(b) >= shortest && e.again(bytesIdent(b)) {
		return nil
	}
	switch n := len(b); {
	case e.proto < 3:
		if err := e.bytesAsCall(b); err != nil {
			return err
		}
	case n < 256:
		e.buf = append(append(e.buf, opShortBinBytes, byte(n)), b...)
	case n < frameTarget:
		e.buf = append(binary.LittleEndian.AppendUint32(append(e.buf, opBinBytes), uint32(n)), b...)
	default:
		if err := large(e, opBinBytes, opBinBytes8, b); err != nil {
			return err
		}
	}
	if len(b) >= shortest {
		e.memoize(bytesIdent(b))
	}
	return nil
}

// bytesAsCall is how bytes are written before protocol 3: so that Python 2 makes
// a str of them, and Python 3 bytes.
func (e *encoder) bytesAsCall(b []byte) error {
	if len(b) == 0 {
		return e.call(Global{"builtins", "bytes"}, nil)
	}
	if err := e.fits(len(b)); err != nil {
		return err
	}
	text := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		text = utf8.AppendRune(text, rune(c))
	}
	return e.call(Global{"_codecs", "encode"}, Tuple{string(text), "latin1"})
}

// byteArray writes a bytearray, which has an opcode of its own from protocol 5
// on. It is numbered even if it is short: it is mutable.
func (e *encoder) byteArray(v *ByteArray) error {
	if e.again(identOf(v)) {
		return nil
	}
	switch n := len(v.Bytes); {
	case e.proto < 5 && n == 0:
		if err := e.call(Global{"builtins", "bytearray"}, nil); err != nil {
			return err
		}
	case e.proto < 5:
		if err := e.call(Global{"builtins", "bytearray"}, Tuple{v.Bytes}); err != nil {
			return err
		}
	default:
		if err := e.fits(n); err != nil {
			return err
		}
		if n >= frameTarget {
			e.endFrame()
			e.buf = slices.Grow(e.buf, n+2*frameHeader)
		}
		e.buf = binary.LittleEndian.AppendUint64(append(e.buf, opByteArray8), uint64(n))
		e.buf = append(e.buf, v.Bytes...)
		if n >= frameTarget {
			e.beginFrame()
		}
	}
	e.memoize(identOf(v))
	return nil
}
