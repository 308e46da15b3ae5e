//go:build unix

package subprocess

import (
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// failedField says which field of the Cmd the number is about, or returns nil.
func (l *plan) failedField(number syscall.Errno) error {
	u := &l.cmd.Unix
	switch number {
	case syscall.E2BIG:
		return l.tooBig()
	case syscall.EPERM:
		switch {
		case u.User != "":
			return bad("Unix.User", "%s: it takes privileges to become another user: %w", u.User, number)
		case u.Group != "":
			return bad("Unix.Group", "%s: it takes privileges to become of another group: %w", u.Group, number)
		case u.ExtraGroups != nil:
			return bad("Unix.ExtraGroups", "it takes privileges to have others: %w", number)
		case u.ProcessGroup != nil:
			return bad("Unix.ProcessGroup", "%d: no group of this session: %w", *u.ProcessGroup, number)
		}
	case syscall.ESRCH:
		if u.ProcessGroup != nil {
			return bad("Unix.ProcessGroup", "%d: no group of this session: %w", *u.ProcessGroup, number)
		}
	}
	return nil
}

// tooBig says what is too long: an argument, or all of them with the
// environment.
func (l *plan) tooBig() error {
	env := l.env
	if env == nil {
		env = os.Environ()
	}
	one := 32 * os.Getpagesize() // Linux; the others have no such limit
	args, vars := 0, 0
	for i, s := range l.args {
		if args += len(s) + 1; runtime.GOOS == "linux" && len(s) >= one {
			return bad("Args["+strconv.Itoa(i)+"]", "%d bytes: the system takes less than %d for one argument: pass it by Input or a file: %w", len(s), one, syscall.E2BIG)
		}
	}
	for i, s := range env {
		if vars += len(s) + 1; runtime.GOOS == "linux" && len(s) >= one {
			return bad("Env["+strconv.Itoa(i)+"]", "%d bytes: the system takes less than %d for one variable: %w", len(s), one, syscall.E2BIG)
		}
	}
	field := "Args"
	if vars > args {
		field = "Env"
	}
	return bad(field, "%d bytes of arguments and %d of environment, with 8 for each of them: more than the system takes%s: %w",
		args, vars, argLimit(), syscall.E2BIG)
}

// argLimit says how much the system takes: on Linux a quarter of the stack's
// limit, and no more than 6 MiB.
func argLimit() string {
	var r unix.Rlimit
	if runtime.GOOS != "linux" || unix.Getrlimit(unix.RLIMIT_STACK, &r) != nil {
		return ""
	}
	return " (" + strconv.FormatUint(max(128<<10, min(uint64(r.Cur)/4, 6<<20)), 10) + ")"
}

// closedDir says that the directory may not be entered, if so.
func (l *plan) closedDir(wrong func(error) error) error {
	if l.cmd.Unix.User != "" || l.cmd.Unix.Group != "" {
		return nil // another one's rights count
	}
	if err := unix.Access(l.cmd.Dir, unix.X_OK); err != nil {
		return wrong(err)
	}
	return nil
}

// notExecutable says whether a file is there that we may not run.
func notExecutable(file string) bool { return unix.Access(file, unix.X_OK) == unix.EACCES }

// isTerminal says whether a descriptor is of a terminal.
func isTerminal(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), ioctlGetTermios)
	return err == nil
}
