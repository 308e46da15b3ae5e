package managers

import (
	"context"

	"github.com/conexgo/conex/multiprocessing/sharedmemory"
)

// NewSharedMemory makes a block of shared memory whose name the server keeps: it
// is unlinked by [ReleaseSharedMemory], or when the server ends, however long
// ago this process has. It is SharedMemoryManager.SharedMemory in Python.
//
// The block is made in this process and is no object of the server, so it costs
// one request and is as fast as any other; server and client must be on one
// machine. Other processes attach to it by its name. The caller closes it.
//
// The server may be CPython's, if it is a SharedMemoryManager. Any server of this
// package will do. Where one program wants blocks that go with it,
// [sharedmemory.Owner] does that without a server.
//
// Errors are those of [sharedmemory.Create], and of calls; then there is no block.
func NewSharedMemory(ctx context.Context, m *Manager, size int) (*sharedmemory.SharedMemory, error) {
	s, err := sharedmemory.Create(sharedmemory.Config{Size: size, Untracked: !m.native})
	if err != nil {
		return nil, err
	}
	if err := m.track(ctx, s); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// NewShareableList makes a list in a block that the server keeps, as
// [NewSharedMemory] does: SharedMemoryManager.ShareableList in Python.
func NewShareableList(ctx context.Context, m *Manager, items ...any) (*sharedmemory.ShareableList, error) {
	l, err := sharedmemory.CreateShareableList(sharedmemory.Config{Untracked: !m.native}, items...)
	if err != nil {
		return nil, err
	}
	if err := m.track(ctx, l.SharedMemory()); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// track tells the server of a block, which is tracked in the sense of package
// sharedmemory only if the server keeps it open: one of CPython's does not, and
// the block must outlive this process.
func (m *Manager) track(ctx context.Context, s *sharedmemory.SharedMemory) error {
	_, err := m.function(ctx, "track_segment", []any{s.Name()})
	if err != nil {
		// If it is not known whether the server has heard of it, then unlinking
		// it here is still right.
		s.Unlink()
	}
	return err
}

// ReleaseSharedMemory has the server unlink a block that it keeps. Whoever has
// it open keeps the memory. A name that the server does not keep is a
// *RemoteError.
func ReleaseSharedMemory(ctx context.Context, m *Manager, name string) error {
	_, err := m.function(ctx, "release_segment", []any{name})
	return err
}

// SharedMemoryNames returns the names of the blocks that the server keeps.
func SharedMemoryNames(ctx context.Context, m *Manager) ([]string, error) {
	v, err := m.function(ctx, "list_segments", nil)
	if err != nil {
		return nil, err
	}
	return to[[]string](v)
}
