package dummy

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/conexgo/conex/threading"
)

// A stream is one direction of a pipe.
type stream struct {
	mu     sync.Mutex
	items  []any           // protected by mu
	closed bool            // protected by mu: by who writes, or who reads
	ready  threading.Event // set while there are items, or will never be any
}

func (s *stream) put(v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("multiprocessing/dummy: the other end is closed: %w", io.ErrClosedPipe)
	}
	s.items = append(s.items, v)
	s.ready.Set()
	return nil
}

func (s *stream) get(ctx context.Context) (any, error) {
	for {
		if v, err, ok := s.try(); ok {
			return v, err
		}
		if err := s.ready.Wait(ctx); err != nil {
			return nil, err
		}
	}
}

// try reports ok false if there is neither an item nor the end.
func (s *stream) try() (v any, err error, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.items) > 0:
		v = s.items[0]
		s.items[0] = nil
		s.items = s.items[1:]
		if len(s.items) == 0 && !s.closed {
			s.ready.Clear()
		}
		return v, nil, true
	case s.closed:
		return nil, io.EOF, true
	}
	return nil, nil, false
}

// close ends the stream. What it holds can still be read, unless the reader has
// gone.
func (s *stream) close(reader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if reader {
		s.items = nil
	}
	s.ready.Set()
}
