package subprocess

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// failed says what the system did not like about a start: it gives a number
// only, and that may mean the program, the directory, or the interpreter.
func (l *plan) failed(err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		var path *fs.PathError
		if errors.As(err, &path) {
			return path
		}
		return err
	}
	if err := l.failedDir(); err != nil {
		return err
	}
	if err := l.failedField(number); err != nil {
		return err
	}
	program := l.program()
	told := func(format string) error {
		return &fs.PathError{Op: "start", Path: l.path, Err: fmt.Errorf(format, number)}
	}
	switch {
	case errors.Is(number, fs.ErrNotExist):
		if _, err := os.Stat(program); err != nil {
			break
		}
		if name := interpreter(program); name != "" {
			return &fs.PathError{Op: "start " + l.path + ", a script for", Path: name, Err: number}
		}
		return told("the file is there, but not the loader that it names: %w")
	case errors.Is(number, fs.ErrPermission):
		if st, err := os.Stat(program); err == nil && st.IsDir() {
			return told("is a directory: %w")
		}
		if name := interpreter(program); name != "" && notExecutable(name) {
			return &fs.PathError{Op: "start " + l.path + ", a script for", Path: name, Err: number}
		}
	case number == syscall.ENOEXEC && runtime.GOOS != "windows":
		return told("neither a program for this machine nor a script that begins with #!: %w")
	}
	return &fs.PathError{Op: "start", Path: l.path, Err: number}
}

// failedDir says what is wrong with the directory, if that was it: it is entered
// before the program starts, and has the same errors.
func (l *plan) failedDir() error {
	dir := l.cmd.Dir
	if dir == "" {
		return nil
	}
	wrong := func(err error) error { return &fs.PathError{Op: "chdir", Path: dir, Err: err} }
	st, err := os.Stat(dir)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return wrong(path.Err)
	case err != nil:
		return wrong(err)
	case !st.IsDir():
		return wrong(syscall.ENOTDIR)
	}
	return l.closedDir(wrong)
}

// program is the program's name as we can look at it.
func (l *plan) program() string {
	if filepath.IsAbs(l.path) || l.cmd.Dir == "" {
		return l.path
	}
	return filepath.Join(l.cmd.Dir, l.path)
}

// interpreter returns the program that the first line of a script names, or "".
func interpreter(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	var b [256]byte // Linux reads no more either
	n, _ := f.Read(b[:])
	line, _, _ := strings.Cut(string(b[:n]), "\n")
	line, ok := strings.CutPrefix(line, "#!")
	if !ok {
		return ""
	}
	// A "\r" at its end belongs to the name, and often is the reason.
	name, _, _ := strings.Cut(strings.Trim(line, " \t"), " ")
	name, _, _ = strings.Cut(name, "\t")
	return name
}
