package pywire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// DefaultMax is the longest frame that a Conn reads unless told otherwise: 2 GiB
// less a byte, which is the longest one that has the short header.
const DefaultMax = 0x7fffffff

// A Conn carries frames over a network connection. Reading is for one goroutine
// at a time, and so is writing; Close is for any. It must not be copied.
type Conn struct {
	nc  net.Conn
	rc  syscall.RawConn // nil if there is no socket that can be used directly
	raw syscall.RawConn // the socket, also beneath TLS; or nil
	tcp bool            // it is one of TCP
	tls bool
	max int64

	in, out atomic.Pointer[guard] // nil until a wait might have to be ended

	// The reading side. Bytes r to w of buf were read and not yet taken.
	buf   []byte  // of rd, or larger; nil if there are no bytes in it
	rd    *reader // nil until something is read, and while c is parked
	r, w  int
	pos   uint64 // of buf[r] in the stream
	rerr  error  // after those bytes
	head  bool   // the header of the next frame was taken
	size  uint64 // of that frame
	part  []byte // what was taken of it when a context ended
	grow  int    // the size buf should have had
	files atomic.Pointer[files]

	parked parked
	due    bool      // the socket has a deadline of Lot.Wait's
	came   bool      // something has come since that was set
	dueAt  time.Time // that deadline

	werr   error // why nothing can be written
	closed atomic.Bool
	once   sync.Once
}

// A reader is what a Conn needs to read: apart from it, since many connections
// are idle.
type reader struct {
	buf    [firstBuf]byte
	try    tryIO
	linger lingerIO
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// firstBuf is the size of a Conn's first read buffer, and mostBuf what it may
// become: most frames are small.
const (
	firstBuf = 512
	mostBuf  = 8 << 10
)

// equip makes c ready to read.
func (c *Conn) equip() {
	if c.rd == nil {
		c.rd = readers.Get().(*reader)
		c.buf = c.rd.buf[:]
	}
}

// shed gives back what equip took, and a larger buffer. No bytes may be in it.
func (c *Conn) shed() {
	if c.rd != nil {
		readers.Put(c.rd)
		c.rd, c.buf = nil, nil
	}
}

// undue takes the deadline of Lot.Wait away.
func (c *Conn) undue() {
	if c.due {
		c.due = false
		c.nc.SetReadDeadline(time.Time{})
	}
}

// A Waker is told that something has come; see [Lot.Park].
type Waker interface{ Wake() }

// NewConn returns a Conn over nc, which it takes over. Frames of more than max
// bytes are not read; 0 means [DefaultMax].
func NewConn(nc net.Conn, max int64) *Conn {
	if max <= 0 {
		max = DefaultMax
	}
	c := &Conn{nc: nc, max: max}
	under := nc
	if t, ok := nc.(*tls.Conn); ok {
		under, c.tls = t.NetConn(), true
	}
	if s, ok := under.(syscall.Conn); ok {
		rc, err := s.SyscallConn()
		if err == nil {
			if !c.tls {
				c.rc = rc
			}
			_, c.tcp = under.(*net.TCPConn)
			c.raw = rc
		}
	}
	return c
}

// Max is the length of the longest frame that is read.
func (c *Conn) Max() int64 { return c.max }

// NetConn returns what the frames travel over. Who reads from it or writes to
// it directly must know what was read ahead: see Buffered.
func (c *Conn) NetConn() net.Conn { return c.nc }

// SyscallConn returns the socket, also if it is beneath TLS.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if c.raw == nil {
		return nil, fmt.Errorf("pywire: a connection over %T: %w", c.nc, errors.ErrUnsupported)
	}
	return c.raw, nil
}

// Close closes the connection. Calls that wait return an error that matches
// net.ErrClosed. Closing again does nothing.
func (c *Conn) Close() (err error) {
	c.once.Do(func() {
		c.closed.Store(true)
		if t, ok := c.nc.(*tls.Conn); ok {
			// Else it would wait for 5 seconds to say goodbye to somebody who
			// does not read.
			t.SetWriteDeadline(time.Now().Add(closeNotify))
		}
		err = c.nc.Close()
		if f := c.files.Load(); f != nil {
			f.close()
		}
		c.in.Load().release()
		c.out.Load().release()
		c.unpark()
	})
	return err
}

const closeNotify = 100 * time.Millisecond

// Closed reports whether Close was called.
func (c *Conn) Closed() bool { return c.closed.Load() }

// Buffered is how many bytes were read and belong to frames not yet returned.
// It is for the reader.
func (c *Conn) Buffered() int {
	n := c.w - c.r + len(c.part)
	if c.head && n == 0 {
		n = 1 // the header
	}
	return n
}

// Hangup calls f, once and in a goroutine of its own, when the other side has
// closed the connection or died, until stop is called; it is for a server that
// works on a request and does not read meanwhile. stop must be called before
// the next frame is read. It waits for f if that runs, so f must not call it.
//
// Bytes that arrive meanwhile are kept for ReadFrame. After 64 KiB of them it
// stops looking: then the end is noticed by who reads.
func (c *Conn) Hangup(f func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if c.watch(ctx) {
			f()
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

const mostEarly = 64 << 10

// watch reads until the end, and reports whether that came.
func (c *Conn) watch(ctx context.Context) bool {
	for c.rerr == nil {
		if c.room(1) == 0 && !c.enlarge(mostEarly) {
			return false
		}
		if err := c.fill(ctx); err != nil && c.rerr == nil {
			return false // ctx has ended
		}
	}
	return true
}
