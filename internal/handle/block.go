package handle

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
)

// ErrCorrupt says that the bytes of a handle make no sense.
var ErrCorrupt = errors.New("conex: corrupt handle")

// A Block is memory that several processes share. It must not be copied, and is
// safe for concurrent use; its bytes are not.
type Block struct {
	s   *segment
	off int
	mem []byte
	out *atomic.Bool // it was sent: others may have it. nil if it came from elsewhere
}

// A Key says whether two Blocks are the same memory.
type Key struct {
	segment uint64
	off     int
}

// New returns size bytes, all zero, at an address divisible by 64.
func New(size int) (*Block, error) {
	if size <= 0 {
		return nil, fmt.Errorf("conex: shared memory of %d bytes", size)
	}
	s, off, mem, err := allocate(size)
	if err != nil {
		return nil, err
	}
	b := &Block{s: s, off: off, mem: mem, out: new(atomic.Bool)}
	runtime.AddCleanup(b, free, place{s, off, len(mem), b.out})
	return b, nil
}

// Mem is the memory.
func (b *Block) Mem() []byte { return b.mem }

// Key identifies the memory.
func (b *Block) Key() Key { return Key{b.s.id, b.off} }

// Append writes b to e: for Read, in this process or another.
func (b *Block) Append(e *codec.Encoder) error {
	if b.out != nil {
		b.out.Store(true)
	}
	e.Handles = append(e.Handles, shm.Lend(b.s.id, b.s.seg, b))
	e.Uvarint(uint64(len(e.Handles) - 1))
	e.Uvarint(uint64(b.off))
	e.Uvarint(uint64(len(b.mem)))
	return nil
}

// Read reads what Append wrote. It fails if the memory is smaller than size.
func Read(d *codec.Decoder, size int) (*Block, error) {
	sh, err := next(d)
	if err != nil {
		return nil, err
	}
	off, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	n, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	total := uint64(sh.Size)
	if off%align != 0 || off > total || n > total-off || n < uint64(size) {
		return nil, fmt.Errorf("%w: %d bytes at %d of %d, wanted at least %d", ErrCorrupt, n, off, total, size)
	}
	s, err := open(sh)
	if err != nil {
		return nil, err
	}
	return &Block{s: s, off: int(off), mem: s.seg.Mem[off : off+n : off+n]}, nil
}

// next reads the place of a descriptor beside the bytes, and finds it.
func next(d *codec.Decoder) (*shm.Shared, error) {
	i, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	if d.Handles == nil {
		return nil, fmt.Errorf("%w: it came without its memory", ErrCorrupt)
	}
	h, err := d.Handles(i)
	if err != nil {
		return nil, err
	}
	sh, ok := h.(*shm.Shared)
	if !ok {
		return nil, fmt.Errorf("%w: it came with %T instead of its memory", ErrCorrupt, h)
	}
	return sh, nil
}
