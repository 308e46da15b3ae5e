//go:build unix

package socket

import (
	"os"
	"syscall"
)

// setNonblock takes back what Fd does to a socket.
func setNonblock(f *os.File) { syscall.SetNonblock(int(f.Fd()), true) }
