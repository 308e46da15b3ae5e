package multiprocessing

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// umask returns the process's umask, -1 if the system does not say: to set it,
// which is the only call there is, would change it for the other threads.
func umask() int {
	fd, err := unix.Open("/proc/self/status", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	defer unix.Close(fd)
	var buf [256]byte // it is in the second line
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return -1
	}
	_, rest, ok := bytes.Cut(buf[:n], []byte("\nUmask:\t"))
	value, _, full := bytes.Cut(rest, []byte("\n"))
	mask, err := strconv.ParseUint(string(value), 8, 12)
	if !ok || !full || err != nil {
		return -1
	}
	return int(mask)
}
