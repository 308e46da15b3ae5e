package connection

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
)

// Send sends v to the other side, which gets it with [Recv] for the same T. The
// value must be one that conex can send; queues, locks, connections and shared
// memory may be anywhere in it.
//
// It waits while there is no room, at most until ctx ends; then nothing was
// sent. Errors: ErrClosed, ErrBrokenPipe if nobody has the other side,
// ErrReadOnly, ErrTooLarge, ErrCorrupt, one that says why v cannot be sent, or
// one that matches what ctx ended with.
//
// In the terms of the Go memory model, a Send synchronizes before the return of
// the Recv that gets the value.
func Send[T any](ctx context.Context, c *Connection, v T) error {
	if c != nil {
		if s, ok := c.t.(sock); ok {
			return s.SendValue(ctx, v)
		}
	}
	t, err := typeOf[T]()
	if err != nil {
		return err
	}
	e := encoders.Get().(*codec.Encoder)
	if n := t.plan.Flat(); n > 0 {
		e.Buf = append(e.Buf, unsafe.Slice((*byte)(unsafe.Pointer(&v)), n)...)
	} else if err = encode(t, e, v); err != nil {
		putEncoder(e)
		return err
	}
	return c.sendEncoded(ctx, t.kind, t.hash, e)
}

// encode is apart because it needs v to have an address that others may see.
func encode[T any](t *typ, e *codec.Encoder, v T) error {
	return t.plan.Encode(e, unsafe.Pointer(&v))
}

// Recv receives the next value, which must have been sent as a T, or by
// [Connection.Send] as an any that holds a T.
//
// It waits until there is one, at most until ctx ends; then nothing was
// received. After everything that was sent, when nobody has the other side any
// more, the error is io.EOF. When the next message has another type, it stays
// where it is and the error is a *MismatchError. Other errors: ErrClosed,
// ErrWriteOnly, ErrCorrupt, one that says why the value cannot be decoded, or
// one that matches what ctx ended with.
func Recv[T any](ctx context.Context, c *Connection) (T, error) {
	var v T
	if c != nil {
		if s, ok := c.t.(sock); ok {
			return recvPickled[T](ctx, s)
		}
	}
	t, err := typeOf[T]()
	if err != nil {
		return v, err
	}
	var buf *[]byte
	w := want{kind: t.kind, hash: t.hash, typ: t, any: true}
	if !t.own {
		buf = buffers.Get().(*[]byte)
		w.into = *buf
	}
	m, err := c.recv(ctx, w)
	if err != nil {
		if buf != nil {
			buffers.Put(buf)
		}
		return v, err
	}
	if n := t.plan.Flat(); n > 0 && n == len(m.data) && m.kind == kindValue && m.files == nil {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), n), m.data)
	} else {
		v, err = decode[T](t, m)
	}
	if buf != nil {
		if n := cap(m.data); n > len(*buf) && n <= mostKept {
			*buf = m.data[:n]
		}
		buffers.Put(buf)
	}
	return v, err
}

// recvPickled is apart because it needs a T that has an address.
func recvPickled[T any](ctx context.Context, s sock) (T, error) {
	var v T
	if err := s.RecvValue(ctx, &v); err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// decode makes the value of a message and gives back what came with it.
func decode[T any](t *typ, m message) (v T, err error) {
	defer m.release()
	d := codec.Decoder{Buf: m.data, Owned: t.own, Handles: m.file}
	if m.kind == kindValue || t.kind == kindAny {
		err = t.plan.Decode(&d, unsafe.Pointer(&v))
	} else {
		var x any
		if x, err = d.Any(); err == nil {
			var ok bool
			if v, ok = x.(T); !ok {
				return v, &MismatchError{Sent: fmt.Sprintf("%T", x), Asked: t.name, Received: true, Value: x}
			}
		}
	}
	if err == nil && len(d.Buf) > 0 {
		err = fmt.Errorf("%w: %d bytes left over", codec.ErrCorrupt, len(d.Buf))
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return v, nil
}

// Send sends a value of any type: one of those that conex.RegisterType lists,
// or was called for. Otherwise it is the function [Send] for T any. It is for
// connections over which values of many types go; the function is faster and
// takes types that are not registered.
func (c *Connection) Send(ctx context.Context, v any) error { return Send(ctx, c, v) }

// Recv receives a value that was sent by [Connection.Send]. Otherwise it is the
// function [Recv] for T any.
func (c *Connection) Recv(ctx context.Context) (any, error) { return Recv[any](ctx, c) }

// sendEncoded sends what e has, and puts e back.
func (c *Connection) sendEncoded(ctx context.Context, k kind, hash uint32, e *codec.Encoder) error {
	m := message{kind: k, hash: hash, data: e.Buf}
	var err error
	for _, h := range e.Handles {
		if s, ok := h.(*shm.Shared); ok {
			m.files = append(m.files, s)
		} else {
			err = fmt.Errorf("connection: a %T cannot be sent", h)
		}
	}
	if err == nil {
		err = c.send(ctx, m)
	}
	m.release()
	putEncoder(e)
	return err
}

// file is what the decoder finds descriptors by.
func (m *message) file(i uint64) (any, error) {
	if i >= uint64(len(m.files)) {
		return nil, fmt.Errorf("%w: it refers to descriptor %d of %d", codec.ErrCorrupt, i, len(m.files))
	}
	return m.files[i], nil
}

// mostKept is the largest buffer that is kept for the next message.
const mostKept = 64 << 10

var (
	encoders = sync.Pool{New: func() any { return new(codec.Encoder) }}
	buffers  = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}
)

func putEncoder(e *codec.Encoder) {
	if cap(e.Buf) > mostKept {
		e.Buf = nil
	}
	e.Reset()
	encoders.Put(e)
}
