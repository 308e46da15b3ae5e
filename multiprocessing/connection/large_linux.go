package connection

import (
	"context"
	"fmt"
	"sync"

	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/watch"
)

// A stash keeps the files of large messages that an end has sent, for the next
// ones: fresh memory costs several times the copy. A file can be used again
// once its record is out of the ring, since whoever takes a record out has read
// its file before.
type stash struct {
	mu   sync.Mutex
	list []stashed
	off  bool // the end is closed: keep nothing
}

type stashed struct {
	seg   *shm.Segment
	until uint64 // where the lane's head must have come to
}

const (
	mostStashed  = 4       // files
	largeStashed = 1 << 20 // the largest of them, in bytes
	largeStep    = 256 << 10
)

// get returns a file for n bytes.
func (s *stash) get(n int, head uint64) (*shm.Segment, error) {
	s.mu.Lock()
	for i, x := range s.list {
		if len(x.seg.Mem) >= n && int64(head-x.until) >= 0 {
			s.list = append(s.list[:i], s.list[i+1:]...)
			s.mu.Unlock()
			return x.seg, nil
		}
	}
	s.mu.Unlock()
	if n <= largeStashed {
		n = (n + largeStep - 1) &^ (largeStep - 1)
	}
	return shm.New(n)
}

// put takes a file back.
func (s *stash) put(seg *shm.Segment, until uint64) {
	if len(seg.Mem) > largeStashed {
		seg.Close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, stashed{seg, until})
	for len(s.list) > mostStashed || s.off && len(s.list) > 0 {
		s.list[0].seg.Close() // who is to read it has a descriptor
		s.list = s.list[1:]
	}
}

// clear closes what is kept, and what will be put.
func (s *stash) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.list {
		x.seg.Close()
	}
	s.list, s.off = nil, true
}

// writeLarge writes a message to its file.
func writeLarge(ctx context.Context, seg *shm.Segment, data []byte) error {
	const step = 16 << 20
	for at := 0; at < len(data); at += step {
		if at > 0 && ctx.Err() != nil {
			return watch.Reason(ctx)
		}
		if _, err := seg.File().WriteAt(data[at:min(at+step, len(data))], int64(at)); err != nil {
			return fmt.Errorf("connection: a message of %d bytes: %w", len(data), err)
		}
	}
	return nil
}
