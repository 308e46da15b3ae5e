//go:build linux

package subprocess_test

import (
	"io"
	"strings"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

func TestTerminalStreams(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		name, line, in, out string
		text                *subprocess.Text
	}{
		{"typed", "stty -echo; echo ready; cat", "one\ntwo\n", "ready\r\none\r\ntwo\r\n", nil},
		{"in the middle of a line", "stty -echo; echo ready; cat", "one\ntwo", "ready\r\none\r\ntwo", nil},
		{"text", "stty -echo; echo ready; cat; echo err >&2", "one\n", "ready\none\nerr\n", &subprocess.Text{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			ctx := within(t)
			cmd := sh(c.line)
			cmd.PTY, cmd.Text = &subprocess.PTY{}, c.text
			p := must(t, cmd)
			ready := "ready\r\n"
			if c.text != nil {
				ready = "ready\n"
			}
			// Echo is off from here on.
			b := make([]byte, len(ready))
			if _, err := io.ReadFull(p.Stdout, b); string(b) != ready || err != nil {
				t.Fatalf("%q, %v", b, err)
			}
			out, errs, err := p.Communicate(ctx, []byte(c.in))
			if ready+string(out) != c.out || errs != nil || err != nil {
				t.Errorf("%q, %v, want %q", out, err, c.out)
			}
			if code, _ := p.Poll(); code != 0 {
				t.Error(code)
			}
		})
	}
}

// Run at a terminal captures what it shows, and types nothing if there is no
// Input.
func TestRunAtATerminal(t *testing.T) {
	leak.Check(t)
	for _, capture := range []bool{false, true} {
		cmd := sh("test -t 0 && test -t 1 && test -t 2 && echo all; echo err >&2")
		cmd.PTY, cmd.Capture = &subprocess.PTY{}, capture
		c, err := subprocess.Run(within(t), cmd)
		if string(c.Stdout) != "all\r\nerr\r\n" || c.Stderr != nil || err != nil {
			t.Errorf("%q, %v", c.Stdout, err)
		}
	}
	cmd := sh("seq 1000")
	cmd.PTY, cmd.Text = &subprocess.PTY{}, &subprocess.Text{}
	n := 0
	for l, err := range subprocess.Lines(within(t), cmd) {
		if err != nil || strings.Contains(l.String(), "\r") {
			t.Error(l, err)
		}
		n++
	}
	if n != 1000 {
		t.Error(n)
	}
	if text, err := subprocess.GetOutput(within(t), cmd); err != nil || !strings.HasSuffix(text, "\n1000") {
		t.Errorf("%.20q, %v", text, err)
	}
}

// A program that does not read what is typed to it ends all the same.
func TestTerminalThatNobodyReads(t *testing.T) {
	leak.Check(t)
	cmd := sh("echo ready; exit 3")
	cmd.PTY, cmd.Input = &subprocess.PTY{}, []byte(strings.Repeat("line\n", 100_000))
	c, err := subprocess.Run(within(t), cmd)
	if c.Code != 3 || err != nil || !strings.Contains(string(c.Stdout), "ready\r\n") {
		t.Errorf("%d, %.100q, %v", c.Code, c.Stdout, err)
	}
}
