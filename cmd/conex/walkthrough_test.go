package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/leak"
)

// block returns the fenced block of README.md's walk-through that begins with a
// line.
func block(t *testing.T, first string) string {
	t.Helper()
	_, s, ok := strings.Cut(readFile(t, "../../README.md"), "\n"+first)
	text, _, closed := strings.Cut(s, "```")
	if !ok || !closed {
		t.Fatalf("README.md has no block that begins with %q", first)
	}
	return first + text
}

// TestWalkthrough runs what the README tells to type: the manager, the worker in
// Go, and the program in Python, which prints what the README says. Only the
// port is another one.
func TestWalkthrough(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := block(t, "go run ./cmd/conex manager")
	python := block(t, "import multiprocessing\n")
	if python != readFile(t, "../../examples/manager/put.py") {
		t.Error("put.py is not what README.md shows")
	}
	worker := readFile(t, "../../examples/manager/main.go")
	for line := range strings.Lines(block(t, "m, err := managers.Connect")) {
		line = strings.TrimSpace(line)
		if !strings.Contains(worker, line) && line != "…" {
			t.Errorf("examples/manager does not have %q, which README.md shows", line)
		}
	}
	want := strings.TrimPrefix(block(t, "TEA\n"), "```\n")

	dir := t.TempDir()
	t.Chdir(dir)
	args := strings.Fields(strings.TrimPrefix(command, "go run ./cmd/conex manager"))
	s := serveManager(t, append([]string{"-address", "127.0.0.1:0"}, args...)...)
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "worker")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/conexgo/conex/examples/manager")
	build.Dir = moduleRoot
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var workers bytes.Buffer
	w := exec.CommandContext(ctx, bin, "-address", s.address)
	w.Stdout, w.Stderr = &workers, &workers
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	pythons := cpython.NeedAny(t, 8)
	for _, p := range pythons {
		cmd := exec.CommandContext(ctx, p, "-c", strings.Replace(python, "50000", port, 1))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s%s, not\n%s", p, err, out, &errs, want)
		}
	}
	w.Process.Signal(os.Interrupt)
	w.Wait()
	if got := strings.Count(workers.String(), "got "); got != 2*len(pythons) {
		t.Errorf("the worker says:\n%s", &workers)
	}
}

// TestPrinted runs the lines that conex manager prints, with each way to
// listen.
func TestPrinted(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	t.Setenv(keyVar, "the key, with a \" in it")
	for _, address := range []string{"127.0.0.1:0", filepath.Join(dir, "socket"), "@conex-" + filepath.Base(dir)} {
		for _, key := range [][]string{{"-authkey-file", filepath.Join(dir, "the key")}, nil} {
			s := serveManager(t, append(key, "-address", address, "-share", "dict:state", "-share", "list:log")...)
			_, text, _ := strings.Cut(s.out.String(), "In Python:\n\n")
			text, goText, _ := strings.Cut(text, "\nIn Go:\n")
			text = regexp.MustCompile(`(?m)^    `).ReplaceAllString(text, "")
			text += "state['x'] = 1\nm.log().append(state)\nprint(m.log()[0])\n"
			for _, p := range cpython.NeedAny(t, 8) {
				out, err := exec.CommandContext(ctx, p, "-c", text).CombinedOutput()
				if err != nil || string(out) != "{'x': 1}\n" {
					t.Errorf("%s at %s: %v: %s", p, address, err, out)
				}
			}
			if !strings.Contains(goText, `p, err := m.Create(ctx, "state")`) || !strings.Contains(goText, "managers.DictOf") {
				t.Errorf("for Go: %s", goText)
			}
			s.end(t)
		}
	}
}

// moduleRoot is found before a test changes the directory.
var moduleRoot = func() string {
	dir, _ := os.Getwd()
	return filepath.Dir(filepath.Dir(dir))
}()
