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
