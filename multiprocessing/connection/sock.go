package connection

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"syscall"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/pickle"
)

// A sock is the transport of Connections that [Dial] and [Listener.Accept]
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

func (s *sock) readable() bool { return true }
func (s *sock) writable() bool { return true }
func (s *sock) closed() bool   { return s.c.Closed() }

func (s *sock) send(ctx context.Context, m message) error {
	if err := s.wr.take(ctx); err != nil {
		return err
	}
	defer s.wr.give()
	return s.failed(s.c.WriteFrame(ctx, m.data))
}

func (s *sock) recv(ctx context.Context, w want) (message, error) {
	if err := s.rd.take(ctx); err != nil {
		return message{}, err
	}
	b, err := s.read(ctx, w)
	s.rd.give()
	s.change()
	return message{kind: kindBytes, data: b}, s.failed(err)
}

func (s *sock) read(ctx context.Context, w want) ([]byte, error) {
	n, err := s.c.Next(ctx)
	switch {
	case err != nil:
		return nil, err
	case w.limited && n > uint64(w.most):
		return nil, fmt.Errorf("%w: %d bytes, at most %d are wanted", ErrTooLarge, n, w.most)
	case w.into != nil && n <= uint64(len(w.into)):
		return s.c.ReadFrameInto(ctx, w.into[:0:len(w.into)])
	}
	return s.c.ReadFrame(ctx)
}

// failed is err in the words of this package.
func (s *sock) failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pywire.ErrBroken):
		return &brokenError{err}
	case s.c.Closed():
		return ErrClosed
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, errUnexpected):
		return &brokenError{err}
	case errors.Is(err, pywire.ErrTooLong):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}

// A brokenError is an ErrBrokenPipe that says more.
type brokenError struct{ err error }

func (e *brokenError) Error() string   { return "connection: broken: " + e.err.Error() }
func (e *brokenError) Unwrap() []error { return []error{ErrBrokenPipe, e.err} }

// ready looks for what has arrived, unless another goroutine reads, and would
// get it.
func (s *sock) ready() bool {
	if s.c.Closed() {
		return true
	}
	if !s.rd.try() {
		return false
	}
	defer s.rd.give()
	return s.c.Ready()
}

func (s *sock) quick() bool { return s.ready() }

func (s *sock) wait(ctx context.Context) error {
	if err := s.rd.take(ctx); err != nil {
		return err
	}
	defer s.rd.give()
	return s.failed(s.c.ReadyWait(ctx))
}

func (s *sock) close() error {
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

// await calls wake whenever the socket may have become ready. A goroutine looks
// for that as long as anybody wants to know.
func (s *sock) await(wake func()) (stop func()) {
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
		if s.wait(ctx); ctx.Err() != nil {
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
