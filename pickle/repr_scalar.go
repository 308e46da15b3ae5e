package pickle

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// float writes a float as Python's repr: the shortest text that gives the same
// number, with an exponent below 1e-04 and from 1e+16. whole is added to what
// would look like an int.
func (p *printer) float(f float64, whole string) {
	switch {
	case math.IsInf(f, 1):
		p.text("inf")
		return
	case math.IsInf(f, -1):
		p.text("-inf")
		return
	case f != f:
		p.text("nan")
		return
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		p.buf = strconv.AppendFloat(p.buf, f, 'e', -1, 64)
		return
	}
	n := len(p.buf)
	p.buf = strconv.AppendFloat(p.buf, f, 'f', -1, 64)
	if bytes.IndexByte(p.buf[n:], '.') < 0 {
		p.buf = append(p.buf, whole...)
	}
}

// complex leaves out a real part of 0, but not one of -0, and writes no ".0".
func (p *printer) complex(c complex128) {
	re, im := real(c), imag(c)
	if re == 0 && !math.Signbit(re) {
		p.float(im, "")
		p.text("j")
		return
	}
	p.text("(")
	p.float(re, "")
	if !math.Signbit(im) || im != im {
		p.text("+")
	}
	p.float(im, "")
	p.text("j)")
}

// quoteFor returns the quote that Python chooses: a single one, unless that
// would need a backslash and a double one would not.
func quoteFor(single, double bool) byte {
	if single && !double {
		return '"'
	}
	return '\''
}

const hexDigits = "0123456789abcdef"

// quote writes a str. What Python calls not printable becomes an escape; so do
// lone surrogates, and bytes that are no text at all.
func (p *printer) quote(s string) {
	// What does not fit is not looked at, but for its quotes.
	q := quoteFor(strings.IndexByte(s, '\'') >= 0, strings.IndexByte(s, '"') >= 0)
	p.buf = append(p.buf, q)
	for len(s) > 0 && p.more() {
		c := s[0]
		if c < utf8.RuneSelf {
			p.quoteASCII(c, q)
			s = s[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r, n = surrogate(s)
		}
		switch {
		case unicode.IsPrint(r):
			p.buf = append(p.buf, s[:n]...)
		case r <= 0xff:
			p.escape('x', r, 2)
		case r <= 0xffff:
			p.escape('u', r, 4)
		default:
			p.escape('U', r, 8)
		}
		s = s[n:]
	}
	p.buf = append(p.buf, q)
}

// surrogate decodes a lone surrogate in its three bytes, and a byte that is
// nothing else as the surrogate that Python's surrogateescape gives it.
func surrogate(s string) (rune, int) {
	if len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return 0xdc00 | rune(s[0]), 1
}

// escape writes \xe5, \u200b or \U000e0001.
func (p *printer) escape(kind byte, r rune, digits int) {
	p.buf = append(p.buf, '\\', kind)
	for i := digits - 1; i >= 0; i-- {
		p.buf = append(p.buf, hexDigits[r>>(4*i)&15])
	}
}

// quoteASCII writes one character of a str or one byte of bytes.
func (p *printer) quoteASCII(c, q byte) {
	switch {
	case c == q || c == '\\':
		p.buf = append(p.buf, '\\', c)
	case c == '\n':
		p.buf = append(p.buf, '\\', 'n')
	case c == '\r':
		p.buf = append(p.buf, '\\', 'r')
	case c == '\t':
		p.buf = append(p.buf, '\\', 't')
	case c < ' ' || c >= 0x7f:
		p.escape('x', rune(c), 2)
	default:
		p.buf = append(p.buf, c)
	}
}

// quoteBytes writes bytes. Python escapes the quotes in always, whether or not
// it needs to.
func (p *printer) quoteBytes(b []byte, always string) {
	q := quoteFor(bytes.IndexByte(b, '\'') >= 0, bytes.IndexByte(b, '"') >= 0)
	p.buf = append(p.buf, 'b', q)
	for _, c := range b {
		if !p.more() {
			return
		}
		if strings.IndexByte(always, c) >= 0 {
			p.buf = append(p.buf, '\\', c)
		} else {
			p.quoteASCII(c, q)
		}
	}
	p.buf = append(p.buf, q)
}
