package subprocess

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// growAfter is how much comes through a pipe before it is made a big one.
	growAfter = 128 << 10
	// bigPipe is what a big pipe holds.
	bigPipe = 1 << 20
	// allowance is what all our big pipes hold together: half of what the system
	// lets a user have by default, since beyond that every new pipe of this
	// user's programs gets a page or two.
	allowance = 32 << 20
)

// bigPipes is how much of the allowance is in use.
var bigPipes atomic.Int64

// growPipe makes a pipe that is used here a big one, and returns what that takes
// of the allowance: 0 if it stays as it is.
func growPipe(f *os.File) int64 {
	if bigPipes.Add(bigPipe) > allowance {
		bigPipes.Add(-bigPipe)
		return 0
	}
	if !setPipeSize(f, bigPipe) {
		bigPipes.Add(-bigPipe)
		return 0
	}
	return bigPipe
}

// shrinkPipe gives back what growPipe took.
func shrinkPipe(taken int64) { bigPipes.Add(-taken) }

// maxPipe is the most that a pipe may hold.
var maxPipe = sync.OnceValue(func() int {
	b, err := os.ReadFile("/proc/sys/fs/pipe-max-size")
	if err != nil {
		return bigPipe
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return bigPipe
	}
	return n
})

// setPipeSize makes a pipe hold size bytes, or as much as it may. It reports
// whether the system did anything.
func setPipeSize(f *os.File, size int) bool {
	size = min(size, maxPipe())
	for ; size > 0; size /= 2 {
		var err error
		control(f, func(fd uintptr) {
			_, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size)
		})
		if err == nil {
			return true
		}
		if !errors.Is(err, unix.EPERM) || size <= 64<<10 {
			return false // EPERM: this user's pipes hold too much together
		}
	}
	return false
}

// pipeSize is what a pipe or a terminal holds at most.
func pipeSize(f *os.File) int {
	size := bigPipe
	control(f, func(fd uintptr) {
		if n, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0); err == nil {
			size = n
		}
	})
	return size
}
