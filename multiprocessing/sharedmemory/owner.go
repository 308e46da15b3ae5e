package sharedmemory

import (
	"errors"
	"io/fs"
	"slices"
	"sync"
)

// An Owner makes blocks and lists, and removes all of them at the end: when it is
// closed, and when the program ends, however that happens. It is Python's
// SharedMemoryManager, without the server: the blocks are made by the program
// itself, and the Owner's process, the janitor, only waits for the program's end.
//
// A janitor is this program, started again; so the program needs conex.Main or
// conex.Init. It takes some milliseconds to start, and less than a megabyte of its
// own while it waits. It does not notice Ctrl-C and SIGTERM.
//
// A kill -9 of the program therefore leaves nothing: its janitor unlinks the
// blocks within milliseconds. Only if both are killed, which is what a parent
// does that kills a worker with all it started, the blocks stay as [Leftovers].
//
// An Owner is made by [NewOwner], must not be copied, and cannot be sent; its
// blocks and lists can. It is safe for concurrent use. One that is forgotten
// without Close keeps its blocks and its janitor to the end of the program.
type Owner struct {
	_ noCopy

	mu      sync.Mutex
	blocks  map[*mapping]struct{}
	tidy    int      // how many blocks make forgetting worth while
	janitor *janitor // nil after Close
}

// NewOwner starts a janitor and returns its Owner. It fails in a program that
// has called neither conex.Main nor conex.Init, and if no process can be started.
func NewOwner() (*Owner, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	j, err := startJanitor()
	if err != nil {
		return nil, err
	}
	return &Owner{blocks: map[*mapping]struct{}{}, janitor: j}, nil
}

// errUntracked: what an Owner is for.
var errUntracked = errors.New("sharedmemory: an Owner removes its blocks, so Config.Untracked cannot be set")

// Create makes a block that the Owner will remove. The errors are those of
// [Create] and [ErrClosed].
func (o *Owner) Create(cfg Config) (s *SharedMemory, err error) {
	err = o.own(cfg, func(how creation) (*mapping, error) {
		if s, err = create(cfg, how); err != nil {
			return nil, err
		}
		return s.a.m, nil
	})
	return s, err
}

// CreateList makes a list that the Owner will remove, see [CreateShareableList].
func (o *Owner) CreateList(cfg Config, items ...any) (l *ShareableList, err error) {
	err = o.own(cfg, func(how creation) (*mapping, error) {
		if l, err = createList(cfg, items, how); err != nil {
			return nil, err
		}
		return l.shm.a.m, nil
	})
	return l, err
}

// own has create make a block of which the janitor knows before anybody else.
func (o *Owner) own(cfg Config, create func(creation) (*mapping, error)) error {
	if cfg.Untracked {
		return errUntracked
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.janitor == nil {
		return ErrClosed
	}
	m, err := create(creation{tell: o.janitor.tell})
	if err == nil {
		if o.blocks[m] = struct{}{}; len(o.blocks) > o.tidy {
			o.forgetGone()
			o.tidy = 2*len(o.blocks) + 16
		}
	}
	return err
}

// forgetGone drops what this process has unlinked. The caller holds o.mu.
func (o *Owner) forgetGone() {
	table.mu.Lock()
	defer table.mu.Unlock()
	for m := range o.blocks {
		if !m.created {
			delete(o.blocks, m)
		}
	}
}

// Names returns the names of the Owner's blocks that are not unlinked, sorted.
// After Close there are none.
func (o *Owner) Names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.forgetGone()
	var names []string
	for m := range o.blocks {
		if m.named() {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	return names
}

// Close unlinks all blocks that still have their names, and ends the janitor.
// Attachments stay open: their memory goes with the last of them. Close waits
// for the janitor's process, some milliseconds. Closing again does nothing.
func (o *Owner) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.janitor == nil {
		return nil
	}
	var failed error
	for m := range o.blocks {
		if err := m.unlink(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, about("unlinking", m.name, err))
		}
	}
	clear(o.blocks)
	o.janitor.close()
	o.janitor = nil
	return failed
}
