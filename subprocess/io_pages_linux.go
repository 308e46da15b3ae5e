package subprocess

import "golang.org/x/sys/unix"

const (
	minPages = 8 << 20
	maxPages = 64 << 20
)

// newPages, a variable for tests, returns memory for output of which nobody knows yet how much it will
// be, or nil. It is the system's, not the collector's: only what is touched
// counts, and in big pages, so that touching it for the first time, which costs
// more than the copying, is done in few steps.
var newPages = func(size int) []byte {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	unix.Madvise(b, unix.MADV_HUGEPAGE)
	return b
}

// freePages gives it back.
func freePages(b []byte) { unix.Munmap(b) }
