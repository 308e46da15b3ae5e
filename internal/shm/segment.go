package shm

import (
	"fmt"
	"os"
)

// A Segment is a piece of shared memory, mapped. Close it; using Mem
// afterwards is a fault.
type Segment struct {
	Mem  []byte
	file *os.File
}

// New returns a segment of size bytes, all zero. Pages cost memory once they
// are touched, and the first touch costs several times a copy: reuse
// segments.
func New(size int) (*Segment, error) { return NewNamed("conex", size) }

// NewNamed is New for memory that shows in lists of a process's mappings and
// descriptors under name, which means nothing else.
func NewNamed(name string, size int) (*Segment, error) {
	if size <= 0 {
		return nil, fmt.Errorf("conex: shared memory of %d bytes", size)
	}
	f, err := create(name)
	if err != nil {
		return nil, fmt.Errorf("conex: shared memory: %w", err)
	}
	if err := f.Truncate(int64(size)); err != nil {
		f.Close()
		return nil, fmt.Errorf("conex: shared memory of %d bytes: %w", size, err)
	}
	seal(f)
	return Map(f, size)
}

// Map maps the segment of size bytes that f stands for, for example a
// descriptor that came from another process. The Segment owns f from now on,
// and closes it when Map fails. With size 0 nothing is mapped: then f may be
// any descriptor.
func Map(f *os.File, size int) (*Segment, error) {
	if size == 0 {
		return &Segment{file: f}, nil
	}
	mem, err := mmap(f, size)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("conex: mapping shared memory of %d bytes: %w", size, err)
	}
	return &Segment{mem, f}, nil
}

// File is the descriptor to pass on. It stays the Segment's. It is nil once the
// Segment is closed.
func (s *Segment) File() *os.File { return s.file }

// Close unmaps the memory and closes the descriptor. The memory itself lives
// on while another process has it. Closing again does nothing.
func (s *Segment) Close() error {
	if s.file == nil {
		return nil
	}
	var err error
	if s.Mem != nil {
		err = munmap(s.Mem)
		s.Mem = nil
	}
	if e := s.file.Close(); err == nil {
		err = e
	}
	s.file = nil
	return err
}
