//go:build unix

package process

import (
	"encoding/binary"
	"fmt"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/shm"
)

// lend gives the function that runs the memory its argument refers to.
func (s *server) lend(i uint64) (any, error) {
	ids := s.fr.shared
	if i >= uint64(len(ids)/8) {
		return nil, fmt.Errorf("process: an argument refers to memory %d of %d", i, len(ids)/8)
	}
	return s.lendID(binary.LittleEndian.Uint64(ids[8*i:])), nil
}

// lendID gives it what has the given id. A bare descriptor is given away, so
// that its other end sees when the function closes it.
func (s *server) lendID(id uint64) *shm.Shared {
	seg := s.segment(id)
	bare := len(seg.Mem) == 0
	if bare {
		delete(s.segs, id)
	}
	view := shm.View(id, seg, !bare)
	s.given = append(s.given, view)
	return view
}

// takeBack ends the loan, and closes what the function has returned.
func (s *server) takeBack() {
	for _, h := range s.enc.Handles {
		if x, ok := h.(*shm.Shared); ok {
			x.Release() // the encoder's reference
			x.Release() // the function's own: it has given the Buffer away
		}
	}
	s.endLoan()
	s.enc.Handles = nil
}

// endLoan ends its right to what it was lent.
func (s *server) endLoan() {
	for _, v := range s.given {
		if v.Size == 0 {
			v.Release()
		} else {
			v.Expire()
		}
	}
	s.given = nil
}

// writeShared passes on a result with memory: first the descriptors, by the
// socket.
func (s *server) writeShared(out []byte) {
	if len(out)+4 > s.results.Max()/2 {
		s.write(recErr, remote.Append(nil, fmt.Errorf("%w: a result of %d bytes beside its Buffers: the limit is %d",
			futures.ErrNotEncodable, len(out), s.results.Max()/2-4)))
		return
	}
	n := 0
	for _, h := range s.enc.Handles {
		x, ok := h.(*shm.Shared)
		if !ok {
			continue
		}
		n++
		if err := s.conn.Send(msgShared, memoryMessage(x.ID, x.Size), x.File()); err != nil {
			s.end(0) // nobody is there any more
		}
	}
	b := make([]byte, 4, 4+len(out))
	binary.LittleEndian.PutUint32(b, uint32(n))
	s.write(recShared, append(b, out...))
}
