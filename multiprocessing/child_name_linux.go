package multiprocessing

import (
	"os"

	"golang.org/x/sys/unix"
)

// nameProcess sets what ps and top show. It does not matter if that fails. It
// does not use package os, which would set up the runtime's poller, and most
// children have no need of that.
func nameProcess(name string) {
	fd, err := unix.Open("/proc/self/comm", os.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	unix.Write(fd, []byte(name))
	unix.Close(fd)
}
