package child

import "golang.org/x/sys/unix"

// Remember finds the descendants that there are now, for them to be killed when
// the child has died, also of a signal that it obeys: then those of them that
// have left the process group are orphans, with nothing to tell whose they were.
// It is to be called before such a signal is sent. It takes a descriptor for each
// descendant, until the child's death.
func (c *Child) Remember() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped || c.killed {
		return
	}
	t := tree{root: c.PID(), nodes: c.sys.known}
	if t.nodes == nil {
		t.nodes = make(map[int]*node)
	}
	t.walk()
	c.sys.known = t.nodes
}

// forget kills whom Remember has found, and what they have started since. The
// child is dead, and not reaped. The caller holds mu.
func (c *Child) forget() {
	if c.sys.known == nil {
		return
	}
	t := tree{root: c.PID(), rootStopped: func() bool { return true }, nodes: c.sys.known}
	c.sys.known = nil
	for _, n := range t.nodes {
		n.signal(unix.SIGSTOP)
	}
	t.kill()
}
