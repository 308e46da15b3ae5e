package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"

	"github.com/conexgo/conex/internal/mpsock"
	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/pickle"
)

// A sock is what the Connections are over that [Dial] and [Listener.Accept]
// return: CPython's frames over a socket.
type sock struct {
	c     *pywire.Conn
	codec Codec
	keeps bool // values keep the bytes that they were read from
	rd    turn // for what reads
	wr    turn // for what writes

	changed chan struct{} // holds a token after something was received
	mu      sync.Mutex
	wakers  map[*func()]struct{} // protected by mu
	quit    context.CancelFunc   // protected by mu: ends the goroutine that watches
	over    chan struct{}        // protected by mu: closed when it has ended
}

// mostFiles is how many descriptors may have arrived that RecvFile has not
// fetched.
const mostFiles = 16

func newSock(c *pywire.Conn, codec Codec) *sock {
	if codec == nil {
		codec = defaultCodec
	}
	// With NoCopy, values are made of the bytes themselves.
	p, ok := codec.(*pickle.Config)
	return &sock{
		c: c, codec: codec, keeps: ok && p.NoCopy, rd: newTurn(), wr: newTurn(),
		changed: make(chan struct{}, 1), wakers: map[*func()]struct{}{},
	}
}

// A turn is a lock that can be waited for under a context.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) take(ctx context.Context) error {
	if t.try() {
		return nil
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

func (t turn) give() { <-t }

// wrap makes a Connection of a sock.
func wrap(s *sock) *connection.Connection { return mpsock.Wrap(s).(*connection.Connection) }

func (s *sock) Closed() bool { return s.c.Closed() }

func (s *sock) SendBytes(ctx context.Context, b []byte) error {
	if err := s.wr.take(ctx); err != nil {
		return err
	}
	defer s.wr.give()
	return s.failed(s.c.WriteFrame(ctx, b))
}

func (s *sock) RecvBytes(ctx context.Context, most int, into []byte) ([]byte, error) {
	if s.c.Closed() {
		return nil, connection.ErrClosed
	}
	if err := s.rd.take(ctx); err != nil {
		return nil, err
	}
	b, err := s.read(ctx, most, into)
	s.rd.give()
	s.change()
	return b, s.failed(err)
}

func (s *sock) read(ctx context.Context, most int, into []byte) ([]byte, error) {
	n, err := s.c.Next(ctx)
	switch {
	case err != nil:
		return nil, err
	case most >= 0 && n > uint64(most):
		return nil, fmt.Errorf("%w: %d bytes, at most %d are wanted", connection.ErrTooLarge, n, most)
	case into != nil && n <= uint64(len(into)):
		return s.c.ReadFrameInto(ctx, into[:0:len(into)])
	}
	return s.c.ReadFrame(ctx)
}

// failed is err in the words of package connection.
func (s *sock) failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pywire.ErrBroken):
		return &brokenError{err}
	case s.c.Closed():
		return connection.ErrClosed
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrUnexpectedEOF):
		return &brokenError{err}
	case errors.Is(err, pywire.ErrNoFile):
		return connection.ErrNoFile
	case errors.Is(err, pywire.ErrTooLong):
		return fmt.Errorf("%w: %w", connection.ErrTooLarge, err)
	}
	return err
}

// A brokenError is a connection.ErrBrokenPipe that says more.
type brokenError struct{ err error }

func (e *brokenError) Error() string   { return "connection: broken: " + e.err.Error() }
func (e *brokenError) Unwrap() []error { return []error{connection.ErrBrokenPipe, e.err} }

// Ready looks for what has arrived, unless another goroutine reads, and would
// get it.
func (s *sock) Ready() bool {
	if s.c.Closed() {
		return true
	}
	if !s.rd.try() {
		return false
	}
	defer s.rd.give()
	return s.c.Ready()
}

func (s *sock) Wait(ctx context.Context) error {
	if err := s.rd.take(ctx); err != nil {
		return err
	}
	defer s.rd.give()
	return s.failed(s.c.ReadyWait(ctx))
}

func (s *sock) Close() error {
	err := s.c.Close()
	s.change()
	runtime.KeepAlive(s)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// change says that what is ready may be another thing now.
func (s *sock) change() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Await calls wake whenever the socket may have become ready. A goroutine looks
// for that as long as anybody wants to know.
func (s *sock) Await(wake func()) (stop func()) {
	key := &wake
	s.mu.Lock()
	s.wakers[key] = struct{}{}
	if s.quit == nil {
		ctx, quit := context.WithCancel(context.Background())
		over := make(chan struct{})
		s.quit, s.over = quit, over
		go func() {
			defer close(over)
			s.watch(ctx)
		}()
	}
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		delete(s.wakers, key)
		if len(s.wakers) > 0 || s.quit == nil {
			s.mu.Unlock()
			return
		}
		quit, over := s.quit, s.over
		s.quit, s.over = nil, nil
		s.mu.Unlock()
		quit()
		<-over
	}
}

func (s *sock) watch(ctx context.Context) {
	for {
		if s.Wait(ctx); ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		for w := range s.wakers {
			(*w)()
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-s.changed:
		}
	}
}
