package connection

import (
	"fmt"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/mpsock"
)

// A Connection travels as one byte for the transport and two more. For a pipe
// they are the side and the number of lanes, and the pipe's memory and another
// descriptor of its socket follow. For a socket they are 0, and another
// descriptor follows; the codec and the limits are the usual ones at the other
// side.
const (
	transportPipe   = 1
	transportSocket = 2
)

// AppendHandle is how a Connection travels inside values. It is for the codec.
func (c *Connection) AppendHandle(e *codec.Encoder) error {
	if err := c.open(); err != nil {
		return err
	}
	if s, ok := c.t.(sock); ok {
		return appendSocket(e, s.Socket)
	}
	x, ok := c.t.(*end)
	if !ok {
		return fmt.Errorf("connection: a Connection over %T cannot be sent", c.t)
	}
	start, handles := len(e.Buf), len(e.Handles)
	e.Buf = append(e.Buf, transportPipe, byte(x.side), byte(x.sh.n))
	err := x.sh.block.Append(e)
	if err == nil {
		err = handle.AppendFile(e, x.sock.f)
	}
	if err != nil {
		e.Buf, e.Handles = e.Buf[:start], e.Handles[:handles]
		if x.closed() {
			return ErrClosed
		}
	}
	return err
}

// ReadHandle reads what AppendHandle wrote. It is for the codec.
func (c *Connection) ReadHandle(d *codec.Decoder) error {
	b, err := d.Take(3)
	if err != nil {
		return err
	}
	if b[0] == transportSocket {
		f, err := handle.ReadFile(d)
		if err != nil {
			return err
		}
		s, err := mpsock.Open(f)
		if err != nil {
			return fmt.Errorf("%w: %w", handle.ErrCorrupt, err)
		}
		c.t = sock{s}
		return nil
	}
	side, lanes := int(b[1]), int(b[2])
	if b[0] != transportPipe || side > 1 || lanes < 1 || lanes > 2 {
		return fmt.Errorf("%w: connection %v", handle.ErrCorrupt, b)
	}
	block, err := handle.Read(d, pipeSize(lanes))
	if err != nil {
		return err
	}
	f, err := handle.ReadFile(d)
	if err != nil {
		return err
	}
	sock, err := openSocket(f)
	if err == nil {
		err = sock.unblock()
	}
	if err == nil {
		var e *end
		if e, err = openEnd(block, lanes, side, sock); err == nil {
			c.t = e
			return nil
		}
	}
	f.Close()
	return err
}

// appendSocket is how a socket travels. It waits for nobody: who reads or
// writes at this moment would do so in the middle of a message.
func appendSocket(e *codec.Encoder, s mpsock.Socket) error {
	f, err := s.Duplicate()
	if err != nil {
		return err
	}
	defer f.Close()
	start, handles := len(e.Buf), len(e.Handles)
	e.Buf = append(e.Buf, transportSocket, 0, 0)
	if err := handle.AppendFile(e, f); err != nil {
		e.Buf, e.Handles = e.Buf[:start], e.Handles[:handles]
		return err
	}
	return nil
}
