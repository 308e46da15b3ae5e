package connection

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// A Connection is one end of a channel for messages between processes: bytes,
// by its methods, or values, by the functions [Send] and [Recv]. [Pipe] makes
// two that belong together.
//
// A Connection can be sent to other processes: as an argument or result of a
// registered function, through a queue, through another Connection, or
// anywhere within what is sent there. Then several processes have the same end,
// and whoever receives first gets the next message, whole. The other side finds
// the end of the file when the last of them has closed its Connection or died,
// so who sends an end away and does not need it any longer should close its
// own. A process does not close what it was sent by itself, except by ending.
//
// The zero value is closed. A Connection must not be copied, and is safe for
// concurrent use by goroutines and processes. In the terms of the Go memory
// model, sending a message synchronizes before the return of the call that
// receives it, when both happen in one process.
type Connection struct {
	t transport // nil: the zero value
}

// SendBytes sends b as one message, which may be empty. The other side gets it
// with RecvBytes or RecvBytesInto. What follows on b after the return is of no
// concern.
//
// It waits while there is no room, at most until ctx ends; then nothing was
// sent. Errors: ErrClosed, ErrBrokenPipe if nobody has the other side,
// ErrReadOnly, ErrTooLarge, ErrCorrupt, or one that matches what ctx ended with.
func (c *Connection) SendBytes(ctx context.Context, b []byte) error {
	return c.send(ctx, message{kind: kindBytes, data: b})
}

// RecvBytes receives the next message, which must have been sent by SendBytes.
//
// It waits until there is one, at most until ctx ends; then nothing was
// received. After everything that was sent, when nobody has the other side any
// more, the error is io.EOF. Other errors: ErrClosed, ErrWriteOnly, ErrCorrupt,
// a *MismatchError if the next message is a value, which then stays where it
// is, or one that matches what ctx ended with.
func (c *Connection) RecvBytes(ctx context.Context) ([]byte, error) {
	m, err := c.recv(ctx, want{kind: kindBytes})
	return m.data, err
}

// RecvBytesMax is RecvBytes for messages of at most n bytes. A longer one stays
// where it is, and the error matches ErrTooLarge.
func (c *Connection) RecvBytesMax(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("connection: at most %d bytes are wanted: must not be negative", n)
	}
	m, err := c.recv(ctx, want{kind: kindBytes, limited: true, most: n})
	return m.data, err
}

// RecvBytesInto is RecvBytes into buf. It returns how many bytes the message
// has. If they are more than fit, the error is a *BufferTooShortError that has
// the message, and buf is as it was.
func (c *Connection) RecvBytesInto(ctx context.Context, buf []byte) (int, error) {
	m, err := c.recv(ctx, want{kind: kindBytes, into: buf})
	if err != nil {
		return 0, err
	}
	if len(m.data) > len(buf) {
		return 0, &BufferTooShortError{m.data}
	}
	return len(m.data), nil
}

// Poll waits until there is something to receive, a message or io.EOF, and
// returns true; or until ctx ends, and returns false and an error that matches
// what it ended with. Another goroutine or process that has the same end may be
// faster to receive it. Other errors: ErrClosed, ErrWriteOnly.
func (c *Connection) Poll(ctx context.Context) (bool, error) {
	if err := c.canRecv(); err != nil {
		return false, err
	}
	if err := c.t.wait(ctx); err != nil {
		return false, err
	}
	runtime.KeepAlive(c)
	return true, nil
}

// TryPoll reports whether there is something to receive, a message or io.EOF.
// Errors: ErrClosed, ErrWriteOnly.
func (c *Connection) TryPoll() (bool, error) {
	if err := c.canRecv(); err != nil {
		return false, err
	}
	return c.t.ready(), nil
}

// Close closes this process's Connection. Calls that wait in it return
// ErrClosed. What was sent before can still be received by the other side;
// what was sent to this end and not received is lost with the last Connection
// of it. Closing again does nothing.
func (c *Connection) Close() error {
	if c.t == nil {
		return nil
	}
	return c.t.close()
}

// Closed reports whether this process has closed the Connection.
func (c *Connection) Closed() bool { return c == nil || c.t == nil || c.t.closed() }

// Readable reports whether this end can receive; closing does not change that.
func (c *Connection) Readable() bool { return c.t != nil && c.t.readable() }

// Writable reports whether this end can send; closing does not change that.
func (c *Connection) Writable() bool { return c.t != nil && c.t.writable() }

// Ready reports whether a call that receives would return at once: there is a
// message, the end of the file, or an error. An end that can only send is ready
// when nobody has the other side any more. It is there for [Wait].
func (c *Connection) Ready() bool { return c.Closed() || c.t.ready() }

// Await calls wake whenever Ready may have become true, until stop is called.
// It is there for [Wait]; wake must not block and not close the Connection.
func (c *Connection) Await(wake func()) (stop func()) {
	if c.t == nil {
		wake()
		return func() {}
	}
	return c.t.await(wake)
}

// String describes the Connection for messages.
func (c *Connection) String() string {
	state := "closed"
	if !c.Closed() {
		state = "open"
	}
	switch {
	case c.t == nil:
		return "connection.Connection(closed)"
	case !c.t.writable():
		return "connection.Connection(receives, " + state + ")"
	case !c.t.readable():
		return "connection.Connection(sends, " + state + ")"
	}
	return "connection.Connection(both ways, " + state + ")"
}

var errNil = errors.New("connection: nil *Connection")

// open returns why c cannot be used.
func (c *Connection) open() error {
	if c == nil {
		return errNil
	}
	if c.t == nil || c.t.closed() {
		return ErrClosed
	}
	return nil
}

func (c *Connection) canRecv() error {
	if err := c.open(); err != nil {
		return err
	}
	if !c.t.readable() {
		return ErrWriteOnly
	}
	return nil
}

// send checks what all ways to send have in common.
func (c *Connection) send(ctx context.Context, m message) error {
	if err := c.open(); err != nil {
		return err
	}
	if !c.t.writable() {
		return ErrReadOnly
	}
	if _, ok := c.t.(sock); !ok && len(m.data) > MaxMessage {
		return fmt.Errorf("%w: %d bytes, at most %d can be sent", ErrTooLarge, len(m.data), MaxMessage)
	}
	err := c.t.send(ctx, m)
	runtime.KeepAlive(c)
	return err
}

// recv checks what all ways to receive have in common.
func (c *Connection) recv(ctx context.Context, w want) (message, error) {
	if err := c.canRecv(); err != nil {
		return message{}, err
	}
	m, err := c.t.recv(ctx, w)
	runtime.KeepAlive(c)
	return m, err
}
