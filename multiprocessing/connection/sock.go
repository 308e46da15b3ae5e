package connection

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/mpsock"
)

// A sock is the transport of Connections over sockets, which package socket
// makes.
type sock struct{ mpsock.Socket }

func init() {
	mpsock.Wrap = func(s mpsock.Socket) any { return &Connection{t: sock{s}} }
	mpsock.Unwrap = func(c any) (mpsock.Socket, error) { return c.(*Connection).socket() }
}

func (s sock) readable() bool { return true }
func (s sock) writable() bool { return true }

func (s sock) send(ctx context.Context, m message) error { return s.SendBytes(ctx, m.data) }

func (s sock) recv(ctx context.Context, w want) (message, error) {
	most := -1
	if w.limited {
		most = w.most
	}
	b, err := s.RecvBytes(ctx, most, w.into)
	return message{kind: kindBytes, data: b}, err
}

func (s sock) ready() bool                     { return s.Ready() }
func (s sock) quick() bool                     { return s.Ready() }
func (s sock) wait(ctx context.Context) error  { return s.Wait(ctx) }
func (s sock) await(wake func()) (stop func()) { return s.Await(wake) }
func (s sock) close() error                    { return s.Close() }
func (s sock) closed() bool                    { return s.Closed() }

var errNoSocket = fmt.Errorf("connection: a pipe has no socket of its own: %w", errors.ErrUnsupported)

// socket returns what c is over, if that is a socket, and open.
func (c *Connection) socket() (mpsock.Socket, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	s, ok := c.t.(sock)
	if !ok {
		return nil, errNoSocket
	}
	return s.Socket, nil
}

// SyscallConn gives access to the socket, to set an option of it, say. Reading
// from it or writing to it ruins what the Connection does. On pipes the error
// matches errors.ErrUnsupported.
func (c *Connection) SyscallConn() (syscall.RawConn, error) {
	s, err := c.socket()
	if err != nil {
		return nil, err
	}
	return s.SyscallConn()
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
	return s.PeerPID()
}

// RemoteAddress is the other side's address, or "" if it has none.
func (c *Connection) RemoteAddress() string {
	s, err := c.socket()
	if err != nil {
		return ""
	}
	return s.RemoteAddress()
}

// SendFile sends a duplicate of f's descriptor to the other side, which gets it
// with RecvFile; or, in Python, with multiprocessing.reduction.recv_handle. It
// needs a connection over a socket's file or abstract name on Linux, without
// TLS; otherwise the error matches errors.ErrUnsupported.
//
// f stays open. Its descriptor becomes a blocking one, as by f.Fd, which is what
// other programs expect. Other errors are those of SendBytes.
func (c *Connection) SendFile(ctx context.Context, f *os.File) error {
	s, err := c.socket()
	if err != nil {
		return err
	}
	return s.SendFile(ctx, f)
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
	return s.RecvFile(ctx)
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
	to, err := c.socket()
	if err != nil {
		return err
	}
	return to.SendSocket(ctx, s)
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
	x, err := s.RecvSocket(ctx)
	if err != nil {
		return nil, err
	}
	return &Connection{t: sock{x}}, nil
}
