package multiprocessing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// posixDir is where glibc has named semaphores, with the beginning of their
// files' names.
const posixDir = "/dev/shm/sem."

func posixSupported() error {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return fmt.Errorf("%w: named semaphores of 32-bit programs (%s) have another layout: %w", ErrProcess, runtime.GOARCH, errors.ErrUnsupported)
	}
	return nil
}

// creatable refuses to make what the programs of this system would not
// understand: where there is musl and no glibc.
func creatable() error {
	musl, _ := filepath.Glob("/lib/ld-musl-*")
	if len(musl) == 0 {
		return nil
	}
	for _, pattern := range []string{"/lib*/ld-linux*", "/lib*/ld64.so*", "/lib*/*/libc.so.6"} {
		if glibc, _ := filepath.Glob(pattern); len(glibc) > 0 {
			return nil
		}
	}
	return fmt.Errorf("the C library of this system is musl, whose semaphores have another layout: %w", errors.ErrUnsupported)
}

// createPosix makes the file without a name, and then gives it the name: nobody
// sees it half made, and a process that is killed leaves nothing behind.
func createPosix(name, file string, value uint32) (*namedSem, error) {
	if err := creatable(); err != nil {
		return nil, err
	}
	dir := filepath.Dir(file)
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	// The memory is taken here, so that a full file system is an error and not
	// a fault later.
	if _, err := unix.Write(fd, make([]byte, posixSize)); err != nil {
		return nil, &os.PathError{Op: "write", Path: file, Err: err}
	}
	mem, err := mapPosix(fd, file)
	if err != nil {
		return nil, err
	}
	s := owned(newNamedSem(name, file, (*posixSem)(unsafe.Pointer(&mem[0]))), mem)
	s.mem.data.Store(uint64(value))
	s.mem.private = posixShared
	err = unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(fd), unix.AT_FDCWD, file, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return nil, &os.LinkError{Op: "link", Old: dir, New: file, Err: err}
	}
	return s, nil
}

// openPosix opens a file and looks whether it is what this package knows.
// Semaphores of musl and of 32-bit programs are not.
func openPosix(name, file string) (*namedSem, error) {
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: file, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, &os.PathError{Op: "stat", Path: file, Err: err}
	}
	if st.Size != posixSize || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%s is a file of %d bytes, not a semaphore of 64-bit glibc: %w", file, st.Size, errors.ErrUnsupported)
	}
	mem, err := mapPosix(fd, file)
	if err != nil {
		return nil, err
	}
	s := owned(newNamedSem(name, file, (*posixSem)(unsafe.Pointer(&mem[0]))), mem)
	switch {
	case s.mem.private != posixShared:
		return nil, fmt.Errorf("%s has another layout than a semaphore of 64-bit glibc: %w", file, errors.ErrUnsupported)
	case s.low.Load() > maxPermits:
		return nil, fmt.Errorf("%s: %w", file, ErrCorrupt)
	}
	return s, nil
}

func mapPosix(fd int, file string) ([]byte, error) {
	mem, err := unix.Mmap(fd, 0, posixSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: file, Err: err}
	}
	return mem, nil
}

// owned has mem unmapped when nothing refers to s any more.
func owned(s *namedSem, mem []byte) *namedSem {
	runtime.AddCleanup(s, func(mem []byte) { unix.Munmap(mem) }, mem)
	return s
}

func unlinkPosix(file string) error { return os.Remove(file) }
