// Package cpython finds interpreters for tests that have one at the other end.
package cpython

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Some returns those that pyenv has installed, from 3.8 on: the oldest and the
// newest, or all with CONEX_STRESS. It is empty if there are none.
func Some() []string { return someFrom(8) }

func someFrom(first int) []string {
	all := Versions(first, 99)
	if n := len(all); n > 2 && os.Getenv("CONEX_STRESS") == "" {
		return []string{all[0], all[n-1]}
	}
	return all
}

// Need is Some for a test that makes no sense without: it is skipped then.
func Need(t testing.TB) []string {
	t.Helper()
	some := Some()
	if len(some) == 0 {
		t.Skipf("no CPython from 3.8 on in %s/versions", root())
	}
	return some
}

// NeedAny is Need for a test that works with any from 3.first on, and need not
// know which: if pyenv has none, it gets the python3 of the PATH.
func NeedAny(t testing.TB, first int) []string {
	t.Helper()
	if some := someFrom(first); len(some) > 0 {
		return some
	}
	// A shim is in the PATH even if there is nothing behind it: it is asked.
	check := fmt.Sprintf("import sys; assert sys.version_info >= (3, %d); print(sys.executable)", first)
	out, err := exec.Command("python3", "-c", check).Output()
	if err != nil {
		t.Skipf("no CPython from 3.%d on in %s/versions or the PATH", first, root())
	}
	return []string{strings.TrimSpace(string(out))}
}

// Versions returns those of pyenv from 3.first to 3.last, in order.
func Versions(first, last int) []string {
	found, _ := filepath.Glob(filepath.Join(root(), "versions", "3.*", "bin", "python3"))
	found = slices.DeleteFunc(found, func(path string) bool { return Minor(path) < first || Minor(path) > last })
	slices.SortStableFunc(found, func(a, b string) int { return Minor(a) - Minor(b) })
	return found
}

// Name returns the version of one of pyenv's interpreters by its path, as
// "3.13.0".
func Name(path string) string { return filepath.Base(filepath.Dir(filepath.Dir(path))) }

// Minor returns the 13 of 3.13.0.
func Minor(path string) (n int) {
	fmt.Sscanf(Name(path), "3.%d", &n)
	return n
}

// root is where pyenv has its versions.
func root() string {
	if root := os.Getenv("PYENV_ROOT"); root != "" {
		return root
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".pyenv")
}
