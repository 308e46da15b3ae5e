//go:build unix

package pywire

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptors is how many the process may have.
func descriptors() int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil || r.Cur > 1<<20 {
		return 1 << 20
	}
	return int(r.Cur)
}

// setBacklog changes the backlog of a socket that listens.
func setBacklog(l net.Listener, n int) {
	if s, ok := l.(syscall.Conn); ok {
		if rc, err := s.SyscallConn(); err == nil {
			rc.Control(func(fd uintptr) { unix.Listen(int(fd), n) })
		}
	}
}
