//go:build unix

package child

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SignalGroup sends sig to the child and whoever is in its process group; to
// the child alone if it has none of its own. It returns [os.ErrProcessDone] when
// the child is dead and reaped. It does not block.
func (c *Child) SignalGroup(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reaped {
		return os.ErrProcessDone
	}
	if c.shared {
		return c.proc.Signal(sig)
	}
	return unix.Kill(-c.PID(), sig)
}
