package shm

import (
	"os"

	"golang.org/x/sys/unix"
)

func create(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err == unix.ENOSYS || err == unix.EPERM {
		return unlinked() // some containers refuse it
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "conex-shm"), nil
}

// seal sees to it that no other process makes the memory shorter, which would
// be a fault in all that have it mapped. What is no memfd cannot be sealed.
func seal(f *os.File) {
	if rc, err := f.SyscallConn(); err == nil {
		rc.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_ADD_SEALS, unix.F_SEAL_SHRINK) })
	}
}
