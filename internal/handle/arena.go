package handle

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/conexgo/conex/internal/shm"
)

const (
	align     = 64 // one cache line: what one process writes must not slow down another's lock
	arenaSize = 256 << 10
	ownSize   = 32 << 10 // a Block of that size or more has memory of its own
)

// A segment is memory that this process has mapped.
type segment struct {
	id  uint64
	seg *shm.Segment
}

var (
	mu       sync.Mutex
	segments = map[uint64]weak.Pointer[segment]{} // all that are mapped

	// The arena that new Blocks come from. Those before it are reachable only
	// through their Blocks.
	arena *segment
	used  int
	freed = map[int][]place{} // by size: what was given back
)

// A place is a Block's memory without the Block.
type place struct {
	s         *segment
	off, size int
	out       *atomic.Bool
}

// allocate finds memory, all zero.
func allocate(size int) (s *segment, off int, mem []byte, err error) {
	size = (size + align - 1) &^ (align - 1)
	mu.Lock()
	defer mu.Unlock()
	if size >= ownSize {
		if s, err = create("conex-block", size); err != nil {
			return nil, 0, nil, err
		}
		return s, 0, s.seg.Mem, nil
	}
	if list := freed[size]; len(list) > 0 {
		p := list[len(list)-1]
		freed[size] = list[:len(list)-1]
		mem = p.s.seg.Mem[p.off : p.off+size : p.off+size]
		clear(mem)
		return p.s, p.off, mem, nil
	}
	if arena == nil || used+size > arenaSize {
		a, err := create("conex-arena", arenaSize)
		if err != nil {
			return nil, 0, nil, err
		}
		arena, used = a, 0
		clear(freed) // else what is free would keep the old arenas
	}
	off = used
	used += size
	return arena, off, arena.seg.Mem[off : off+size : off+size], nil
}

// free makes the memory of a Block that is gone usable again. It runs when the
// Block has been collected.
func free(p place) {
	mu.Lock()
	defer mu.Unlock()
	if p.s == arena && !p.out.Load() {
		freed[p.size] = append(freed[p.size], p)
	}
}

// create makes a segment. The caller holds mu.
func create(name string, size int) (*segment, error) {
	seg, err := shm.NewNamed(name, size)
	if err != nil {
		return nil, err
	}
	return keep(shm.NewID(), seg), nil
}

// open maps what came from elsewhere, unless it is mapped.
func open(sh *shm.Shared) (*segment, error) {
	mu.Lock()
	defer mu.Unlock()
	if s := segments[sh.ID].Value(); s != nil && len(s.seg.Mem) == sh.Size {
		return s, nil
	}
	f, err := sh.Dup()
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || st.Size() < int64(sh.Size) {
		f.Close()
		return nil, fmt.Errorf("%w: its memory is smaller than the %d bytes announced", ErrCorrupt, sh.Size)
	}
	seg, err := shm.Map(f, sh.Size)
	if err != nil {
		return nil, err
	}
	return keep(sh.ID, seg), nil
}

// keep notes a segment until it is collected. The caller holds mu.
func keep(id uint64, seg *shm.Segment) *segment {
	s := &segment{id, seg}
	w := weak.Make(s)
	segments[id] = w
	runtime.AddCleanup(s, func(seg *shm.Segment) {
		mu.Lock()
		if segments[id] == w {
			delete(segments, id)
		}
		seg.Close()
		mu.Unlock()
	}, seg)
	return s
}
