//go:build unix

package process

import (
	"encoding/binary"
	"math/bits"

	"github.com/conexgo/conex/internal/shm"
)

// A largeSegment is one of the segments for large results.
type largeSegment struct {
	id  uint64
	seg *shm.Segment
	ctl largeControl
}

// writeLarge passes on a result of a head and a long rest through a segment. It
// returns false if none is free and there are enough.
func (s *server) writeLarge(head, rest []byte) bool {
	total := len(head) + len(rest)
	g := s.largeSegment(total)
	if g == nil {
		return false
	}
	g.ctl.taken.Store(0)
	g.ctl.written.Store(0)
	dst := g.seg.Mem[largeHead:]
	n := copy(dst, head)
	g.ctl.written.Store(uint64(n))
	s.write(recLarge, memoryMessage(g.id, total))
	s.flush() // the pool may start to copy
	for len(rest) > 0 {
		k := copy(dst[n:total], rest[:min(len(rest), largeBlock)])
		rest, n = rest[k:], n+k
		g.ctl.written.Store(uint64(n))
	}
	s.flush()
	return true
}

// largeSegment finds or makes a segment for size bytes.
func (s *server) largeSegment(size int) *largeSegment {
	dropped := uint64(0)
	for i, g := range s.large {
		if g.ctl.taken.Load() == 0 {
			continue
		}
		if len(g.seg.Mem)-largeHead >= size {
			return g
		}
		if len(s.large) == largeKeep { // too small: make room for a larger one
			g.seg.Close()
			dropped = g.id
			s.large = append(s.large[:i], s.large[i+1:]...)
			break
		}
	}
	if len(s.large) >= largeKeep {
		return nil
	}
	seg, err := shm.New(1<<bits.Len(uint(size-1)) + largeHead)
	if err != nil {
		return nil
	}
	s.largeID++
	g := &largeSegment{s.largeID, seg, openLarge(seg.Mem)}
	msg := binary.LittleEndian.AppendUint64(memoryMessage(g.id, len(seg.Mem)), dropped)
	if s.conn.Send(msgLarge, msg, seg.File()) != nil {
		s.end(0)
	}
	s.large = append(s.large, g)
	return g
}
