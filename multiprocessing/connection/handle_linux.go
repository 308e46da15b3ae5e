package connection

import (
	"fmt"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
)

// A Connection travels as one byte for the transport, one for the side, one for
// the number of lanes, the pipe's memory, and another descriptor of the socket.
const transportPipe = 1

// AppendHandle is how a Connection travels inside values. It is for the codec.
func (c *Connection) AppendHandle(e *codec.Encoder) error {
	if err := c.open(); err != nil {
		return err
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
