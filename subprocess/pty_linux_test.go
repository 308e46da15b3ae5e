package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// TestPTY talks with a shell at a terminal.
func TestPTY(t *testing.T) {
	leak.Check(t)
	cmd := shell(`test -t 0 && test -t 1 && test -t 2 && echo all three
		test $(ps -o tpgid= -p $$) -eq $$ && echo in the foreground
		stty size
		trap 'stty size; seen=yes' WINCH
		echo ready
		until [ "$seen" ]; do sleep 0.01; done
		echo reading
		while read -r line; do echo "<$line>"; done
		echo end`)
	cmd.PTY = &subprocess.PTY{Rows: 7, Cols: 33}
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stdout.Close()
	var all strings.Builder
	for line, err := range linesOf(p.Stdout) {
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\r")
		all.WriteString(line + "\n")
		switch line {
		case "ready":
			if err := p.Resize(11, 44); err != nil {
				t.Error(err)
			}
		case "reading":
			io.WriteString(p.Stdin, "one\n")
		case "<one>":
			// In the middle of a line the end takes two keys.
			io.WriteString(p.Stdin, "two\nthree")
			if err := p.Stdin.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	<-p.Done()
	if code, _ := p.Poll(); code != 0 {
		t.Errorf("code %d", code)
	}
	got := all.String()
	for _, want := range []string{"all three", "in the foreground", "7 33", "11 44", "<one>", "<two>", "end"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// TestPTYRun takes everything that a program shows. Its last words are there.
func TestPTYRun(t *testing.T) {
	leak.Check(t)
	for range 20 {
		cmd := shell(`stty -opost; seq 3000; echo error >&2`)
		cmd.PTY, cmd.Capture = new(subprocess.PTY), true
		c, err := subprocess.Run(t.Context(), cmd)
		if err != nil || bytes.Count(c.Stdout, []byte("\n")) != 3001 || !bytes.HasSuffix(c.Stdout, []byte("3000\nerror\n")) {
			t.Fatalf("%v: %d bytes, %q", err, len(c.Stdout), c.Stdout[max(0, len(c.Stdout)-50):])
		}
	}
}

// TestPTYInterrupt types Ctrl-C, which is a signal.
func TestPTYInterrupt(t *testing.T) {
	leak.Check(t)
	cmd := shell("echo ready; exec sleep 1000")
	cmd.PTY = new(subprocess.PTY)
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stdout.Close()
	for line := range linesOf(p.Stdout) {
		if strings.HasPrefix(line, "ready") {
			io.WriteString(p.Stdin, "\x03")
		}
	}
	<-p.Done()
	if code, _ := p.Poll(); code != -int(syscall.SIGINT) {
		t.Errorf("code %d", code)
	}
	p.Stdout.Close()
	if err := p.Resize(1, 1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("resize of a closed one: %v", err)
	}
}

func TestNoPTY(t *testing.T) {
	p, err := subprocess.Start(t.Context(), shell("true"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if err := p.Resize(1, 1); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

// TestTerminalIsRead starts a program that reads from a terminal which we have
// as well: in a group of its own it would be stopped. We are in turn a program at
// a terminal.
func TestTerminalIsRead(t *testing.T) {
	leak.Check(t)
	cmd := selfAs(t, "reader at a terminal")
	cmd.PTY = new(subprocess.PTY)
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stdout.Close()
	io.WriteString(p.Stdin, "hello\n")
	b, err := io.ReadAll(p.Stdout)
	<-p.Done()
	if err != nil || !strings.Contains(string(b), "got hello") {
		t.Errorf("%q, %v", b, err)
	}
}

// selfAs is this program in a role.
func selfAs(t *testing.T, role string) subprocess.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return subprocess.Cmd{Args: []string{exe}, Env: append(os.Environ(), roleVar+"="+role)}
}

func init() {
	roles["reader at a terminal"] = func() {
		c, err := subprocess.Run(context.Background(), shell(`read -r line; echo "got $line"`))
		fmt.Println(c.Code, err)
	}
}
