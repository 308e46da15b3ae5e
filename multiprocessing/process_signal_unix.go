//go:build unix

package multiprocessing

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName is the name that Python shows: SIGTERM, or signal 99.
func signalName(n int) string {
	if s := unix.SignalName(syscall.Signal(n)); s != "" {
		return s
	}
	return "signal " + strconv.Itoa(n)
}
