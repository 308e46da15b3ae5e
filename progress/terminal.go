package progress

import (
	"io"
	"syscall"
)

// terminal reports whether w is a terminal, and its width if it tells; one that
// does not has width 0. It does not change the state of the file, as the Fd
// method of an *os.File may.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(syscall.Conn)
	if !isFile {
		return 0, false
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { width, ok = terminalWidth(fd) })
	if err != nil {
		return 0, false
	}
	return width, ok
}
