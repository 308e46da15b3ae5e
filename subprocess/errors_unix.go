//go:build unix

package subprocess

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName is "SIGKILL" for 9, and "" for a number without a name.
func signalName(n int) string { return unix.SignalName(syscall.Signal(n)) }
