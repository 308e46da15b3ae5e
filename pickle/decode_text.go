package pickle

import (
	"bytes"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// The opcodes of protocol 0, whose arguments are lines of text, and those of the
// strings of Python 2.

// maxDigits is how long the decimal text of an integer may be, as reading it
// takes time that grows with the square. CPython takes 4300 since 3.11. The
// binary opcodes have no such limit.
const maxDigits = 20_000

// intLine is INT: an integer, or a bool in the two spellings that no integer has.
func (d *decoder) intLine() bool {
	b, ok := d.line()
	switch {
	case !ok:
		return false
	case string(b) == "00":
		return d.push(false)
	case string(b) == "01":
		return d.push(true)
	}
	return d.decimal(b)
}

// longLine is LONG: an integer with an L behind it, as in Python 2.
func (d *decoder) longLine() bool {
	b, ok := d.line()
	return ok && d.decimal(bytes.TrimSuffix(b, []byte("L")))
}

// decimal pushes the integer that b is the text of. Python takes other bases
// and underscores here as well; nobody writes them.
func (d *decoder) decimal(b []byte) bool {
	b = bytes.TrimSpace(b)
	if i, err := strconv.ParseInt(string(b[:min(len(b), 24)]), 10, 64); err == nil && len(b) <= 24 {
		return d.push(i)
	}
	digits := b
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		digits = b[1:]
	}
	if len(digits) == 0 {
		return d.fail("not a decimal integer")
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return d.fail("not a decimal integer")
		}
	}
	if len(digits) > maxDigits {
		return d.failf("an integer of %d decimal digits, more than %d: write it in protocol 2 or later", len(digits), maxDigits)
	}
	z, _ := new(big.Int).SetString(string(b), 10)
	return d.push(smallest(z))
}

// floatLine is FLOAT: what repr gives for a float.
func (d *decoder) floatLine() bool {
	b, ok := d.line()
	if !ok {
		return false
	}
	b = bytes.TrimSpace(b)
	// Python's repr takes 24 bytes, and %f of the largest number 317.
	if len(b) > 400 || bytes.ContainsAny(b, "xX_") {
		return d.fail("not a decimal number")
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil && f == 0 { // what is too large is infinite in Python
		return d.fail("not a decimal number")
	}
	return d.push(f)
}

// stringLine is STRING, which only Python 2 writes.
func (d *decoder) stringLine() bool {
	b, ok := d.line()
	if !ok {
		return false
	}
	n := len(b)
	if n < 2 || b[0] != b[n-1] || b[0] != '\'' && b[0] != '"' {
		return d.fail("a string without quotes")
	}
	out, ok := unescape(b[1 : n-1])
	if !ok {
		return d.fail("a bad escape")
	}
	return d.pushOld(out)
}

// oldString is the BINSTRINGs, which only Python 2 writes.
func (d *decoder) oldString(n uint64) bool {
	b, ok := d.copyOut(n)
	return ok && d.pushOld(b)
}

// pushOld pushes a str of Python 2, which is one of Python 3 if it is ASCII:
// so says CPython, which refuses all others. Here they are bytes.
func (d *decoder) pushOld(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return d.push(bytes.Clone(b))
		}
	}
	return d.push(string(b))
}

// simpleEscapes are pairs of what is behind a backslash and what it means.
const simpleEscapes = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v"

// unescape resolves the escapes of a bytes literal.
func unescape(b []byte) ([]byte, bool) {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		if i == len(b) {
			return nil, false
		}
		c := b[i]
		switch {
		case c == 'x':
			if i+2 >= len(b) {
				return nil, false
			}
			u, err := strconv.ParseUint(string(b[i+1:i+3]), 16, 8)
			if err != nil {
				return nil, false
			}
			out = append(out, byte(u))
			i += 2
		case c >= '0' && c <= '7': // one to three digits; what is above 255 wraps
			u := 0
			for n := 0; n < 3 && i < len(b) && b[i] >= '0' && b[i] <= '7'; n++ {
				u = u*8 + int(b[i]-'0')
				i++
			}
			i--
			out = append(out, byte(u))
		default:
			if j := escapeIndex(c); j >= 0 {
				out = append(out, simpleEscapes[j])
			} else { // an escape that is none stays as it is
				out = append(out, '\\', c)
			}
		}
	}
	return out, true
}

// escapeIndex returns where in simpleEscapes the byte is that \c stands for.
func escapeIndex(c byte) int {
	for j := 0; j < len(simpleEscapes); j += 2 {
		if simpleEscapes[j] == c {
			return j + 1
		}
	}
	return -1
}

// unicodeLine is UNICODE: Latin-1, with \u and \U for everything else.
func (d *decoder) unicodeLine() bool {
	b, ok := d.line()
	if !ok {
		return false
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '\\' || i+1 == len(b) {
			out = utf8.AppendRune(out, rune(c))
			continue
		}
		i++
		n := 0
		switch b[i] {
		case 'u':
			n = 4
		case 'U':
			n = 8
		default:
			out = append(out, '\\')
			out = utf8.AppendRune(out, rune(b[i]))
			continue
		}
		if i+n >= len(b) {
			return d.fail("a bad escape")
		}
		u, err := strconv.ParseUint(string(b[i+1:i+1+n]), 16, 32)
		if err != nil || u > utf8.MaxRune {
			return d.fail("a bad escape")
		}
		out = appendCodePoint(out, rune(u))
		i += n
	}
	return d.push(string(out))
}

// appendCodePoint appends r as UTF-8, even if it is a surrogate.
func appendCodePoint(b []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(b, r)
}

// memoLine is GET and PUT.
func (d *decoder) memoLine(op byte) bool {
	b, ok := d.line()
	if !ok {
		return false
	}
	i, err := strconv.ParseUint(string(bytes.TrimSpace(b[:min(len(b), 24)])), 10, 63)
	if err != nil {
		return d.fail("not the number of a memo entry")
	}
	if op == opGet {
		return d.get(i)
	}
	return d.put(i)
}
