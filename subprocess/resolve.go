package subprocess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// resolve finds the program, and says what it gets. Whatever the error, args and
// env are set, and path is the program's name at least: for tests that play a
// program which is not there.
func (l *plan) resolve() error {
	c := l.cmd
	l.args, l.env = c.Args, c.Env
	if err := l.resolveSystem(); err != nil {
		return err
	}
	if runtime.GOOS != "windows" && strings.Contains(l.path, separators) {
		return nil // the system finds out about it, and about Dir, by starting it
	}
	path, err := lookPath(l.path, c.Env, c.Dir, c.asUser())
	if err != nil {
		return err
	}
	l.path = path
	return nil
}

// program is what runs, as it is called.
func (c *Cmd) program() string {
	if c.Executable != "" {
		return c.Executable
	}
	return c.Args[0]
}

// asUser reports whether the program runs as somebody else, whose rights are not
// ours. Then it is the system that says what may be executed.
func (c *Cmd) asUser() bool {
	return c.Unix.User != "" || c.Unix.Group != "" || c.Unix.ExtraGroups != nil
}

// bare is the error inside of a PathError.
func bare(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	return err
}

// A reason is an error of the system in words that help more.
type reason struct {
	text string
	errs []error
}

func (r *reason) Error() string   { return r.text }
func (r *reason) Unwrap() []error { return r.errs }

// because makes one.
func because(text string, errs ...error) error { return &reason{text, errs} }

// isFile says what keeps a file from being run, apart from what is in it.
func isFile(file string, asUser bool) error {
	var denied error
	if !asUser {
		// First, since this says all of most entries of PATH: nothing is there.
		if denied = mayExecute(file); denied != nil && !errors.Is(denied, fs.ErrPermission) {
			return denied
		}
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return bare(err)
	case info.IsDir():
		return because("it is a directory, not a program", syscall.EACCES, syscall.EISDIR)
	case asUser && runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		denied = syscall.EACCES // for whomever
	}
	if denied != nil {
		return because("it may not be executed: "+denied.Error(), denied)
	}
	return nil
}

// from is a name as a program in dir sees it.
func from(dir, name string) string {
	if dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
