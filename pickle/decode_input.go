package pickle

import (
	"bytes"
	"fmt"
	"io"
)

// A decoder reads a pickle that is in memory as a whole, or a stream, of which
// its buffer has a part. No length that a pickle claims is believed before the
// bytes are there: what is allocated grows as they come.

// offset returns how much of the pickle has been read.
func (d *decoder) offset() int64 { return d.base + int64(d.pos) }

// take returns the next n bytes, or nil after an error. They are valid until
// the next take.
func (d *decoder) take(n int) []byte {
	if len(d.buf)-d.pos < n && !d.fill(n) {
		return nil
	}
	b := d.buf[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return b
}

// fill waits until n bytes are there to be taken. The buffer grows as they
// arrive, never by n.
func (d *decoder) fill(n int) bool {
	if d.offset()+int64(n) > d.maxBytes {
		return d.overBytes()
	}
	if d.r == nil {
		return d.failErr("", io.ErrUnexpectedEOF)
	}
	for idle := 0; len(d.buf)-d.pos < n; {
		d.makeRoom()
		m, err := d.r.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+m]
		switch {
		case len(d.buf)-d.pos >= n:
		case err == io.EOF && d.offset() == 0 && len(d.buf) == d.pos:
			d.err = io.EOF // between two pickles, where a stream may end
			return false
		case err == io.EOF:
			return d.failErr("", io.ErrUnexpectedEOF)
		case err != nil:
			return d.failErr("reading", err)
		case m > 0:
			idle = 0
		default: // neither bytes nor an error, which a Reader should not do
			if idle++; idle >= 100 {
				return d.failErr("reading", io.ErrNoProgress)
			}
		}
	}
	return true
}

// minBuffer is the least that is read at a time. Longer strings are not collected
// in the buffer: see copyOut.
const minBuffer = 4096

// makeRoom makes room to read into: by moving what is to be decoded to the
// front, and if that is half of the buffer already, in one twice as large.
func (d *decoder) makeRoom() {
	if len(d.buf) < cap(d.buf) {
		return
	}
	rest := d.buf[d.pos:]
	to := d.buf[:0]
	if len(rest) > cap(d.buf)/2 || cap(d.buf) < minBuffer {
		to = make([]byte, 0, max(2*cap(d.buf), minBuffer))
	}
	d.buf = append(to, rest...)
	d.base += int64(d.pos)
	d.start -= d.pos // may be negative: it is for messages only
	d.pos = 0
}

// line returns what comes before the next newline.
func (d *decoder) line() ([]byte, bool) {
	for from := 0; ; {
		if i := bytes.IndexByte(d.buf[d.pos+from:], '\n'); i >= 0 {
			b := d.buf[d.pos : d.pos+from+i]
			d.pos += from + i + 1
			return b, true
		}
		from = len(d.buf) - d.pos
		if !d.fill(from + 1) {
			return nil, false
		}
	}
}

// copyOut returns a copy of the next n bytes. What is large is read where it is
// to be, and grows as it arrives.
func (d *decoder) copyOut(n uint64) ([]byte, bool) {
	if !d.within(n) {
		return nil, false
	}
	if d.r == nil || n < minBuffer {
		if !d.has(n) {
			return nil, false
		}
		b := d.take(int(n))
		return bytes.Clone(b), b != nil
	}
	out := make([]byte, 0, min(n, 64<<10))
	for uint64(len(out)) < n {
		if d.pos == len(d.buf) && !d.fill(1) {
			return nil, false
		}
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)] // as much larger as append sees fit
		}
		m := min(len(d.buf)-d.pos, cap(out)-len(out), int(n)-len(out))
		out = append(out, d.take(m)...)
	}
	return out, true
}

// has reports whether take(n) can be: whether n bytes are left in a pickle that
// is there as a whole.
func (d *decoder) has(n uint64) bool {
	if d.r == nil && n > uint64(len(d.buf)-d.pos) {
		return d.within(n) && d.failErr("", io.ErrUnexpectedEOF)
	}
	return true
}

// within reports whether n more bytes are within MaxBytes.
func (d *decoder) within(n uint64) bool {
	return uint64(d.offset())+n <= uint64(d.maxBytes) && n <= uint64(d.maxBytes) || d.overBytes()
}

// fail, failf and failErr end the decoding at the opcode under way, and over at
// a limit. They report false, as what executes an opcode does then.
func (d *decoder) fail(msg string) bool { return d.failErr(msg, nil) }

func (d *decoder) failf(format string, args ...any) bool {
	return d.failErr(fmt.Sprintf(format, args...), nil)
}

func (d *decoder) failErr(msg string, err error) bool {
	d.err = &DecodeError{Offset: d.base + int64(d.start), Op: opNames[d.op], Msg: msg, Err: err}
	return false
}

func (d *decoder) limit(name string, n int64) error {
	return &LimitError{Limit: name, Max: n, Offset: d.base + int64(d.start)}
}

func (d *decoder) over(name string, n int64) bool {
	d.err = d.limit(name, n)
	return false
}

func (d *decoder) overBytes() bool { return d.over("MaxBytes", d.maxBytes) }

// count takes n values off what the pickle may still make.
func (d *decoder) count(n int) bool {
	d.items -= n
	if d.items < 0 {
		return d.over("MaxItems", int64(d.cfg.maxItems()))
	}
	return true
}

// charge takes n bytes off what may be copied out of values that exist already.
func (d *decoder) charge(n int) bool {
	d.spent += int64(n)
	if d.spent > d.maxBytes {
		return d.overBytes()
	}
	return true
}
