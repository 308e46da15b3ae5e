package sharedmemory

import "sync"

// An ident tells blocks apart for as long as somebody has them open: the name
// of one that is gone may belong to another.
type ident struct{ dev, ino uint64 }

// A mapping is a block as this process sees it: mapped once, however often it
// is attached to. All but id, name and size is protected by table.mu.
type mapping struct {
	id   ident
	name string
	size int

	mem  []byte // nil when nobody has it open
	refs int    // attachments

	// lock is a descriptor that keeps the block from being a leftover, or -1.
	// Processes that attached hold it as long as they have the block open, the
	// one that created it to its end, or until the name is gone.
	lock    int
	created bool
	told    *janitor // watches over the block as well
}

// table has the blocks that this process has mapped or has to remove.
var table struct {
	mu   sync.Mutex
	of   map[string]*mapping // by name
	idle []*mapping          // created, closed, not known to be unlinked
	next int                 // in idle, to be looked at
}

// enroll adds a new mapping with one reference.
func enroll(m *mapping) {
	if table.of == nil {
		table.of = make(map[string]*mapping)
	}
	m.refs = 1
	table.of[m.name] = m
}

// unref gives an attachment's reference back.
func (m *mapping) unref() {
	table.mu.Lock()
	defer table.mu.Unlock()
	if m.refs--; m.refs > 0 {
		return
	}
	unmap(m.mem)
	m.mem = nil
	if m.created && m.lock >= 0 {
		table.idle = append(table.idle, m)
		return
	}
	m.forget()
}

// forget ends what the process has to do with a block that nobody here has
// open. The caller holds table.mu.
func (m *mapping) forget() {
	m.unlock()
	if table.of[m.name] == m {
		delete(table.of, m.name)
	}
}

// unlinked notes that the name is gone: nobody can attach to m, and nothing is
// left to be removed. The caller holds table.mu.
func (m *mapping) unlinked() {
	if table.of[m.name] == m {
		delete(table.of, m.name)
	}
	if m.told != nil {
		m.told.forget(m)
		m.told = nil
	}
	m.created = false
	if m.refs > 0 {
		m.unlock()
		return
	}
	m.forget()
	for i, o := range table.idle {
		if o == m {
			last := len(table.idle) - 1
			table.idle[i] = table.idle[last]
			table.idle[last] = nil
			table.idle = table.idle[:last]
			return
		}
	}
}

// lookAtIdle finds out whether one block that this process created and closed
// was unlinked by another one: only its lock keeps its memory then. Looking at
// one with each creation keeps up with any number. The caller holds table.mu.
func lookAtIdle() {
	if len(table.idle) == 0 {
		return
	}
	table.next = (table.next + 1) % len(table.idle)
	if m := table.idle[table.next]; m.nameless() {
		m.unlinked()
	}
}
