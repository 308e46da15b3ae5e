//go:build unix

package progress

import "golang.org/x/sys/unix"

// terminalWidth asks for the window size: only terminals have one.
func terminalWidth(fd uintptr) (width int, ok bool) {
	size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
	if err != nil {
		return 0, false
	}
	return int(size.Col), true
}
