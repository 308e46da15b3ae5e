package subprocess

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// LookPath returns the file that [Start] would run for the name of a program, an
// environment and a directory, as in a Cmd: Python's shutil.which, as far as it
// goes. A nil env is ours, an empty dir the current directory.
//
// On Unix a name with a slash in it is a file, relative to dir; the result is
// relative if it is. Any other name is looked for in the directories of env's
// PATH, and of /bin and /usr/bin if it has none; what is there but may not be
// executed is passed over. On Windows backslashes and colons are as slashes, and
// a name without an extension gets those of PATHEXT in turn.
//
// Nothing is ever taken from the current directory that was not asked for by a
// name with a slash: entries of PATH that are empty, "." or otherwise relative
// are not searched, on Windows not even first of all. If the program is in one
// of them, the error matches exec.ErrDot.
//
// Errors are *fs.PathErrors: with fs.ErrNotExist if there is nothing of that
// name, with fs.ErrPermission if it is a directory or may not be executed.
func LookPath(name string, env []string, dir string) (string, error) {
	return lookPath(name, env, dir, false)
}

func lookPath(name string, env []string, dir string, asUser bool) (string, error) {
	fail := func(err error) (string, error) {
		return "", &fs.PathError{Op: "find program", Path: name, Err: err}
	}
	switch {
	case name == "":
		return fail(because("the name is empty", syscall.ENOENT))
	case strings.IndexByte(name, 0) >= 0:
		return fail(because("there is a NUL in the name", syscall.EINVAL, fs.ErrInvalid))
	case name == "." || name == "..":
		return fail(because("it is a directory, not a program", syscall.EACCES, syscall.EISDIR))
	}
	exts := extensions(env)
	if strings.ContainsAny(name, separators) {
		path, err := findFile(name, dir, exts, asUser)
		if err != nil {
			return fail(err)
		}
		return path, nil
	}

	path, set := lookupEnv(env, "PATH")
	if !set {
		path = defaultPath
	}
	var refused error  // the first file that is there, but not to be run
	var passed *string // the first relative entry that has the program
	for _, entry := range filepath.SplitList(path) {
		file, err := findFile(filepath.Join(entry, name), dir, exts, asUser)
		if !filepath.IsAbs(entry) {
			if err == nil && passed == nil {
				passed = &entry
			}
			continue
		}
		switch {
		case err == nil:
			return file, nil
		case refused == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			refused = &fs.PathError{Op: "find program", Path: filepath.Join(entry, name), Err: err}
		}
	}
	switch {
	case refused != nil:
		return "", refused
	case passed != nil:
		return fail(because(`it is only in "`+*passed+`", a relative entry of PATH, and these are not searched: say .`+
			string(filepath.Separator)+filepath.Join(*passed, name)+" if you mean that one", exec.ErrDot, syscall.ENOENT))
	case path == "":
		return fail(because("PATH is empty, so only names with a directory are found", syscall.ENOENT))
	}
	return fail(because("not in any directory of PATH, which is "+shorten(path), syscall.ENOENT))
}

// findFile is the file of that name: the name itself or, on Windows, with one of
// the extensions. dir is what it is relative to.
func findFile(name, dir string, exts []string, asUser bool) (string, error) {
	file := from(dir, name)
	if runtime.GOOS != "windows" {
		return name, isFile(file, asUser)
	}
	return findExtension(file, exts)
}

// lookupEnv is the value of a variable: the last one.
func lookupEnv(env []string, name string) (value string, set bool) {
	if env == nil {
		return os.LookupEnv(name)
	}
	for _, entry := range env {
		n, v, _ := strings.Cut(entry, "=")
		if n == name || runtime.GOOS == "windows" && strings.EqualFold(n, name) {
			value, set = v, true
		}
	}
	return value, set
}
