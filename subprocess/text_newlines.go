package subprocess

import (
	"bytes"
	"io"
)

// A newlineReader turns "\r\n" and "\r" into "\n".
type newlineReader struct {
	src io.Reader
	cr  bool // the last byte read was '\r', which became '\n'
}

func (r *newlineReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, err := r.src.Read(b)
		n = r.translate(b[:n])
		if n > 0 || err != nil {
			return n, err
		}
		// Nothing, or only the second half of a line end: no answer yet.
	}
}

// translate works in place, and returns the new length. A '\r' at the end is a
// line end at once, so that nobody who is at a prompt waits for what comes next;
// if that is '\n' it is dropped then.
func (r *newlineReader) translate(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	from := 0
	if r.cr && b[0] == '\n' {
		from = 1
	}
	r.cr = b[len(b)-1] == '\r'
	if from == 0 {
		// Without a '\r' nothing has to be moved.
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return len(b)
		}
		from = i
		return i + r.squeeze(b[i:], b[i:])
	}
	return r.squeeze(b, b[from:])
}

// squeeze copies src to dst with its line ends changed; dst may overlap it if it
// begins not after it.
func (r *newlineReader) squeeze(dst, src []byte) (n int) {
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\r')
		if i < 0 {
			return n + copy(dst[n:], src)
		}
		n += copy(dst[n:], src[:i])
		dst[n] = '\n'
		n++
		src = src[i+1:]
		if len(src) > 0 && src[0] == '\n' {
			src = src[1:]
		}
	}
	return n
}

// A newlineWriter turns "\n" into the system's line end.
type newlineWriter struct {
	dst io.Writer
	end []byte
	buf []byte
}

// Write counts the bytes of b, not those that they become. After an error of dst
// the count is that of the whole lines, and what of another one, that surely
// went.
func (w *newlineWriter) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		// Piecewise, so that a big text does not need as much memory again.
		piece := b[:min(len(b), defaultBuf)]
		b = b[len(piece):]
		w.buf = w.buf[:0]
		for rest := piece; len(rest) > 0; {
			i := bytes.IndexByte(rest, '\n')
			if i < 0 {
				w.buf = append(w.buf, rest...)
				break
			}
			w.buf = append(append(w.buf, rest[:i]...), w.end...)
			rest = rest[i+1:]
		}
		k, err := w.dst.Write(w.buf)
		if err != nil {
			return n + w.sent(piece, k), err
		}
		n += len(piece)
	}
	return n, nil
}

// sent is how many bytes of a piece the first k bytes written stand for.
func (w *newlineWriter) sent(piece []byte, k int) int {
	for i, c := range piece {
		if c == '\n' {
			k -= len(w.end)
		} else {
			k--
		}
		if k < 0 {
			return i
		}
	}
	return len(piece)
}
