package subprocess

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// separators make a name one of a file.
	separators = `/\:`
	// defaultPath is none: Windows always has a PATH.
	defaultPath = ""
)

// mayExecute is for the system to say.
func mayExecute(string) error { return nil }

// extensions are those of programs, in the order in which they are tried.
func extensions(env []string) []string {
	list, _ := lookupEnv(env, "PATHEXT")
	if list == "" {
		list = ".com;.exe;.bat;.cmd"
	}
	var exts []string
	for ext := range strings.SplitSeq(strings.ToLower(list), ";") {
		if ext = strings.TrimSpace(ext); ext != "" {
			exts = append(exts, "."+strings.TrimPrefix(ext, "."))
		}
	}
	return exts
}

// findExtension is file, if it has an extension and is there, or else file with
// the first of the extensions with which it is there.
func findExtension(file string, exts []string) (string, error) {
	absent := error(syscall.ENOENT)
	if filepath.Ext(file) != "" {
		if absent = isFile(file, true); absent == nil {
			return filepath.Abs(file)
		}
	}
	for _, ext := range exts {
		if isFile(file+ext, true) == nil {
			return filepath.Abs(file + ext)
		}
	}
	if err := isFile(file, true); errors.Is(err, syscall.EISDIR) {
		return "", err
	}
	return "", absent
}

// resolveSystem finds the program of a Cmd of Shell. What other programs get is
// said by [plan.commandLine].
func (l *plan) resolveSystem() error {
	if l.path = l.cmd.program(); !l.cmd.shell {
		return nil
	}
	l.path = l.cmd.Executable
	if l.path == "" {
		shell, err := comspec()
		if err != nil {
			return &fs.PathError{Op: "find program", Path: "cmd.exe", Err: because(err.Error(), syscall.ENOENT)}
		}
		l.path = shell
	}
	l.args = []string{shellLine(l.path, l.cmd.Args[0])} // for hooks
	return nil
}
