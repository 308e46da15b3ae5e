//go:build unix

package shm

import (
	"os"

	"golang.org/x/sys/unix"
)

// unlinked makes a file that has no name any more.
func unlinked() (*os.File, error) {
	f, err := os.CreateTemp("", "conex-shm-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func mmap(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func munmap(mem []byte) error { return unix.Munmap(mem) }

// Dup returns another descriptor for what f stands for. It does not use Fd, which would make the descriptor block, and with it all
// others for the same thing.
func Dup(f *os.File) (*os.File, error) {
	fd, err := -1, error(nil)
	rc, e := f.SyscallConn()
	if e == nil {
		e = rc.Control(func(h uintptr) { fd, err = unix.FcntlInt(h, unix.F_DUPFD_CLOEXEC, 3) })
	}
	if e != nil {
		return nil, e
	}
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
