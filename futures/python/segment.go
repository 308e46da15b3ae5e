package python

import (
	"math/bits"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/shm"
)

// Large arguments do not go through the socket: they are encoded straight into
// shared memory, from where the worker unpickles them. Segments are used again,
// since the first touch of fresh pages costs several times a copy.

const (
	inlineArg       = 32 << 10 // larger arguments go through a segment
	smallestSegment = 128 << 10
	keepSegments    = 256 << 20 // bytes kept for the next task
	mappedSegments  = 16        // how many a worker keeps mapped
)

// segments is the stock of a pool.
type segments struct {
	mu     sync.Mutex
	free   map[int][]*segment // by size
	kept   int
	nextID uint64
	closed bool
}

// A segment holds the arguments of one task at a time.
type segment struct {
	owner *segments
	s     *shm.Segment
	id    uint64
	refs  atomic.Int32
}

func (s *segments) init() { s.free = make(map[int][]*segment) }

// get returns a segment of at least size bytes with one reference.
func (s *segments) get(size int) (*segment, error) {
	size = max(size, smallestSegment)
	if size&(size-1) != 0 {
		size = 1 << bits.Len(uint(size))
	}
	s.mu.Lock()
	if list := s.free[size]; len(list) > 0 {
		g := list[len(list)-1]
		s.free[size] = list[:len(list)-1]
		s.kept -= size
		s.mu.Unlock()
		g.refs.Store(1)
		return g, nil
	}
	s.nextID++
	id := s.nextID
	s.mu.Unlock()
	mem, err := shm.New(size)
	if err != nil {
		return nil, err
	}
	g := &segment{owner: s, s: mem, id: id}
	g.refs.Store(1)
	return g, nil
}

// Join adds a reference, Leave gives one back; the last makes the segment free.
func (g *segment) Join() { g.refs.Add(1) }

func (g *segment) Leave() {
	if g.refs.Add(-1) > 0 {
		return
	}
	s, size := g.owner, len(g.s.Mem)
	s.mu.Lock()
	keep := !s.closed && s.kept+size <= keepSegments
	if keep {
		s.kept += size
		s.free[size] = append(s.free[size], g)
	}
	s.mu.Unlock()
	if !keep {
		g.s.Close()
	}
}

// close gives the stock up.
func (s *segments) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, list := range s.free {
		for _, g := range list {
			g.s.Close()
		}
	}
	s.free, s.kept = nil, 0
}

// arguments is what the engine keeps for a task: its Entry's Mem.
type arguments struct {
	seg     *segment // has the bytes of the arguments, or nil
	handles []any    // what they refer to by persistent ids
	refs    atomic.Int32
}

func newArguments(seg *segment, handles []any) *arguments {
	a := &arguments{seg: seg, handles: handles}
	a.refs.Store(1)
	return a
}

func (a *arguments) Join() { a.refs.Add(1) }

func (a *arguments) Leave() {
	if a.refs.Add(-1) > 0 {
		return
	}
	release(a.handles)
	if a.seg != nil {
		a.seg.Leave()
	}
}

// encode is crew.Config.Encode: it fixes the bytes of a task's arguments, in a
// segment if they are large.
func (p *Pool) encode(t futures.Task) (crew.Memory, error) {
	var buf []byte
	var seg *segment
	if hint := t.SizeHint(); hint > inlineArg {
		var err error
		if seg, err = p.segs.get(hint + 64); err != nil {
			return nil, err
		}
		buf = seg.s.Mem[:0]
	}
	handles, err := t.Encode(buf)
	if seg != nil && (err != nil || t.ArgSize(0, t.Len()) > len(seg.s.Mem)) {
		seg.Leave() // the guess was too small: the bytes are elsewhere
		seg = nil
	}
	if seg != nil || len(handles) > 0 {
		return newArguments(seg, handles), err
	}
	return nil, err
}

// inSegment returns the segment that has the arguments of en, after moving them
// there if they have turned out to be large.
func (p *Pool) inSegment(en *crew.Entry) (*segment, error) {
	a, _ := en.Mem.(*arguments)
	if a == nil {
		a = newArguments(nil, nil)
		en.Mem = a
	}
	if a.seg == nil {
		n := en.T.Len()
		seg, err := p.segs.get(en.T.ArgSize(0, n))
		if err != nil {
			return nil, err
		}
		en.T.AppendArgs(seg.s.Mem[:0], 0, n)
		a.seg = seg
	}
	return a.seg, nil
}
