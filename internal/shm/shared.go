package shm

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync/atomic"
)

// A Shared is a segment with an identity, for memory that several holders in
// several processes know, or a bare descriptor, whose Size is 0. It goes with
// its last reference.
type Shared struct {
	ID   uint64 // unique among processes, never below 1<<32
	Size int    // as asked for

	seg  *Segment
	view bool // the mapping is somebody else's
	keep any  // whose it is
	refs atomic.Int32
}

// NewFile returns a Shared that is a descriptor only, with one reference. It
// owns f.
func NewFile(f *os.File) *Shared {
	s := &Shared{ID: NewID(), seg: &Segment{file: f}}
	s.refs.Store(1)
	return s
}

// Lend returns a Shared for passing on what belongs to somebody else: the
// memory of seg under the given identity. It keeps owner from being collected,
// and seg is not closed when it goes.
func Lend(id uint64, seg *Segment, owner any) *Shared {
	s := &Shared{ID: id, Size: len(seg.Mem), seg: seg, view: true, keep: owner}
	s.refs.Store(1)
	return s
}

var errGone = errors.New("conex: shared memory that was given back already")

// Dup returns another descriptor for the same thing, which the caller owns.
func (s *Shared) Dup() (*os.File, error) {
	if s.refs.Load() <= 0 || s.seg.file == nil {
		return nil, errGone
	}
	return Dup(s.seg.file)
}

// NewID returns a number that no other Shared of this machine has: drawn at
// random, since a process's number may be another's later.
func NewID() uint64 { return rand.Uint64() | 1<<63 }

// NewShared returns new memory with one reference.
func NewShared(size int) (*Shared, error) {
	seg, err := New(size)
	if err != nil {
		return nil, err
	}
	s := &Shared{ID: NewID(), Size: size, seg: seg}
	s.refs.Store(1)
	return s, nil
}

// OpenShared maps memory that came from another process, with one reference.
// It owns f.
func OpenShared(id uint64, f *os.File, size int) (*Shared, error) {
	seg, err := Map(f, size)
	if err != nil {
		return nil, err
	}
	return View(id, seg, false), nil
}

// View returns a Shared over seg with one reference. If borrowed, seg is not
// closed with the last one: then nobody may have one left when seg is.
func View(id uint64, seg *Segment, borrowed bool) *Shared {
	s := &Shared{ID: id, Size: len(seg.Mem), seg: seg, view: borrowed}
	s.refs.Store(1)
	return s
}

// Mem is the memory, nil once the last reference is gone.
func (s *Shared) Mem() []byte {
	if s.refs.Load() <= 0 || s.seg.Mem == nil {
		return nil
	}
	return s.seg.Mem[:s.Size:s.Size]
}

// File is the descriptor to pass on.
func (s *Shared) File() *os.File { return s.seg.File() }

// Retain adds a reference, unless none is left.
func (s *Shared) Retain() bool {
	for {
		n := s.refs.Load()
		if n <= 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release gives a reference back.
func (s *Shared) Release() {
	if s.refs.Add(-1) == 0 && !s.view {
		s.seg.Close()
	}
}

// Expire ends a View whatever references there are.
func (s *Shared) Expire() { s.refs.Store(-1 << 30) }
