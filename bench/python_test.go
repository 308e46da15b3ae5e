//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakePython writes a program that answers as a Python of the given version does: "cpython 3 13 0 1".
func fakePython(t *testing.T, path, answer string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(fmt.Sprintf("#!/bin/sh\necho '%s'\n", answer)), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPythonCandidates(t *testing.T) {
	dir := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	first := fakePython(t, at("a", "python3"), "cpython 3 9 1 1")
	second := fakePython(t, at("b", "python3.12"), "cpython 3 12 0 1")
	third := fakePython(t, at("home", ".pyenv", "versions", "3.13.0", "bin", "python3.13"), "cpython 3 13 0 1")
	fourth := fakePython(t, at("other", "versions", "3.8.1", "bin", "python3"), "cpython 3 8 1 1")
	fakePython(t, at("a", "python3-config"), "")
	fakePython(t, at("a", "python"), "")
	fakePython(t, at("shims", "python3"), "")
	if err := os.Symlink(second, at("b", "python3")); err != nil { // the same one under another name
		t.Fatal(err)
	}
	env := func(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }
	path := strings.Join([]string{at("a"), at("shims"), at("none"), "relative", at("b")}, string(os.PathListSeparator))
	for name, c := range map[string]struct {
		vars map[string]string
		want []string
	}{
		"path only":          {map[string]string{"PATH": path}, []string{first, at("b", "python3")}},
		"pyenv below home":   {map[string]string{"PATH": at("a"), "HOME": at("home")}, []string{first, third}},
		"pyenv by its root":  {map[string]string{"HOME": at("home"), "PYENV_ROOT": at("other")}, []string{fourth}},
		"nothing to look in": {nil, nil},
	} {
		if got := pythonCandidates(env(c.vars)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestNewestPython(t *testing.T) {
	dir := t.TempDir()
	make := func(name, answer string) string { return fakePython(t, filepath.Join(dir, name), answer) }
	old, newer := make("old", "cpython 3 9 18 1"), make("newer", "cpython 3 13 0 1")
	early, pypy := make("early", "cpython 3 14 0 0"), make("pypy", "pypy 3 99 0 1")
	broken := make("broken", "command not found")
	for name, c := range map[string]struct {
		given []string
		want  string
	}{
		"by number, not by letter":            {[]string{newer, old}, newer},
		"final before early":                  {[]string{old, early, newer}, newer},
		"early if there is no other":          {[]string{early}, early},
		"others and broken ones do not count": {[]string{broken, pypy, old, filepath.Join(dir, "absent")}, old},
		"none":                                {[]string{broken, pypy}, ""},
	} {
		got, err := newestPython(context.Background(), c.given)
		if got.path != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %v, %v; want %s", name, got, err, c.want)
		}
	}
}

func TestPreparePython(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	good := fakePython(t, filepath.Join(dir, "good"), "cpython 3 11 2 1")
	py, script, err := preparePython(ctx, dir, good)
	if err != nil || py.path != good || py.version != [4]int{3, 11, 2, 1} {
		t.Fatalf("%v, %v; want %s", py, err, good)
	}
	if text, err := os.ReadFile(script); err != nil || !strings.Contains(string(text), "PARTIES") {
		t.Errorf("the script was not written: %v", err)
	}
	if _, _, err := preparePython(ctx, dir, fakePython(t, filepath.Join(dir, "old"), "cpython 3 7 17 1")); err == nil ||
		!strings.Contains(err.Error(), "too old") {
		t.Errorf("3.7: %v, want it refused", err)
	}
	if _, _, err := preparePython(ctx, dir, filepath.Join(dir, "absent")); err == nil {
		t.Error("no error for an interpreter that is not there")
	}
}

func TestIsPython3(t *testing.T) {
	for name, want := range map[string]bool{"python3": true, "python3.13": true, "python3.13t": true, "python": false,
		"python2.7": false, "python3.": false, "python3-config": false, "python3.11-config": false, "python3.t": false} {
		if got := isPython3(name); got != want {
			t.Errorf("isPython3(%q) = %v", name, got)
		}
	}
}
