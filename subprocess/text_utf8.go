package subprocess

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// DecodeStrict is a Text.Decode that ends with a *[DecodeError] at the first byte
// that is not of valid UTF-8: Python's errors="strict".
func DecodeStrict(r io.Reader) io.Reader { return &utf8Reader{src: r} }

// DecodeIgnore is a Text.Decode that leaves out what is not valid UTF-8: Python's
// errors="ignore".
func DecodeIgnore(r io.Reader) io.Reader {
	return &utf8Reader{src: r, bad: func(to, bad []byte) []byte { return to }}
}

// DecodeReplace is a Text.Decode that puts U+FFFD in the place of each longest
// run of bytes that could have begun a character, and of each other byte that is
// not valid UTF-8: Python's errors="replace".
func DecodeReplace(r io.Reader) io.Reader {
	return &utf8Reader{src: r, bad: func(to, bad []byte) []byte { return append(to, "\uFFFD"...) }}
}

// DecodeBackslash is a Text.Decode that writes each byte that is not of valid
// UTF-8 as \xhh: Python's errors="backslashreplace".
func DecodeBackslash(r io.Reader) io.Reader {
	return &utf8Reader{src: r, bad: func(to, bad []byte) []byte {
		for _, c := range bad {
			to = fmt.Appendf(to, `\x%02x`, c)
		}
		return to
	}}
}

// A DecodeError says that a program's output is not the text that it should be.
// It matches ErrSubprocess.
type DecodeError struct {
	Offset int64  // of the first byte that is wrong
	Bytes  []byte // what cannot be
}

// Error says what cannot be, and what to do.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("subprocess: not UTF-8 at byte %d: % x: set Text.Decode to what decodes it, or to DecodeReplace", e.Offset, e.Bytes)
}

// Is reports whether target is ErrSubprocess.
func (e *DecodeError) Is(target error) bool { return target == ErrSubprocess }

// A utf8Reader makes valid UTF-8.
type utf8Reader struct {
	src  io.Reader
	bad  func(to, bad []byte) []byte // nil: an error
	in   []byte                      // read and not looked at: the begin of a character
	out  []byte                      // made
	at   int                         // of which this was given away
	seen int64                       // bytes before in
	err  error
}

func (r *utf8Reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for r.at == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.more(len(b))
	}
	n := copy(b, r.out[r.at:])
	r.at += n
	return n, nil
}

// more reads once, and makes what it can of it.
func (r *utf8Reader) more(size int) {
	r.out, r.at = r.out[:0], 0
	have := len(r.in)
	size = min(max(size, 512), defaultBuf)
	if cap(r.in) < have+size {
		r.in = append(make([]byte, 0, have+size), r.in...)
	}
	n, err := r.src.Read(r.in[have : have+size])
	r.in = r.in[:have+n]
	r.make(err != nil)
	if r.err == nil {
		r.err = err
	}
}

// make moves what is complete, or with end all, from in to out.
func (r *utf8Reader) make(end bool) {
	in := r.in
	for len(in) > 0 {
		good := valid(in)
		r.out = append(r.out, in[:good]...)
		in = in[good:]
		r.seen += int64(good)
		if len(in) == 0 || !end && !utf8.FullRune(in) {
			break
		}
		k := subpart(in)
		if r.bad == nil {
			r.err = &DecodeError{r.seen, append([]byte(nil), in[:k]...)}
			r.in = nil
			return
		}
		r.out = r.bad(r.out, in[:k])
		in = in[k:]
		r.seen += int64(k)
	}
	r.in = r.in[:copy(r.in, in)]
}

// valid is the length of the valid begin of b.
func valid(b []byte) int {
	// Most often all is, but for a character that the end of b cuts.
	whole := len(b)
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if tail := b[len(b)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole = len(b) - i
			}
			break
		}
	}
	if utf8.Valid(b[:whole]) {
		return whole
	}
	n := 0
	for n < len(b) {
		c, size := utf8.DecodeRune(b[n:])
		if c == utf8.RuneError && size <= 1 {
			break
		}
		n += size
	}
	return n
}

// subpart is the length of the longest begin of b that could have begun a
// character, at least 1: what one replacement stands for, as the Unicode
// standard recommends.
func subpart(b []byte) int {
	n := 1
	for n < len(b) && n < utf8.UTFMax && !utf8.FullRune(b[:n]) && !utf8.FullRune(b[:n+1]) {
		n++
	}
	return n
}
