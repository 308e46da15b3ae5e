package child

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// A node is a handle on one descendant.
type node struct {
	pid    int
	pidfd  int    // -1 where the kernel has none, or we no descriptor left
	start  uint64 // stands in for the pidfd then
	killed bool
	denied bool // we may not signal it: it runs as another user
}

// openNode returns nil if there is no such process.
func openNode(pid int) *node {
	n := &node{pid: pid, pidfd: -1}
	if !noPidfd {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == nil {
			n.pidfd = fd
			return n
		}
		if err == unix.ESRCH {
			return nil
		}
	}
	s, ok := readStat(statPath(pid))
	if !ok {
		return nil
	}
	n.start = s.start
	return n
}

func (n *node) close() {
	if n.pidfd >= 0 {
		unix.Close(n.pidfd)
		n.pidfd = -1
	}
}

// signal sends sig. Without a pidfd the number is compared with the start time
// first, which leaves a few microseconds in which it might, in theory, be reused.
func (n *node) signal(sig unix.Signal) {
	var err error
	if n.pidfd >= 0 {
		err = unix.PidfdSendSignal(n.pidfd, sig, nil, 0)
	} else if n.exists() {
		err = unix.Kill(n.pid, sig)
	}
	if err == unix.EPERM {
		n.denied = true
	}
}

// exists says whether the process has not been reaped yet: its number is still
// its own.
func (n *node) exists() bool {
	if n.pidfd >= 0 {
		return unix.PidfdSendSignal(n.pidfd, 0, nil, 0) != unix.ESRCH
	}
	s, ok := readStat(statPath(n.pid))
	return ok && s.start == n.start
}

// dead says whether the process, with all its threads, has ended.
func (n *node) dead() bool {
	if n.pidfd >= 0 {
		p := []unix.PollFd{{Fd: int32(n.pidfd), Events: unix.POLLIN}}
		for {
			ready, err := unix.Poll(p, 0)
			if err != unix.EINTR {
				return ready > 0
			}
		}
	}
	if !n.exists() {
		return true
	}
	return !n.anyThread(func(state byte) bool { return state != 'Z' && state != 'X' })
}

// stopped says whether the process can fork no more: it is dead, or each of its
// threads is stopped, or it was told to die.
func (n *node) stopped() bool {
	if n.killed || n.denied || n.dead() {
		return true
	}
	return !n.anyThread(func(state byte) bool {
		return state != 'T' && state != 't' && state != 'Z' && state != 'X'
	})
}

// anyThread says whether a thread of the process is in such a state.
func (n *node) anyThread(is func(state byte) bool) bool {
	dir := "/proc/" + strconv.Itoa(n.pid) + "/task"
	for _, tid := range numbersIn(dir) {
		if s, ok := readStat(dir + "/" + strconv.Itoa(tid) + "/stat"); ok && is(s.state) {
			return true
		}
	}
	return false
}
