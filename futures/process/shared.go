package process

import (
	"encoding/binary"
	"fmt"

	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/shm"
)

// This file carries conex.Buffers. Their memory goes by the socket, as
// descriptors; arguments and results name it by its place in a list.

// buffers are what the arguments of one task refer to.
type buffers struct {
	list []*shm.Shared // each with a reference of ours
}

// newBuffers takes over the handles that an encoder has collected.
func newBuffers(handles []any) *buffers {
	if len(handles) == 0 {
		return nil
	}
	b := new(buffers)
	for _, h := range handles {
		if s, ok := h.(*shm.Shared); ok {
			b.list = append(b.list, s)
		}
	}
	return b
}

func (b *buffers) release() {
	if b == nil {
		return
	}
	for _, s := range b.list {
		s.Release()
	}
}

// putBuffers makes w know the memory and writes the list of it to dst. It
// returns how many bytes that took, 0 if there is no room.
func (w *worker) putBuffers(b *buffers, dst []byte) (int, error) {
	n := 8 + 8*len(b.list)
	if n > inlineArg/2 {
		return 0, fmt.Errorf("process: a task with %d Buffers: the limit is %d", len(b.list), (inlineArg/2-8)/8)
	}
	if n > len(dst)-64 {
		return 0, nil
	}
	binary.LittleEndian.PutUint64(dst, uint64(len(b.list)))
	for i, s := range b.list {
		if err := w.sendMemory(s.ID, s.Size, s.File()); err != nil {
			return 0, err
		}
		binary.LittleEndian.PutUint64(dst[8+8*i:], s.ID)
	}
	return n, nil
}

// waiting is a result whose memory has not arrived yet: the ring is faster
// than the socket.
type waiting struct {
	en   crew.Entry // the item alone
	n    int
	data []byte
}

// sharedResult ends the next item, now or once its memory is there.
func (w *worker) sharedResult(b []byte) error {
	if len(b) < 4 {
		return fmt.Errorf("truncated result with memory")
	}
	one := w.Take()
	w.Count(1, true)
	w.waiting = append(w.waiting, waiting{one, int(binary.LittleEndian.Uint32(b)), append([]byte(nil), b[4:]...)})
	w.match()
	return nil
}

// match ends the results whose memory has arrived: both come in the same
// order.
func (w *worker) match() {
	for len(w.waiting) > 0 && len(w.shared) >= w.waiting[0].n {
		x := w.waiting[0]
		list := w.shared[:x.n:x.n]
		w.waiting, w.shared = w.waiting[1:], w.shared[x.n:]
		x.en.T.FinishOwned(int(x.en.From), x.data, func(id uint64) (any, error) {
			if id >= uint64(len(list)) {
				return nil, fmt.Errorf("process: a result refers to memory %d of %d", id, len(list))
			}
			return list[id], nil
		})
		for _, s := range list {
			s.Release() // the Buffers in the result have references of their own
		}
		w.Finished(&x.en)
	}
}

// receiveShared takes in memory for a result.
func (w *worker) receiveShared(b []byte) {
	f := w.conn.File()
	if f == nil || len(b) != 16 {
		w.Corrupt(fmt.Errorf("memory without descriptor"))
		return
	}
	s, err := shm.OpenShared(binary.LittleEndian.Uint64(b), f, int(binary.LittleEndian.Uint64(b[8:])))
	if err != nil {
		w.Corrupt(err)
		return
	}
	w.shared = append(w.shared, s)
	w.match()
	w.Account()
}

// dropShared gives up what will never match: the worker died between the two.
// It returns the items concerned.
func (w *worker) dropShared() (lost []crew.Entry) {
	for _, x := range w.waiting {
		lost = append(lost, x.en)
	}
	for _, s := range w.shared {
		s.Release()
	}
	w.waiting, w.shared = nil, nil
	return lost
}
