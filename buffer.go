package conex

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"unsafe"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
)

// A Buffer is memory that crosses to another process without being copied:
// both sides see the same bytes. It can be an argument or a result of a
// registered function, or lie anywhere within one.
//
//	buf, err := conex.NewBuffer(100 << 20)
//	…
//	defer buf.Close()
//	fill(buf.Bytes())
//	n, err := futures.Submit(ctx, pool, Process, buf).Result(ctx) // Process may write to it
//
// What is sent is the memory, not its state at that moment: do not change it
// while a task may read it, unless the task is meant to see that. Writes on one
// side are seen by the other once the future says that the task is over, or has
// begun.
//
// In a worker, a Buffer that came as an argument is valid until the function
// returns. A Buffer that a function returns belongs to whoever gets the result,
// who must Close it; the worker's own is closed.
//
// The memory counts for every process that has touched it, has no name, and is
// gone with the last process that has it, however that ends. A Buffer is safe
// for concurrent use, its bytes are not. The zero value is closed.
type Buffer struct {
	mu sync.Mutex
	s  *shm.Shared // nil once closed
}

// NewBuffer returns size bytes of shared memory, all zero. It answers
// errors.ErrUnsupported on systems without it.
func NewBuffer(size int) (*Buffer, error) {
	s, err := shm.NewShared(size)
	if err != nil {
		return nil, err
	}
	return &Buffer{s: s}, nil
}

// Bytes returns the memory; nil if b is closed. The slice must not be used
// after Close, nor, in a worker, after the function that got b has returned:
// the memory is not there any more, and touching it is a fault.
func (b *Buffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.s == nil {
		return nil
	}
	return b.s.Mem()
}

// Len returns the size in bytes.
func (b *Buffer) Len() int { return len(b.Bytes()) }

// Close gives the memory back. Tasks that were submitted with b before keep
// it. Closing again does nothing.
func (b *Buffer) Close() error {
	b.mu.Lock()
	s := b.s
	b.s = nil
	b.mu.Unlock()
	if s != nil {
		s.Release()
	}
	return nil
}

var errClosedBuffer = errors.New("conex: the Buffer is closed")

func init() {
	codec.RegisterHandle(reflect.TypeFor[*Buffer](), encodeBuffer, decodeBuffer)
}

// encodeBuffer writes 0 for nil, else 1 + the index of the memory in Handles.
func encodeBuffer(e *codec.Encoder, v unsafe.Pointer) error {
	b := *(**Buffer)(v)
	if b == nil {
		e.Buf = append(e.Buf, 0)
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.s == nil || !b.s.Retain() {
		return errClosedBuffer
	}
	e.Handles = append(e.Handles, b.s) // with a reference for the engine
	e.Buf = binary.AppendUvarint(e.Buf, uint64(len(e.Handles)))
	return nil
}

func decodeBuffer(d *codec.Decoder, v unsafe.Pointer) error {
	n, k := binary.Uvarint(d.Buf)
	if k <= 0 {
		return io.ErrUnexpectedEOF
	}
	d.Buf = d.Buf[k:]
	if n == 0 {
		return nil
	}
	if d.Handles == nil {
		return errors.New("conex: a Buffer came without its memory")
	}
	h, err := d.Handles(n - 1)
	if err != nil {
		return err
	}
	s, ok := h.(*shm.Shared)
	if !ok || !s.Retain() {
		return fmt.Errorf("conex: a Buffer came with %T instead of its memory", h)
	}
	*(**Buffer)(v) = &Buffer{s: s}
	return nil
}
