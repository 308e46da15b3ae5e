package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/mpsock"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing/connection"
)

func init() { mpsock.Open = func(f *os.File) (mpsock.Socket, error) { return sockOf(f, 0, nil) } }

func (s *sock) SyscallConn() (syscall.RawConn, error) { return s.c.SyscallConn() }

func (s *sock) PeerPID() (pid int, ok bool) { return s.c.PeerPID() }

func (s *sock) RemoteAddress() string { return pywire.RemoteAddress(s.c) }

func (s *sock) SendFile(ctx context.Context, f *os.File) error {
	return s.sendFd(ctx, f, int(f.Fd()))
}

func (s *sock) sendFd(ctx context.Context, owner any, fd int) error {
	if fd < 0 {
		return fmt.Errorf("connection: send %v: %w", owner, os.ErrClosed)
	}
	if err := s.wr.take(ctx); err != nil {
		return err
	}
	defer s.wr.give()
	return s.failed(s.c.SendFile(ctx, fd))
}

func (s *sock) RecvFile(ctx context.Context) (*os.File, error) {
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

// SendSocket gives x away, which is closed here then. Nobody may be using it.
func (s *sock) SendSocket(ctx context.Context, other mpsock.Socket) error {
	x := other.(*sock)
	if x == s {
		return errors.New("connection: a Connection cannot be sent over itself")
	}
	if err := x.rd.take(ctx); err != nil {
		return err
	}
	defer x.rd.give()
	if err := x.wr.take(ctx); err != nil {
		return err
	}
	defer x.wr.give()
	f, err := x.file()
	if err != nil {
		return err
	}
	defer f.Close()
	// Fd makes the socket a blocking one, for both, as a Python program needs
	// it: from here on x is of no use to this one.
	if err := s.sendFd(ctx, x, int(f.Fd())); err != nil {
		setNonblock(f)
		return err
	}
	return x.Close()
}

func (s *sock) RecvSocket(ctx context.Context) (mpsock.Socket, error) {
	f, err := s.RecvFile(ctx)
	if err != nil {
		return nil, err
	}
	return sockOf(f, s.c.Max(), s.codec)
}

func (s *sock) Duplicate() (*os.File, error) {
	if !s.rd.try() {
		return nil, connection.ErrInUse
	}
	defer s.rd.give()
	if !s.wr.try() {
		return nil, connection.ErrInUse
	}
	defer s.wr.give()
	return s.file()
}

// file returns another descriptor of the socket. The caller has both turns.
func (s *sock) file() (*os.File, error) {
	if s.c.Buffered() > 0 {
		return nil, connection.ErrUnread
	}
	nc, ok := s.c.NetConn().(interface{ File() (*os.File, error) })
	if !ok {
		return nil, fmt.Errorf("connection: a connection over %T cannot be sent: %w", s.c.NetConn(), errors.ErrUnsupported)
	}
	return nc.File()
}

// sockOf makes a sock of a socket's descriptor, which it closes.
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
