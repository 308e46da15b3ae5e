package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/pywire"
)

var (
	errUnexpected = io.ErrUnexpectedEOF
	errNoSocket   = fmt.Errorf("connection: a pipe has no socket of its own: %w", errors.ErrUnsupported)
)

// socket returns c's transport if it is one over a socket that is open.
func (c *Connection) socket() (*sock, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	s, ok := c.t.(*sock)
	if !ok {
		return nil, errNoSocket
	}
	return s, nil
}

// SyscallConn gives access to the socket, to set an option of it, say. Reading
// from it or writing to it ruins what the Connection does. On pipes the error
// matches errors.ErrUnsupported.
func (c *Connection) SyscallConn() (syscall.RawConn, error) {
	s, err := c.socket()
	if err != nil {
		return nil, err
	}
	return s.c.SyscallConn()
}

// Fd returns the number of the socket's descriptor: Python's fileno. It is
// valid until Close, and the Connection must not be garbage as long as it is
// used; SyscallConn takes care of both. A message may have been read already
// when the descriptor says that there is nothing: use [Wait]. On pipes the error
// matches errors.ErrUnsupported.
func (c *Connection) Fd() (uintptr, error) {
	rc, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var n uintptr
	if err := rc.Control(func(fd uintptr) { n = fd }); err != nil {
		return 0, ErrClosed
	}
	return n, nil
}

// PeerPID returns the number of the process that has connected, or listens, if
// the connection is a socket's file or abstract name, on Linux. The process may
// be another one by now, if that has ended.
func (c *Connection) PeerPID() (pid int, ok bool) {
	s, err := c.socket()
	if err != nil {
		return 0, false
	}
	return s.c.PeerPID()
}

// RemoteAddress is the other side's address, or "" if it has none.
func (c *Connection) RemoteAddress() string {
	s, err := c.socket()
	if err != nil {
		return ""
	}
	return pywire.RemoteAddress(s.c)
}

// TLS returns what TLS knows of the connection, such as the certificate of the
// other side, and whether there is any TLS.
func (c *Connection) TLS() (tls.ConnectionState, bool) {
	if s, err := c.socket(); err == nil {
		if t, ok := s.c.NetConn().(*tls.Conn); ok {
			return t.ConnectionState(), true
		}
	}
	return tls.ConnectionState{}, false
}

// SendFile sends a duplicate of f's descriptor to the other side, which gets it
// with RecvFile; or, in Python, with multiprocessing.reduction.recv_handle. It
// needs a connection over a socket's file or abstract name on Linux, without
// TLS; otherwise the error matches errors.ErrUnsupported.
//
// f stays open. Its descriptor becomes a blocking one, as by f.Fd, which is what
// other programs expect. Other errors are those of SendBytes.
func (c *Connection) SendFile(ctx context.Context, f *os.File) error {
	return c.sendFd(ctx, f, int(f.Fd()))
}

func (c *Connection) sendFd(ctx context.Context, owner any, fd int) error {
	s, err := c.socket()
	if err != nil {
		return err
	}
	if fd < 0 {
		return fmt.Errorf("connection: send %v: %w", owner, os.ErrClosed)
	}
	if err := s.wr.take(ctx); err != nil {
		return err
	}
	defer s.wr.give()
	return s.failed(s.c.SendFile(ctx, fd))
}

// RecvFile receives a descriptor that the other side sends with SendFile, or
// in Python with multiprocessing.reduction.send_handle. The caller owns it.
//
// If what comes next is a message, it stays, and the error is ErrNoFile. Up to
// 16 descriptors may be under way; those that come where a message is expected
// are closed. Other errors are those of RecvBytes, and errors.ErrUnsupported as
// for SendFile.
func (c *Connection) RecvFile(ctx context.Context) (*os.File, error) {
	s, err := c.socket()
	if err != nil {
		return nil, err
	}
	if err := s.rd.take(ctx); err != nil {
		return nil, err
	}
	f, err := s.c.RecvFile(ctx)
	s.rd.give()
	s.change()
	if err != nil {
		return nil, s.failed(err)
	}
	return f, nil
}

// SendConnection hands x, which is a Connection over a socket, to the other side
// of c: to a Go program, which calls RecvConnection, or to a Python program,
// which calls
//
//	multiprocessing.connection.Connection(multiprocessing.reduction.recv_handle(c))
//
// x is closed here if that succeeds. It must not have received parts of a
// message that nobody has asked for, which only this process would have: then
// the error is ErrUnread. c must be as for SendFile, and x without TLS.
func (c *Connection) SendConnection(ctx context.Context, x *Connection) error {
	s, err := x.socket()
	if err != nil {
		return err
	}
	if err := s.rd.take(ctx); err != nil {
		return err
	}
	defer s.rd.give()
	if err := s.wr.take(ctx); err != nil {
		return err
	}
	defer s.wr.give()
	f, err := s.file()
	if err != nil {
		return err
	}
	defer f.Close()
	// Fd makes the socket a blocking one, for both, as a Python program needs
	// it: from here on x is of no use to this one.
	if err := c.sendFd(ctx, x, int(f.Fd())); err != nil {
		setNonblock(f)
		return err
	}
	return x.Close()
}

// file returns another descriptor of the socket. The caller has both turns.
func (s *sock) file() (*os.File, error) {
	if s.c.Buffered() > 0 {
		return nil, ErrUnread
	}
	nc, ok := s.c.NetConn().(interface{ File() (*os.File, error) })
	if !ok {
		return nil, fmt.Errorf("connection: a connection over %T cannot be sent: %w", s.c.NetConn(), errors.ErrUnsupported)
	}
	return nc.File()
}

// RecvConnection receives a Connection that was sent by SendConnection, or, in
// Python, by
//
//	multiprocessing.reduction.send_handle(c, x.fileno(), None)
//
// after which the Python program closes x, since here the socket becomes one
// that does not block. Errors are those of RecvFile; a descriptor that is no
// socket is closed and an error.
func (c *Connection) RecvConnection(ctx context.Context) (*Connection, error) {
	s, err := c.socket()
	if err != nil {
		return nil, err
	}
	f, err := c.RecvFile(ctx)
	if err != nil {
		return nil, err
	}
	t, err := sockOf(f, s.c.Max(), s.codec)
	if err != nil {
		return nil, err
	}
	return &Connection{t: t}, nil
}

// sockOf makes a transport of a socket's descriptor, which it closes.
func sockOf(f *os.File, most int64, codec Codec) (*sock, error) {
	defer f.Close()
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("connection: a descriptor that is no socket's: %w", err)
	}
	pc := pywire.NewConn(nc, most)
	pc.KeepFiles(mostFiles)
	return newSock(pc, codec), nil
}
