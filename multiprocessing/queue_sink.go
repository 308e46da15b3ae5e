package multiprocessing

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/conexgo/conex/internal/mpring"
	"github.com/conexgo/conex/internal/shm"
)

// A queueSink is where an item that was taken goes.
type queueSink struct {
	flat   []byte                            // the memory of the value itself, if its bytes are all there is
	direct interface{ decode([]byte) error } // else what makes it of the ring's memory: nothing of the user's runs
	buf    []byte                            // else the bytes

	ids   []byte     // of the handles: id, size, descriptor
	files []*os.File // the descriptors
	body  int        // how many bytes are in the last one's memory
}

// fill takes what is in a record, which stays in the ring. The caller holds
// GetLock. With drop the record makes no sense, and is to be taken all the same.
func (s *queueSink) fill(c *queueCore, rec *mpring.Record) (drop bool, err error) {
	p := rec.Payload
	switch {
	case rec.Kind == recordPlain && s.flat != nil:
		if len(p) != len(s.flat) {
			return true, fmt.Errorf("%w: an item of %d bytes instead of %d", ErrCorrupt, len(p), len(s.flat))
		}
		copy(s.flat, p)
		return false, nil
	case rec.Kind == recordPlain && s.direct != nil:
		if err := s.direct.decode(p); err != nil {
			return true, fmt.Errorf("%w (%w)", ErrCorrupt, err)
		}
		return false, nil
	case rec.Kind == recordPlain:
		s.buf = append(s.buf[:0], p...)
		return false, nil
	case rec.Kind != recordBeside || len(p) < besideSize || s.flat != nil:
		return true, fmt.Errorf("%w: a record of kind %d with %d bytes", ErrCorrupt, rec.Kind, len(p))
	}
	// Nothing of it is looked at twice where another program could change it.
	p = append([]byte(nil), p...)
	number := binary.NativeEndian.Uint64(p)
	files := uint64(binary.NativeEndian.Uint32(p[8:]))
	handles := uint64(binary.NativeEndian.Uint32(p[12:]))
	body := binary.NativeEndian.Uint64(p[16:])
	p = p[besideSize:]
	if files > mpring.MaxFiles || handles*handleSize > uint64(len(p)) || body > 1<<48 || body > 0 && files == 0 {
		return true, fmt.Errorf("%w: a record with %d handles", ErrCorrupt, handles)
	}
	m, err := c.post()
	if err != nil {
		return false, err
	}
	if s.files, err = m.Look(number, int(files)); err != nil {
		return errors.Is(err, mpring.ErrNoMail), queueCorrupt(err)
	}
	s.ids, s.buf, s.body = p[:handles*handleSize], p[handles*handleSize:], int(body)
	return false, nil
}

// settled is called when the record was taken.
func (s *queueSink) settled(c *queueCore) {
	if s.files == nil {
		return
	}
	if m, err := c.post(); err == nil {
		m.Drop()
	}
}

// load reads what is in memory of its own.
func (s *queueSink) load() error {
	if s.body == 0 {
		return nil
	}
	f := s.files[len(s.files)-1]
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() < int64(s.body) {
		return fmt.Errorf("%w: an item of %d bytes in memory of %d", ErrCorrupt, s.body, st.Size())
	}
	s.buf = make([]byte, s.body)
	if _, err := f.ReadAt(s.buf, 0); err != nil {
		return fmt.Errorf("multiprocessing: reading an item of %d bytes: %w", s.body, err)
	}
	return nil
}

// shared makes objects of the descriptors, for codec.Decoder.Handles: one for
// each descriptor.
func (s *queueSink) shared() ([]*shm.Shared, error) {
	n := len(s.ids) / handleSize
	list, made := make([]*shm.Shared, n), make([]*shm.Shared, len(s.files))
	for i := range n {
		id := s.ids[i*handleSize:]
		size, at := binary.NativeEndian.Uint64(id[8:]), binary.NativeEndian.Uint64(id[16:])
		if at >= uint64(len(s.files)) {
			return list, fmt.Errorf("%w: handle %d has descriptor %d of %d", ErrCorrupt, i, at, len(s.files))
		}
		if made[at] == nil {
			x, err := shareFile(binary.NativeEndian.Uint64(id), size, s.files[at])
			if err != nil {
				return list, err
			}
			made[at], s.files[at] = x, nil
			list[i] = x
			continue
		}
		made[at].Retain()
		list[i] = made[at]
	}
	return list, nil
}

// shareFile makes an object of a descriptor, which it owns unless it fails.
func shareFile(id, size uint64, f *os.File) (*shm.Shared, error) {
	if size == 0 {
		return shm.NewFile(f), nil
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if size > 1<<48 || st.Size() < int64(size) {
		return nil, fmt.Errorf("%w: shared memory of %d bytes instead of %d", ErrCorrupt, st.Size(), size)
	}
	dup, err := shm.Dup(f)
	if err != nil {
		return nil, err
	}
	f.Close()
	return shm.OpenShared(id, dup, int(size))
}

// close closes the descriptors that were not used.
func (s *queueSink) close() {
	for _, f := range s.files {
		if f != nil {
			f.Close()
		}
	}
	s.files = nil
}
