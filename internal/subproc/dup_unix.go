//go:build unix

package subproc

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dup returns a second descriptor for f, as a process that was started with f
// has one. If f is alone in having its open file, the new one is in non-blocking
// mode: then to close it ends what waits for it. The mode belongs to the open
// file, so that others would have it too.
func Dup(f *os.File, alone bool) (*os.File, error) {
	rc, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var dupErr error
	if err := rc.Control(func(n uintptr) {
		fd, dupErr = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 3)
	}); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("dup", dupErr)
	}
	if alone {
		// A file that has no such mode stays as it is.
		_ = syscall.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
