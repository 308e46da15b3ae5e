package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed python/peers.py
var peersScript []byte

// interpreter is a CPython that answered.
type interpreter struct {
	path    string
	version [4]int // major, minor, micro, and 1 for a final release, 0 for one before it
}

func (p interpreter) String() string {
	return fmt.Sprintf("CPython %d.%d.%d (%s)", p.version[0], p.version[1], p.version[2], p.path)
}

// oldestPython is the first version whose standard library has all that the script uses.
var oldestPython = [4]int{3, 8, 0, 0}

// preparePython chooses the interpreter, the given one or the newest to be found, and writes the script into dir.
func preparePython(ctx context.Context, dir, given string) (interpreter, string, error) {
	var py interpreter
	var err error
	if given != "" {
		py, err = askPython(ctx, given)
	} else {
		py, err = newestPython(ctx, pythonCandidates(os.Getenv))
	}
	if err != nil {
		return py, "", err
	}
	if slices.Compare(py.version[:], oldestPython[:]) < 0 {
		return py, "", fmt.Errorf("%v is too old: 3.8 or later is needed", py)
	}
	// A file and not `python -c`: spawned and fork-server children import the program they belong to.
	script := filepath.Join(dir, "peers.py")
	return py, script, os.WriteFile(script, peersScript, 0o600)
}

// pythonCandidates lists what may be a Python 3: python3 and python3.N in the directories of PATH, and all versions that
// pyenv installed. What several names lead to is listed once.
func pythonCandidates(getenv func(string) string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(getenv("PATH")) {
		if filepath.IsAbs(dir) && filepath.Base(dir) != "shims" { // pyenv's own scripts, which lead to what comes below
			dirs = append(dirs, dir)
		}
	}
	root := getenv("PYENV_ROOT")
	if home := getenv("HOME"); root == "" && home != "" {
		root = filepath.Join(home, ".pyenv")
	}
	if root != "" {
		versions, _ := filepath.Glob(filepath.Join(root, "versions", "*", "bin"))
		dirs = append(dirs, versions...)
	}
	var found []string
	seen := map[string]bool{}
	for _, dir := range dirs {
		names, _ := os.ReadDir(dir)
		for _, n := range names {
			if !isPython3(n.Name()) {
				continue
			}
			path := filepath.Join(dir, n.Name())
			if real, err := filepath.EvalSymlinks(path); err == nil && !seen[real] {
				seen[real] = true
				found = append(found, path)
			}
		}
	}
	return found
}

// isPython3 reports whether a file name is that of an interpreter: python3, python3.13, python3.13t; not python3-config.
func isPython3(name string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(name, "python.exe") || strings.EqualFold(name, "python3.exe")
	}
	rest, ok := strings.CutPrefix(name, "python3")
	if !ok || rest == "" {
		return ok
	}
	minor, ok := strings.CutPrefix(rest, ".")
	minor = strings.TrimSuffix(minor, "t") // free-threaded
	return ok && minor != "" && strings.Trim(minor, "0123456789") == ""
}

// newestPython asks all candidates and returns the newest, a final release before any other.
func newestPython(ctx context.Context, candidates []string) (interpreter, error) {
	var best interpreter
	var failures error
	for _, c := range candidates {
		py, err := askPython(ctx, c)
		if err != nil {
			failures = errors.Join(failures, err)
			continue
		}
		if best.path == "" || py.newerThan(best) {
			best = py
		}
	}
	if best.path == "" {
		return best, errors.Join(errors.New("no python3 on PATH or among pyenv's versions"), failures)
	}
	return best, nil
}

func (p interpreter) newerThan(q interpreter) bool {
	if p.version[3] != q.version[3] {
		return p.version[3] > q.version[3]
	}
	return slices.Compare(p.version[:3], q.version[:3]) > 0
}

// askPython runs an interpreter to learn what it is. It answers an error if that is no CPython.
func askPython(ctx context.Context, path string) (interpreter, error) {
	const question = "import sys; v = sys.version_info; " +
		"print(sys.implementation.name, v[0], v[1], v[2], int(v[3] == 'final'))"
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-I", "-S", "-c", question).Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("%s: %w%s", path, err, said(err))
	}
	p := interpreter{path: path}
	var kind string
	if _, err := fmt.Sscan(string(out), &kind, &p.version[0], &p.version[1], &p.version[2], &p.version[3]); err != nil {
		return interpreter{}, fmt.Errorf("%s does not answer as a Python does: %q", path, out)
	}
	if kind != "cpython" {
		return interpreter{}, fmt.Errorf("%s is %s, not CPython", path, kind)
	}
	return p, nil
}
