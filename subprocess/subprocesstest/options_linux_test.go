package subprocesstest_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

// At a terminal a program is played as well.
func TestTerminal(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("login", func(c *subprocesstest.Call) int {
		fmt.Fprint(c.Stdout, "name: ")
		b := make([]byte, 100)
		n, err := c.Stdin.Read(b)
		if err != nil {
			return 1
		}
		fmt.Fprintf(c.Stdout, "hello %s", b[:n])
		return 0
	})
	p, err := subprocess.Start(ctx, subprocess.Cmd{
		Args: []string{"login"}, PTY: &subprocess.PTY{}, Stdin: subprocess.Pipe, Stdout: subprocess.Pipe,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stdin.Close()
	defer p.Stdout.Close()
	b := make([]byte, len("name: "))
	if _, err := io.ReadFull(p.Stdout, b); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(p.Stdin, "bob")
	rest, err := io.ReadAll(p.Stdout)
	if !strings.Contains(string(rest), "hello bob") || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	if code, err := p.Wait(t.Context()); code != 0 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
}

// What only a process can have is asked for in vain, but it may be asked for.
func TestOptions(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("prog", func(c *subprocesstest.Call) int {
		return int(c.Cmd.Limits.Files)
	})
	zero := 0
	cmd := subprocess.Command("prog")
	cmd.Limits.Files = 7
	cmd.Detach = true
	cmd.KeepFiles = true
	cmd.Unix = subprocess.Unix{NewSession: true, User: fmt.Sprint(os.Getuid()), KeepSignals: true}
	if c, err := subprocess.Run(ctx, cmd); c.Code != 7 || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
	cmd = subprocess.Command("prog")
	cmd.Unix.ProcessGroup = &zero
	if c, err := subprocess.Run(ctx, cmd); c.Code != 0 || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
	// But what cannot be is refused as ever.
	if _, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"prog", "a\x00b"}}); !errors.Is(err, subprocess.ErrInvalidArgument) {
		t.Error(err)
	}
	if n := len(cmds.Calls()); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestExtraFiles(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("prog", func(c *subprocesstest.Call) int {
		extra, err := io.ReadAll(c.Files[5])
		fmt.Fprintf(c.Stdout, "%d %q %v", len(c.Files), extra, err)
		return 0
	})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fmt.Fprint(w, "extra")
	w.Close()
	c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"prog"}, ExtraFiles: map[int]*os.File{5: r}, Capture: true})
	if string(c.Stdout) != `1 "extra" <nil>` || err != nil {
		t.Errorf("%q, %v", c.Stdout, err)
	}
}
