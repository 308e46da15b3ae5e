package multiprocessing

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/conexgo/conex/internal/mpring"
	"github.com/conexgo/conex/internal/shm"
)

// Records of a queue's ring. A plain one is the item's bytes. One with things
// beside it begins with
//
//	 0  u64  the number of its parcel of descriptors
//	 8  u32  how many descriptors that has
//	12  u32  how many handles the item refers to
//	16  u64  how many bytes of the item are in the last descriptor's memory
//
// and for each handle its id, its size and which descriptor it is, all u64. The
// item's bytes follow, unless they are in memory of their own.
const (
	recordPlain  = 1
	recordBeside = 2

	besideSize = 24
	handleSize = 24

	// maxHandles is how many an item may refer to: the list must fit into the ring.
	maxHandles = 20_000
)

// A queueMessage is an item on its way to the ring.
type queueMessage struct {
	head, tail []byte // the item's bytes, the second part perhaps the item itself

	beside  []byte        // what comes before them, if there is anything
	files   []*os.File    // what goes into the parcel
	handles []*shm.Shared // what they belong to: to be released once sent
	body    *shm.Segment  // the memory of its own of a large item
}

// attach adds what the encoder left beside the bytes. The message owns it from
// then on.
func (m *queueMessage) attach(handles []any) error {
	if len(handles) > maxHandles {
		releaseHandles(handles)
		return fmt.Errorf("multiprocessing: an item that refers to %d handles: the limit is %d", len(handles), maxHandles)
	}
	m.beside = make([]byte, besideSize, besideSize+len(handles)*handleSize)
	type identity struct {
		id   uint64
		size int
	}
	index := map[identity]int{}
	for _, h := range handles {
		if s, ok := h.(*shm.Shared); ok {
			m.handles = append(m.handles, s)
		}
	}
	if len(m.handles) < len(handles) {
		return fmt.Errorf("multiprocessing: an item refers to what no engine of this module can send")
	}
	for _, s := range m.handles {
		k := identity{s.ID, s.Size}
		i, known := index[k]
		if !known {
			f := s.File()
			if f == nil {
				return fmt.Errorf("multiprocessing: an item refers to memory that is closed")
			}
			i = len(m.files)
			index[k] = i
			m.files = append(m.files, f)
		}
		for _, x := range []uint64{s.ID, uint64(s.Size), uint64(i)} {
			m.beside = binary.NativeEndian.AppendUint64(m.beside, x)
		}
	}
	binary.NativeEndian.PutUint32(m.beside[12:], uint32(len(handles)))
	if len(m.files) >= mpring.MaxFiles { // one is for the body
		return fmt.Errorf("multiprocessing: an item with %d different handles: the limit is %d", len(m.files), mpring.MaxFiles-1)
	}
	return nil
}

// releaseHandles gives back what the encoder has gathered in vain.
func releaseHandles(handles []any) {
	for _, h := range handles {
		if s, ok := h.(*shm.Shared); ok {
			s.Release()
		}
	}
}

// spill moves the bytes of a large item to memory of its own.
func (m *queueMessage) spill() (err error) {
	n := len(m.head) + len(m.tail)
	if m.body, err = shm.New(n); err != nil {
		return err
	}
	f := m.body.File()
	if _, err = f.WriteAt(m.head, 0); err == nil {
		_, err = f.WriteAt(m.tail, int64(len(m.head)))
	}
	if err != nil {
		return fmt.Errorf("multiprocessing: memory for an item of %d bytes: %w", n, err)
	}
	if m.beside == nil {
		m.beside = make([]byte, besideSize)
	}
	binary.NativeEndian.PutUint64(m.beside[16:], uint64(n))
	m.files = append(m.files, f)
	m.head, m.tail = nil, nil
	return nil
}

// size is that of the record's payload.
func (m *queueMessage) size() int { return len(m.beside) + len(m.head) + len(m.tail) }

// release gives back what the message holds: it was sent, or will not be.
func (m *queueMessage) release() {
	for _, s := range m.handles {
		s.Release()
	}
	if m.body != nil {
		m.body.Close()
	}
	m.handles, m.body, m.files = nil, nil, nil
}

// keep makes the message independent of the caller's memory.
func (m *queueMessage) keep() *queueMessage {
	k := *m
	k.head = append(append([]byte(nil), m.head...), m.tail...)
	k.tail = nil
	*m = queueMessage{}
	return &k
}

// write puts m into the ring and releases it, or returns mpring.ErrFull. The
// caller holds PutLock.
func (c *queueCore) write(m *queueMessage) error {
	if m.beside == nil {
		return c.ring.Put(recordPlain, m.head, m.tail)
	}
	b, err := c.ring.Begin()
	if err != nil {
		return err
	}
	room, err := b.Add(recordBeside, m.size())
	if err != nil {
		return err
	}
	number := c.ring.Number()
	if err := c.send(number, m.files); err != nil {
		return err
	}
	binary.NativeEndian.PutUint64(m.beside, number)
	binary.NativeEndian.PutUint32(m.beside[8:], uint32(len(m.files)))
	n := copy(room, m.beside)
	n += copy(room[n:], m.head)
	copy(room[n:], m.tail)
	b.Commit()
	m.release()
	return nil
}
