//go:build unix

package subprocess

import (
	"os"
	"syscall"
)

// control calls f with a file's descriptor, unless it is closed.
func control(file *os.File, f func(fd uintptr)) {
	if rc, err := file.SyscallConn(); err == nil {
		rc.Control(f)
	}
}

// readNow reads what is there. The file must be a non-blocking one, as those
// are that have deadlines.
func readNow(file *os.File, b []byte) (n int) {
	control(file, func(fd uintptr) {
		for {
			var err error
			if n, err = syscall.Read(int(fd), b); err != syscall.EINTR {
				return
			}
		}
	})
	return n
}

// isNoData is for Windows.
func isNoData(error) bool { return false }
