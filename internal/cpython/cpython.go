// Package cpython finds interpreters for tests that have one at the other end.
package cpython

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Some returns those that pyenv has installed, from 3.8 on: the oldest and the
// newest, or all with CONEX_STRESS. It is empty if there are none.
func Some() []string {
	all := Versions(8, 99)
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

// Versions returns those from 3.first to 3.last, in order.
func Versions(first, last int) []string {
	found, _ := filepath.Glob(filepath.Join(root(), "versions", "3.*", "bin", "python3"))
	found = slices.DeleteFunc(found, func(path string) bool { return minor(path) < first || minor(path) > last })
	slices.SortStableFunc(found, func(a, b string) int { return minor(a) - minor(b) })
	return found
}

// Name returns the version of an interpreter by its path, as "3.13.0".
func Name(path string) string { return filepath.Base(filepath.Dir(filepath.Dir(path))) }

func minor(path string) (n int) {
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
