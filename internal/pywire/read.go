package pywire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// ReadFrame returns the next frame, in memory that belongs to the caller.
//
// It waits until there is one, at most until ctx ends: then the error matches
// what ctx ended with, nothing is lost, and the next call goes on even in the
// middle of a frame. A ctx that has ended lets pass what has arrived. Other
// errors: io.EOF at the end of the stream between frames, io.ErrUnexpectedEOF
// within one or when the connection was reset, a *[TooLongError], which leaves
// the frame where it is, ErrFrame, or net.ErrClosed.
func (c *Conn) ReadFrame(ctx context.Context) ([]byte, error) {
	return c.readFrame(ctx, nil, c.max)
}

// ReadFrameInto is ReadFrame into buf[:0] as far as that goes: what it returns
// may be part of buf.
func (c *Conn) ReadFrameInto(ctx context.Context, buf []byte) ([]byte, error) {
	return c.readFrame(ctx, buf, c.max)
}

// Next waits for the next frame's header and returns how long the frame is. The
// frame stays. Errors are as of ReadFrame, without *[TooLongError].
func (c *Conn) Next(ctx context.Context) (uint64, error) {
	if c.head {
		return c.size, nil
	}
	if err := c.need(ctx, 4); err != nil {
		return 0, err
	}
	n := int32(binary.BigEndian.Uint32(c.buf[c.r:]))
	switch {
	case n >= 0:
		c.size = uint64(n)
		c.skip(4)
	case n == -1:
		if err := c.need(ctx, 12); err != nil {
			return 0, err
		}
		c.size = binary.BigEndian.Uint64(c.buf[c.r+4:])
		c.skip(12)
	default:
		return 0, fmt.Errorf("%w (%d)", ErrFrame, n)
	}
	c.head = true
	return c.size, nil
}

// ReadFrameMax is ReadFrame for frames of at most n bytes; longer ones are a
// *[TooLongError] and stay.
func (c *Conn) ReadFrameMax(ctx context.Context, n int64) ([]byte, error) {
	return c.readFrame(ctx, nil, min(n, c.max))
}

func (c *Conn) readFrame(ctx context.Context, buf []byte, most int64) ([]byte, error) {
	size, err := c.Next(ctx)
	if err != nil {
		return nil, err
	}
	if size > uint64(most) {
		return nil, &TooLongError{size, most}
	}
	n := int(size) // most fits into an int, see below
	if uint64(n) != size || n < 0 {
		return nil, &TooLongError{size, int64(^uint(0) >> 1)}
	}
	b := buf[:0]
	if c.part != nil {
		if buf == nil {
			b, c.part = c.part, nil
		} else {
			b = append(b, c.part...)
		}
	}
	for len(b) < n {
		if cap(b) == len(b) {
			b = enough(b, n)
		}
		to := b[len(b):min(cap(b), n)]
		if c.w > c.r {
			k := copy(to, c.buf[c.r:c.w])
			b = b[:len(b)+k]
			c.skip(k)
			continue
		}
		if len(b) == 0 {
			// A header alone: CPython sends what is longer than 16 KiB in two
			// parts, and the second one may wait for this.
			c.quickAck()
		}
		k, err := c.receive(ctx, to)
		if err != nil {
			if c.part = b; buf != nil {
				c.part = bytes.Clone(b)
			}
			if c.part == nil {
				c.part = []byte{}
			}
			return nil, c.ended(err, true)
		}
		c.pos += uint64(k)
		b = b[:len(b)+k]
	}
	if b == nil {
		b = []byte{}
	}
	c.head, c.part = false, nil
	if f := c.files.Load(); f != nil {
		f.drop(c.pos) // those that nobody has asked for
	}
	if n+4 > len(c.buf) && n+4 <= mostBuf {
		c.grow = max(c.grow, n+4)
	}
	return b, nil
}

// enough returns b with more room, for a frame of n bytes. What was announced
// counts only as far as 64 KiB go; from then on, as much again thrice is had
// as has come.
func enough(b []byte, n int) []byte {
	more := make([]byte, len(b), min(n, max(64<<10, 4*len(b))))
	copy(more, b)
	return more
}

// skip takes n bytes from the buffer.
func (c *Conn) skip(n int) {
	c.r += n
	c.pos += uint64(n)
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
}

// need reads until the buffer holds n bytes, a header's at most.
func (c *Conn) need(ctx context.Context, n int) error {
	for c.w-c.r < n {
		if c.rerr != nil {
			return c.ended(c.rerr, c.w > c.r)
		}
		if c.w == c.r && c.grow > len(c.buf) {
			c.enlarge(mostBuf)
		}
		c.room(n)
		if err := c.fill(ctx); err != nil {
			return c.ended(err, c.w > c.r)
		}
	}
	return nil
}

// room moves the bytes to the front if there is no room for n with them, and
// returns how many more go in.
func (c *Conn) room(n int) int {
	c.equip()
	if len(c.buf)-c.r < n || c.w == len(c.buf) {
		copy(c.buf, c.buf[c.r:c.w])
		c.w -= c.r
		c.r = 0
	}
	return len(c.buf) - c.w
}

// enlarge makes the buffer larger, up to most.
func (c *Conn) enlarge(most int) bool {
	c.equip()
	n := 2 * len(c.buf)
	for n < c.grow {
		n *= 2
	}
	if n = min(n, most); n <= len(c.buf) {
		return false
	}
	buf := make([]byte, n)
	c.w = copy(buf, c.buf[c.r:c.w])
	c.buf, c.r = buf, 0
	return true
}

// fill reads into the free part of the buffer.
func (c *Conn) fill(ctx context.Context) error {
	c.equip()
	n, err := c.receive(ctx, c.buf[c.w:])
	c.w += n
	return err
}

// receive reads something into p. It returns bytes or an error, not both;
// errors that last are in rerr.
func (c *Conn) receive(ctx context.Context, p []byte) (int, error) {
	if c.rerr != nil {
		return 0, c.rerr
	}
	c.equip()
	for {
		var n int
		var err error
		over := ctx.Err() != nil || !c.beginRead(ctx)
		if over {
			c.in.Load().unpoke()
			n, err = c.tryRead(p)
		} else {
			n, err = c.read(p)
			c.endRead()
		}
		if n > 0 {
			return n, nil
		}
		if timedOut(err) {
			if c.due && !time.Now().Before(c.dueAt) {
				c.undue() // that was it
			} else if over {
				return 0, watch.Reason(ctx)
			}
		}
		if err != nil && !timedOut(err) {
			c.rerr = err
			if c.closed.Load() {
				c.in.Load().release()
			}
			return 0, err
		}
	}
}

// Ready reports whether reading would not wait: bytes have arrived, or the end.
// It is for the reader. A frame may be incomplete.
func (c *Conn) Ready() bool {
	if c.Buffered() > 0 || c.rerr != nil || c.closed.Load() {
		return true
	}
	return c.fill(ended) == nil || c.rerr != nil
}

// ReadyWait waits until Ready, or until ctx ends.
func (c *Conn) ReadyWait(ctx context.Context) error {
	if c.Buffered() > 0 || c.rerr != nil {
		return nil
	}
	if err := c.fill(ctx); err != nil && c.rerr == nil {
		return err
	}
	return nil
}

// Alive reports whether there is any sense in using c: there are bytes, or the
// other side is there, or it is not known because of TLS. It is for the reader,
// and does not wait.
func (c *Conn) Alive() bool {
	if c.rerr == nil && c.Buffered() == 0 && c.rc != nil {
		c.fill(ended)
	}
	return c.Buffered() > 0 || c.rerr == nil
}

// ended is a context that has.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// ended says what the end of the stream means: within a frame, or a reset at
// any place, something is missing.
func (c *Conn) ended(err error, within bool) error {
	switch {
	case err == nil || c.rerr == nil || c.closed.Load():
		return err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if within {
			return io.ErrUnexpectedEOF
		}
		return io.EOF
	case errors.Is(err, syscall.ECONNRESET):
		return fmt.Errorf("pywire: %w: %w", io.ErrUnexpectedEOF, err)
	}
	return err
}
