package process

import (
	"encoding/binary"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/shm"
)

// Large arguments do not go through the ring: they are encoded straight into
// shared memory, where every worker that may run the task can read them. The
// segments are used again and again, since the first touch of fresh pages
// costs four times a copy.

const (
	smallestSegment = 128 << 10
	keepSegments    = 512 << 20 // bytes kept for reuse
)

type segments struct {
	mu     sync.Mutex
	free   map[int][]*segment // by size
	kept   int
	nextID uint64 // below 1<<32, where Buffers begin
	closed bool
}

// A segment holds the arguments of one task at a time.
type segment struct {
	owner *segments
	s     *shm.Segment
	id    uint64
}

func (s *segments) init() { s.free = make(map[int][]*segment) }

// get returns a segment of at least size bytes.
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
	return g, nil
}

// release makes the segment free.
func (g *segment) release() {
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

func (s *segments) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, list := range s.free {
		for _, g := range list {
			g.s.Close()
		}
	}
	s.free = nil
}

// A memory is what this engine keeps for a task. It is counted for the entries
// that have a part of the task.
type memory struct {
	refs atomic.Int32
	seg  *segment // holds the task's arguments, if they are large
	bufs *buffers // shared memory that the arguments refer to
}

// noMemory is that of most tasks.
var noMemory memory

func memoryOf(en *crew.Entry) *memory {
	if m, ok := en.Mem.(*memory); ok {
		return m
	}
	return &noMemory
}

func newMemory(seg *segment, bufs *buffers) *memory {
	m := &memory{seg: seg, bufs: bufs}
	m.refs.Store(1)
	return m
}

// Join implements [crew.Memory].
func (m *memory) Join() { m.refs.Add(1) }

// Leave implements [crew.Memory].
func (m *memory) Leave() {
	if m.refs.Add(-1) > 0 {
		return
	}
	if m.seg != nil {
		m.seg.release()
	}
	m.bufs.release()
}

// encode fixes the bytes of t's arguments, in a segment if they are large.
func (p *Pool) encode(t futures.Task) (crew.Memory, error) {
	hint := t.SizeHint()
	if hint <= inlineArg {
		handles, err := t.Encode(nil)
		if bufs := newBuffers(handles); bufs != nil {
			return newMemory(nil, bufs), err
		}
		return nil, err
	}
	seg, err := p.segs.get(hint + 64)
	if err != nil {
		return nil, err
	}
	handles, err := t.Encode(seg.s.Mem[:0])
	if err != nil || t.ArgSize(0, t.Len()) > len(seg.s.Mem) {
		seg.release() // the guess was too small: the bytes are elsewhere
		seg = nil
	}
	return newMemory(seg, newBuffers(handles)), err
}

// toSegment moves the arguments of en, which turned out to be large, into a
// segment.
func (p *Pool) toSegment(en *crew.Entry) (*memory, error) {
	n := en.T.Len()
	seg, err := p.segs.get(en.T.ArgSize(0, n))
	if err != nil {
		return nil, err
	}
	en.T.AppendArgs(seg.s.Mem[:0], 0, n)
	m := memoryOf(en)
	if m == &noMemory {
		m = newMemory(nil, nil)
		en.Mem = m
	}
	m.seg = seg
	return m, nil
}

// sendSegment makes w know seg. The error is [crew.ErrGone]. The caller holds mu.
func (w *worker) sendSegment(seg *segment) error {
	return w.sendMemory(seg.id, len(seg.s.Mem), seg.s.File())
}

// sendMemory passes a descriptor on, unless w has it. A bare one, without
// memory, is used up by the task that gets it, so it is always sent.
func (w *worker) sendMemory(id uint64, size int, f *os.File) error {
	if w.segs[id] {
		return nil
	}
	if w.conn.Send(msgSegment, w.segmentMessage(id, size), f) != nil {
		return crew.ErrGone
	}
	if size == 0 {
		w.bare = true
		return nil
	}
	if w.segs == nil {
		w.segs = make(map[uint64]bool)
	}
	w.segs[id] = true
	return nil
}

// segmentMessage is the payload of msgSegment: what it is, and how often w was
// told before to forget all it has.
func (w *worker) segmentMessage(id uint64, size int) []byte {
	return binary.LittleEndian.AppendUint64(memoryMessage(id, size), w.forgets)
}

// memoryMessage is the payload of msgShared, and begins that of others.
func memoryMessage(id uint64, size int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, id)
	return binary.LittleEndian.AppendUint64(b, uint64(size))
}

// mapped is how many segments a worker keeps mapped.
const mapped = 16

// forgetSegments lets w unmap what it has, once that is a lot, or may be a
// descriptor that it had no use for: it is told again of what comes again. It
// writes to the ring, so it must not come while a frame is being filled.
func (w *worker) forgetSegments() {
	if len(w.segs) < mapped && !w.bare || w.Busy() {
		return
	}
	if b := w.tasks.Reserve(0); b != nil {
		w.tasks.Commit(0, recForget, 0)
		clear(w.segs)
		w.bare = false
		w.forgets++
	}
}
