package subprocess

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
)

// own is the directory of our descriptors, which stays open: to open it takes
// longer than to read it. The lock is for its position.
var own struct {
	sync.Mutex
	fd int // 0: not opened yet; negative: it cannot be
}

// leaks appends the descriptors above 2 to found that a program which is
// started now would inherit without having been meant to: those that are not
// close-on-exec. It takes half a microsecond for each that is open.
func leaks(found []int) []int {
	own.Lock()
	defer own.Unlock()
	if own.fd == 0 {
		var err error
		if own.fd, err = unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			own.fd = -1
		}
	}
	if _, err := unix.Seek(own.fd, 0, unix.SEEK_SET); err != nil {
		return leaksByNumber(found)
	}
	var buf [2048]byte
	for {
		n, err := unix.Getdents(own.fd, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return found
		}
		for b := buf[:n]; len(b) > dirName; {
			size := int(binary.NativeEndian.Uint16(b[dirSize:]))
			if size <= dirName || size > len(b) {
				return found
			}
			if fd, ok := number(b[dirName:size]); ok && leaking(fd) {
				found = append(found, fd)
			}
			b = b[size:]
		}
	}
}

// Where the length and the name are in the kernel's struct linux_dirent64.
const (
	dirSize = 16
	dirName = 19
)

// number reads a decimal number that ends with a zero byte.
func number(b []byte) (n int, ok bool) {
	for _, c := range b {
		switch {
		case c == 0:
			return n, ok
		case c < '0' || c > '9':
			return 0, false
		}
		n, ok = 10*n+int(c-'0'), true
	}
	return 0, false
}
