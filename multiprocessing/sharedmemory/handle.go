package sharedmemory

import (
	"fmt"
	"io/fs"
	"runtime"

	"github.com/conexgo/conex/internal/codec"
)

// What is sent is the name, as Python's pickle has it, and beside it the size and
// the number of the file, by which the receiver knows the block.

// AppendHandle is how a SharedMemory is sent. Programs do not call it.
func (s *SharedMemory) AppendHandle(e *codec.Encoder) error {
	if s.a == nil {
		return ErrClosed
	}
	m := s.a.m
	e.AppendString(m.name)
	e.Uvarint(uint64(m.size))
	e.Uvarint(m.id.ino)
	runtime.KeepAlive(s) // what is encoded at once is still attached
	return nil
}

// ReadHandle is how a SharedMemory arrives. Programs do not call it.
func (s *SharedMemory) ReadHandle(d *codec.Decoder) error {
	m, err := readMapping(d)
	if err != nil {
		return err
	}
	s.init(m, true)
	return nil
}

// readMapping attaches to the very block that was sent: its name may have gone
// to another one.
func readMapping(d *codec.Decoder) (*mapping, error) {
	name, err := d.ReadString()
	if err != nil {
		return nil, err
	}
	size, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	ino, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	if name, err = checkName(name); err != nil {
		return nil, err
	}
	m, err := attachMapping(name)
	if err != nil {
		return nil, about("attaching to the sent block", name, err)
	}
	switch {
	case m.id.ino != ino:
		err = fmt.Errorf("%w: it was unlinked, and another block has its name", fs.ErrNotExist)
	case uint64(m.size) < size:
		err = fail(ErrTooShort, "%d bytes, and %d were sent", m.size, size)
	default:
		return m, nil
	}
	m.unref()
	return nil, about("attaching to the sent block", name, err)
}
