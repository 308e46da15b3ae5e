package subprocess

import "golang.org/x/sys/unix"

// leash makes this thread end with the parent's. What the process asked for when
// it was started is forgotten if another thread than the first one executes the
// program.
func leash() { unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0) }

func (n *launch) isLeashed() bool { return n.system.leashed }

// drop gives back what was prepared for a process that is not even tried.
func (n *launch) drop() { n.ended() }
