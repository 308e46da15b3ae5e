package pywire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"sync"

	"github.com/conexgo/conex/internal/watch"
)

// joined is up to which size a frame and its header go into one buffer; more
// would cost more than it saves.
const joined = 16 << 10

// A writer is what a frame needs to be written.
type writer struct {
	b   []byte // the frame
	now nowIO
}

var writers = sync.Pool{New: func() any { return &writer{b: make([]byte, 0, 1<<10)} }}

// WriteFrame sends b as one frame.
//
// It waits while there is no room, at most until ctx ends: then the error
// matches what ctx ended with. If nothing had been sent by then, the frame was
// not; if a part of it had, the connection is closed, since the other side could
// make no sense of what follows, and the error matches ErrBroken, too. A ctx
// that has ended lets a frame of up to 16 KiB pass for which there is room,
// except over TLS.
// Other errors: net.ErrClosed, or what the system says: syscall.EPIPE or
// ECONNRESET if the other side has gone.
func (c *Conn) WriteFrame(ctx context.Context, b []byte) error {
	w := writers.Get().(*writer)
	h := header(w.b[:0], len(b))
	var err error
	if len(b) <= joined {
		h = append(h, b...)
		err = c.write(ctx, w, h, nil)
	} else if c.rc == nil {
		k := joined - len(h)
		h = append(h, b[:k]...)
		err = c.write(ctx, w, h, b[k:])
	} else {
		err = c.write(ctx, w, h, b)
	}
	if cap(h) > 4*joined {
		h = nil
	}
	w.b = h[:0]
	writers.Put(w)
	return err
}

// header appends the header of a frame of n bytes.
func header(b []byte, n int) []byte {
	if n > math.MaxInt32 {
		b = append(b, 0xff, 0xff, 0xff, 0xff)
		return binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n))
}

// write sends a, and b if there is any.
func (c *Conn) write(ctx context.Context, w *writer, a, b []byte) error {
	if c.werr != nil {
		return c.werr
	}
	all := len(a) + len(b)
	left := all
	if ctx.Err() != nil && (len(b) > 0 || c.rc == nil) {
		return watch.Reason(ctx)
	}
	first := len(b) == 0 && c.rc != nil && ctx.Err() == nil
	for left > 0 {
		var n int
		var err error
		if first {
			// There is room, nearly always: then nobody needs to watch ctx.
			n, err = c.writeNow(&w.now, a)
			first = false
		} else if ctx.Err() != nil || !c.beginWrite(ctx) {
			c.out.Load().unpoke()
			n, err = 0, os.ErrDeadlineExceeded
			if left == all && len(b) == 0 {
				n, err = c.tryWrite(a)
			}
		} else {
			n, err = c.send(a, b)
			c.endWrite()
		}
		left -= n
		k := min(n, len(a))
		a, b = a[k:], b[n-k:]
		switch {
		case err == nil:
		case !timedOut(err):
			if c.closed.Load() {
				c.out.Load().release()
			}
			c.werr = fmt.Errorf("pywire: %w", err)
			return c.werr
		case ctx.Err() != nil && left > 0:
			if left == all && !c.tls {
				return watch.Reason(ctx)
			}
			c.werr = ErrBroken
			if t, ok := c.nc.(*tls.Conn); ok {
				t.NetConn().Close() // it must not say goodbye within a record
			}
			c.Close()
			return fmt.Errorf("%w: %w", ErrBroken, watch.Reason(ctx))
		}
	}
	return nil
}

// send writes both, as far as it gets.
func (c *Conn) send(a, b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return c.nc.Write(a)
	case len(a) == 0:
		return c.nc.Write(b)
	case c.rc != nil:
		v := net.Buffers{a, b}
		n, err := v.WriteTo(c.nc)
		return int(n), err
	}
	n, err := c.nc.Write(a)
	if err == nil {
		var m int
		m, err = c.nc.Write(b)
		n += m
	}
	return n, err
}
