//go:build unix

package pywire

import (
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A tryIO reads from the socket without waiting.
type tryIO struct {
	p   []byte
	n   int
	err error
	f   func(fd uintptr) bool
}

// tryRead reads what has arrived. The error is a timeout if nothing has.
func (c *Conn) tryRead(p []byte) (int, error) {
	if f := c.files.Load(); f != nil {
		return c.readFiles(f, p, false)
	}
	if c.rc == nil {
		return c.trySlowly(p)
	}
	t := &c.rd.try
	if t.f == nil {
		t.f = func(fd uintptr) bool {
			t.n, t.err = syscall.Read(int(fd), t.p) // not unix.Read: see linger_linux.go
			return true
		}
	}
	t.p = p
	err := c.rc.Read(t.f)
	t.p = nil
	switch {
	case err != nil:
		return 0, err
	case t.err == unix.EAGAIN || t.err == unix.EINTR:
		return 0, os.ErrDeadlineExceeded
	case t.err != nil:
		return 0, os.NewSyscallError("read", t.err)
	case t.n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// A nowIO writes to the socket without waiting.
type nowIO struct {
	p   []byte
	n   int
	err error
	f   func(fd uintptr) bool
}

// writeNow writes what there is room for; the error is a timeout if there is
// none.
func (c *Conn) writeNow(t *nowIO, p []byte) (int, error) {
	if t.f == nil {
		t.f = func(fd uintptr) bool {
			for {
				t.n, t.err = syscall.Write(int(fd), t.p)
				if t.err != syscall.EINTR {
					return true
				}
			}
		}
	}
	t.p, t.n = p, 0
	err := c.rc.Write(t.f)
	t.p = nil
	switch {
	case err != nil:
		return 0, err
	case t.err == syscall.EAGAIN:
		return 0, os.ErrDeadlineExceeded
	case t.err != nil:
		return 0, os.NewSyscallError("write", t.err)
	}
	return t.n, nil
}

// tryWrite writes p, which is not long, if the system says that there is room:
// then there is enough of it.
func (c *Conn) tryWrite(p []byte) (int, error) {
	if c.rc == nil {
		return 0, os.ErrDeadlineExceeded
	}
	var n int
	var werr error
	err := c.rc.Write(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, err := unix.Poll(poll, 0); err == nil && n == 0 {
			werr = unix.EAGAIN
			return true
		}
		n, werr = unix.SendmsgN(int(fd), p, nil, nil, noSignal)
		return true
	})
	switch {
	case err != nil:
		return 0, err
	case werr == unix.EAGAIN || werr == unix.EINTR:
		return 0, os.ErrDeadlineExceeded
	case werr != nil:
		return 0, os.NewSyscallError("write", werr)
	}
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

func (c *Conn) read(p []byte) (int, error) {
	if f := c.files.Load(); f != nil {
		return c.readFiles(f, p, true)
	}
	if c.rc == nil {
		return c.nc.Read(p)
	}
	return c.wait(p)
}

// trySlowly is tryRead where there is no socket to ask: it waits for a moment.
func (c *Conn) trySlowly(p []byte) (int, error) {
	c.nc.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer c.nc.SetReadDeadline(time.Time{})
	return c.nc.Read(p)
}
