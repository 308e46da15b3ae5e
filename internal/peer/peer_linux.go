package peer

import (
	"bytes"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// stat reads when a process was started, in clock ticks since the system's
// own start, and its state. It fails when there is no such process, or no
// /proc.
func stat(pid int) (start uint32, state byte, ok bool) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, false
	}
	defer unix.Close(fd)
	var buf [1024]byte
	n, err := unix.Read(fd, buf[:])
	if err != nil || n <= 0 {
		return 0, 0, false
	}
	// The name is in parentheses and may hold anything, parentheses too.
	i := bytes.LastIndexByte(buf[:n], ')')
	if i < 0 {
		return 0, 0, false
	}
	fields := bytes.Fields(buf[i+1 : n]) // from the third field on
	if len(fields) < 20 || len(fields[0]) != 1 {
		return 0, 0, false
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64) // the 22nd
	if err != nil {
		return 0, 0, false
	}
	return uint32(ticks), fields[0][0], true
}

// noPidfd makes the package behave as on a kernel without process descriptors,
// or in a container that refuses them. Tests set it.
var noPidfd = false

func alive(id ID) bool {
	pid := id.PID()
	fd, err := -1, error(unix.ENOSYS)
	if !noPidfd {
		fd, err = unix.PidfdOpen(pid, 0)
	}
	if err == nil {
		defer unix.Close(fd)
	}
	start, state, ok := stat(pid)
	switch {
	case ok && start != id.Start():
		return false // somebody else has the number now
	case err == nil:
		// The number was the process's own after its descriptor was opened, or
		// there is no /proc to tell. The descriptor becomes readable when the
		// last thread has ended.
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for {
			n, err := unix.Poll(p, 0)
			if err != unix.EINTR {
				return err != nil || n == 0
			}
		}
	case err == unix.ESRCH:
		return false
	case ok:
		if state != 'Z' && state != 'X' {
			return true
		}
		// Its first thread is gone. Others may still be on their way out, for
		// an instant, on another core.
		time.Sleep(time.Millisecond)
		return false
	}
	return unix.Kill(pid, 0) != unix.ESRCH
}
