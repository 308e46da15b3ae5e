package python

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/internal/shm"
)

// A memory is what an Array is, whatever its type: a part of shared memory.
type memory struct {
	format *format
	shape  []int
	n      int // items
	off    int // of the first byte

	mu    sync.Mutex
	share *share // nil once closed
}

// A share is a reference to shared memory.
type share struct {
	s    *shm.Shared
	seen atomic.Bool // there may be slices of it
}

var errClosedArray = fmt.Errorf("python: the Array is closed: %w", os.ErrClosed)

// newMemory makes new memory. There is no memory of 0 bytes: one page stands for it.
func newMemory(f *format, shape []int) (*memory, error) {
	n, err := count(shape)
	if err != nil {
		return nil, err
	}
	s, err := shm.NewShared(max(n*f.size, 1))
	if err != nil {
		return nil, fmt.Errorf("python: an Array of shape %s: %w", shapeString(shape), err)
	}
	return newShare(f, append([]int(nil), shape...), n, 0, s), nil
}

// newShare makes a memory of s, whose reference it takes over.
//
// A result that nobody looks at cannot be closed by anybody: the call was
// cancelled, its future forgotten, or a key of a dict had no field. Therefore the
// memory of an Array that was never touched goes with it. One that was touched is
// not: its slices do not keep the Array.
func newShare(f *format, shape []int, n, off int, s *shm.Shared) *memory {
	m := &memory{format: f, shape: shape, n: n, off: off, share: &share{s: s}}
	runtime.AddCleanup(m, func(sh *share) {
		if !sh.seen.Load() {
			sh.s.Release()
		}
	}, m.share)
	return m
}

var errCorruptArray = errors.New("python: the worker sent an Array that makes no sense")

// part returns the memory of a result: of s, which came from a worker, what the
// worker says. It adds a reference of its own.
func part(s *shm.Shared, code string, shape []int, off int) (*memory, error) {
	f := formats[code]
	if f == nil {
		return nil, fmt.Errorf("%w: format %q", errCorruptArray, code)
	}
	n, err := count(shape)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorruptArray, err)
	}
	if off < 0 || off > s.Size || n*f.size > s.Size-off || n > 0 && off%f.size != 0 {
		return nil, fmt.Errorf("%w: %d items of %q at %d of %d bytes", errCorruptArray, n, code, off, s.Size)
	}
	if !s.Retain() {
		return nil, errClosedArray
	}
	return newShare(f, shape, n, off, s), nil
}

// bytes returns the memory, nil if it is closed.
func (m *memory) bytes() []byte {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.share == nil {
		return nil
	}
	m.share.seen.Store(true)
	end := m.off + m.n*m.format.size
	return m.share.s.Mem()[m.off:end:end]
}

// retain returns what is shared, with a reference for the caller.
func (m *memory) retain() (*shm.Shared, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.share == nil || !m.share.s.Retain() {
		return nil, errClosedArray
	}
	return m.share.s, nil
}

func (m *memory) closed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.share == nil
}

func (m *memory) close() {
	if m == nil {
		return
	}
	m.mu.Lock()
	sh := m.share
	m.share = nil
	m.mu.Unlock()
	if sh != nil {
		sh.seen.Store(true) // the cleanup has nothing to do
		sh.s.Release()
	}
}
