//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

func TestPortedCommunicate(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		name, script, streams, input, stdout, stderr string // "-": nil
	}{
		{"stdin", `test "$(cat)" = pear`, "0", "pear", "-", "-"},
		{"stdout", "printf pineapple", "1", "", "pineapple", "-"},
		{"stderr", "printf pineapple >&2", "2", "", "-", "pineapple"},
		{"all", "printf pineapple >&2; cat", "012", "banana", "banana", "pineapple"},
		{"none", "exit 0", "", "", "-", "-"},
		// More in both directions than pipes hold.
		{"big", "head -c 47; head -c 1048576 /dev/zero | tr '\\0' x >&2; cat", "012", string(megabyte), string(megabyte), string(bytes.Repeat([]byte("x"), 1<<20))},
		// The program does not read: that is no error.
		{"unread", "exit 0", "012", string(megabyte), "", ""},
		{"unread, only stdin", "exit 0", "0", string(megabyte), "-", "-"},
		{"closed", "exec <&-; echo x", "01", string(megabyte), "x\n", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := shCmd(c.script)
			for _, s := range c.streams {
				switch s {
				case '0':
					cmd.Stdin = Pipe
				case '1':
					cmd.Stdout = Pipe
				case '2':
					cmd.Stderr = Pipe
				}
			}
			p := begun(t, cmd)
			var input []byte
			if c.input != "" {
				input = []byte(c.input)
			}
			// The second call answers the same.
			for range 2 {
				stdout, stderr, err := p.Communicate(soon(t), input)
				input = nil
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range []struct {
					got  []byte
					want string
				}{{stdout, c.stdout}, {stderr, c.stderr}} {
					if (s.got == nil) != (s.want == "-") || s.got != nil && string(s.got) != s.want {
						t.Errorf("%d bytes (nil: %v), want %d", len(s.got), s.got == nil, len(s.want))
					}
				}
			}
			ended(t, p, 0)
		})
	}
}

// What was written before comes first.
func TestPortedWriteThenCommunicate(t *testing.T) {
	leak.Check(t)
	cmd := shCmd("cat")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = Pipe, Pipe, Pipe
	p := begun(t, cmd)
	if _, err := io.WriteString(p.Stdin, "banana"); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := p.Communicate(soon(t), []byte("split"))
	if string(stdout) != "bananasplit" || string(stderr) != "" || err != nil {
		t.Errorf("%q, %q, %v", stdout, stderr, err)
	}
}

// A call whose time is over loses nothing: neither what has come, nor what has not been written yet.
func TestPortedCommunicateAgain(t *testing.T) {
	leak.Check(t)
	// It reads, and writes on, when it is told: its descriptor 3 closes.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := shCmd("printf pineapple >&2; head -c 65536 /dev/zero; cat <&3; head -c 65536 /dev/zero; printf pear >&2; cat")
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = Pipe, Pipe, Pipe, map[int]*os.File{3: r}
	p := begun(t, cmd)
	r.Close()
	for i := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		var input []byte
		if i == 0 {
			input = megabyte
		}
		_, _, err := p.Communicate(ctx, input)
		cancel()
		var timeout *TimeoutError
		if !errors.As(err, &timeout) || timeout.Ended || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, ended := p.Poll(); ended {
			t.Fatal("it has ended")
		}
	}
	if _, _, err := p.Communicate(soon(t), []byte("more")); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("more input: %v", err)
	}
	w.Close()
	stdout, stderr, err := p.Communicate(soon(t), nil)
	want := append(make([]byte, 128<<10), megabyte...)
	if !bytes.Equal(stdout, want) || string(stderr) != "pineapplepear" || err != nil {
		t.Errorf("%d bytes of %d, %q, %v", len(stdout), len(want), stderr, err)
	}
	ended(t, p, 0)
}

// The output may end long before the program.
func TestPortedCommunicateAfterClose(t *testing.T) {
	leak.Check(t)
	cmd := shCmd("exec >&-; read x")
	cmd.Stdin, cmd.Stdout = Pipe, Pipe
	p := begun(t, cmd)
	in := p.Stdin
	r := p.Stdout
	if b, err := io.ReadAll(r); len(b) > 0 || err != nil {
		t.Fatal(b, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	io.WriteString(in, "go\n")
	in.Close()
	r.Close()
	ended(t, p, 0)
}

// Signals to us in between disturb nobody.
func TestPortedSignalsToUs(t *testing.T) {
	leak.Check(t)
	got := make(chan os.Signal, 100)
	signal.Notify(got, syscall.SIGUSR1)
	defer signal.Stop(got)
	cmd := shCmd("for i in 1 2 3 4 5; do kill -USR1 $PPID; echo $i; done; cat")
	cmd.Stdin, cmd.Stdout = Pipe, Pipe
	p := begun(t, cmd)
	out, _, err := p.Communicate(soon(t), []byte("end"))
	if string(out) != "1\n2\n3\n4\n5\nend" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	select {
	case <-got:
	case <-soon(t).Done():
		t.Error("no signal came")
	}
}
