//go:build !unix && !windows

package progress

// terminalWidth knows no terminals on this system.
func terminalWidth(uintptr) (width int, ok bool) { return 0, false }
