//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/conexgo/conex/subprocess"
)

// The files ported_*_test.go answer the cases of CPython's test_subprocess.py that no other test does; testdata/PORTED.md
// has the list. What Python does there with itself, sh does here, and where a program must itself run programs, or lose
// its standard streams, the test binary does it in a process of its own: a role.

// Who runs as a role finds its name, and where to write what came of it, in the environment.
const (
	portedRole = "CONEX_PORTED_ROLE"
	portedOut  = "CONEX_PORTED_OUT"
)

// TestPortedRole plays the role that the environment names; in a test run it has nothing to do.
func TestPortedRole(t *testing.T) {
	name, args, _ := strings.Cut(os.Getenv(portedRole), ":")
	play := portedRoles[name]
	if play == nil {
		return
	}
	out := os.Getenv(portedOut)
	os.Unsetenv(portedRole)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	said, err := play(ctx, args)
	if err != nil {
		said += fmt.Sprintf("error: %v", err)
	}
	if err := os.WriteFile(out, []byte(said), 0o600); err != nil {
		os.Exit(3)
	}
	os.Exit(0)
}

// asRole plays a role in a process of its own and returns what that printed, and what it said.
func asRole(t *testing.T, name, input string) (c Completed, said string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "said")
	c, err = Run(soon(t), Cmd{
		Args: []string{exe, "-test.run=^TestPortedRole$"},
		Env: append(os.Environ(), portedRole+"="+name, portedOut+"="+out,
			"GORACE=atexit_sleep_ms=0"), // the race detector's second at the end
		Input:   []byte(input),
		Capture: true,
	})
	if err != nil || c.Code != 0 {
		t.Fatalf("%s: code %d, %v, %s%s", name, c.Code, err, c.Stdout, c.Stderr)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(b)
}

// soon is a context for what takes no time: it ends before the test would hang.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// sh is a script with arguments, without any of Shell's help.
func shCmd(script string, args ...string) Cmd {
	return Command("sh", append([]string{"-c", script, "sh"}, args...)...)
}

// tempFile has a file with a text, read from its beginning.
func tempFile(t testing.TB, text string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	return f
}

// content is all of a file.
func content(t testing.TB, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// begun starts a Cmd, and kills it at the end of the test.
func begun(t testing.TB, cmd Cmd) *Popen {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p, err := Start(ctx, cmd)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		<-p.Done()
	})
	return p
}

// ended waits for a program and checks its code.
func ended(t testing.TB, p *Popen, want int) {
	t.Helper()
	if code, err := p.Wait(soon(t)); code != want || err != nil {
		t.Errorf("%v ended with %d, %v; want %d", p, code, err, want)
	}
}

var megabyte = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
