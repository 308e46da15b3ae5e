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
	id := binary.LittleEndian.Uint64(ids[8*i:])
	view := shm.View(id, s.segment(id), true)
	s.given = append(s.given, view)
	return view, nil
}

// takeBack ends the function's right to what it was lent, and closes what it
// returned.
func (s *server) takeBack() {
	for _, h := range s.enc.Handles {
		if x, ok := h.(*shm.Shared); ok {
			x.Release() // the encoder's reference
			x.Release() // the function's own: it has given the Buffer away
		}
	}
	for _, v := range s.given {
		v.Expire()
	}
	s.given, s.enc.Handles = nil, nil
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
