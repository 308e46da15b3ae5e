package progress

import "golang.org/x/sys/windows"

// terminalWidth asks for the part of the console's buffer that the window shows.
func terminalWidth(fd uintptr) (width int, ok bool) {
	var info windows.ConsoleScreenBufferInfo
	if err := windows.GetConsoleScreenBufferInfo(windows.Handle(fd), &info); err != nil {
		return 0, false
	}
	return int(info.Window.Right) - int(info.Window.Left) + 1, true
}
