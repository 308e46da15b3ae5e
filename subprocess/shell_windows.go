package subprocess

import (
	"errors"
	"os"
)

// errNoShell is for a Windows without the two variables that say where it is.
var errNoShell = errors.New("neither COMSPEC nor SystemRoot says where cmd.exe is")

// comspec is the shell of Windows. A COMSPEC that is not absolute would be looked
// for in the current directory first.
func comspec() (string, error) {
	if shell := os.Getenv("COMSPEC"); absoluteWindows(shell) {
		return shell, nil
	}
	if root := os.Getenv("SystemRoot"); absoluteWindows(root) {
		return root + `\System32\cmd.exe`, nil
	}
	return "", errNoShell
}

// absoluteWindows reports whether a name is like C:\name or \\server\name.
func absoluteWindows(name string) bool {
	slash := func(b byte) bool { return b == '\\' || b == '/' }
	return len(name) > 2 && (slash(name[0]) && slash(name[1]) || name[1] == ':' && slash(name[2]))
}
