package subprocess

import (
	"cmp"
	"runtime"
)

// Shell returns a Cmd that has the system's shell run a command: Python's
// shell=True. Whatever is in the command is interpreted, so nothing may be in it
// that comes from elsewhere, unless it has gone through [Quote]; most often
// [Command] is the better choice, which needs no quoting at all.
//
// On Unix it is "/bin/sh -c command"; the arguments become $0, $1 and so on, which
// is the safe way to hand data to a command:
//
//	subprocess.Shell(`grep -c "$1" *.log`, "sh", pattern)
//
// On Windows it is "%COMSPEC% /c" with the command in quotes, without a window.
// There are no such arguments; having some is an error.
//
// Cmd.Executable, if set, is another shell. That a command is not there, or may
// not be executed, is for the shell to say: with the code 127 or 126, and in words
// on standard error.
func Shell(command string, args ...string) Cmd {
	return Cmd{Args: append([]string{command}, args...), shell: true}
}

// shellFlag is what comes before the command.
const shellFlag = "-c"

// shellArgs are the shell and what it gets. On Windows there is a command line
// instead: see shellLine.
func (c *Cmd) shellArgs() []string {
	return append([]string{cmp.Or(c.Executable, defaultShell), shellFlag}, c.Args...)
}

// defaultShell is the shell of Unix.
var defaultShell = func() string {
	switch runtime.GOOS {
	case "windows":
		return ""
	case "android":
		return "/system/bin/sh"
	}
	return "/bin/sh"
}()

// shellLine is the command line for a shell of Windows. By /s the outer quotes are
// taken off, whatever is between them, and the command is as it was written.
func shellLine(shell, command string) string { return quoteWindows(shell) + ` /s /c "` + command + `"` }
