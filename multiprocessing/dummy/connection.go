package dummy

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrClosed says that this end was closed.
var ErrClosed = errors.New("multiprocessing/dummy: this end of the connection is closed")

// ErrType says that what was received has another type than was asked for.
var ErrType = errors.New("multiprocessing/dummy: the message has another type")

// A Connection is one end of a pipe within the process. What is sent is what
// arrives, not a copy of it. It is made by [Pipe], [Dial] and [Listener.Accept],
// must not be copied, and is safe for concurrent use.
type Connection struct {
	in, out *stream
	closed  atomic.Bool
}

// Pipe returns the two ends of a pipe. The error is always nil.
func Pipe() (a, b *Connection, err error) {
	x, y := new(stream), new(stream)
	return &Connection{in: x, out: y}, &Connection{in: y, out: x}, nil
}

// Send sends v itself; there is always room, so it does not block. The error is
// [ErrClosed] if this end was closed, and matches io.ErrClosedPipe if the other
// one was. Sending synchronizes before receiving.
func (c *Connection) Send(_ context.Context, v any) error {
	if c.closed.Load() {
		return ErrClosed
	}
	return c.out.put(v)
}

// Recv returns what was sent, waiting for it, and io.EOF when everything was
// received and the other end is closed. If ctx ends first the error matches that
// of ctx.
func (c *Connection) Recv(ctx context.Context) (any, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	v, err := c.in.get(ctx)
	if err != nil && c.closed.Load() {
		err = ErrClosed // while we waited
	}
	return v, err
}

// SendBytes is Send: even b itself is sent, so it must not be changed.
func (c *Connection) SendBytes(ctx context.Context, b []byte) error { return c.Send(ctx, b) }

// RecvBytes is [Recv] of bytes.
func (c *Connection) RecvBytes(ctx context.Context) ([]byte, error) { return Recv[[]byte](ctx, c) }

// Poll reports whether there is a message, or the end, waiting for it until ctx
// ends.
func (c *Connection) Poll(ctx context.Context) (bool, error) {
	if c.closed.Load() {
		return false, ErrClosed
	}
	return c.in.ready.IsSet() || c.in.ready.Wait(ctx) == nil, nil
}

// TryPoll is Poll without waiting.
func (c *Connection) TryPoll() (bool, error) {
	if c.closed.Load() {
		return false, ErrClosed
	}
	return c.in.ready.IsSet(), nil
}

// Close closes this end; the other one reads io.EOF after what was sent. Closing
// again does nothing.
func (c *Connection) Close() error {
	c.closed.Store(true)
	c.out.close(false)
	c.in.close(true)
	return nil
}

// Send is c.Send for a message of one type.
func Send[T any](ctx context.Context, c *Connection, v T) error { return c.Send(ctx, v) }

// Recv is c.Recv for a message of one type. Another one is an error that matches
// [ErrType]; the message is lost then.
func Recv[T any](ctx context.Context, c *Connection) (v T, err error) {
	m, err := c.Recv(ctx)
	if err != nil {
		return v, err
	}
	v, ok := m.(T)
	if !ok && m != nil {
		return v, fmt.Errorf("%w: %T instead of %T", ErrType, m, v)
	}
	return v, nil
}
