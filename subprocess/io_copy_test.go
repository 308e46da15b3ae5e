//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// An endless reader: the program ends early, and so does Wait.
type endlessReader struct{}

func (endlessReader) Read(b []byte) (int, error) { return len(b), nil }

func TestProgramThatDoesNotRead(t *testing.T) {
	leak.Check(t)
	for name, cmd := range map[string]subprocess.Cmd{
		"endless reader": {Stdin: endlessReader{}},
		"big reader":     {Stdin: bytes.NewReader(make([]byte, 8<<20))},
		"input":          {Input: make([]byte, 8<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			for _, line := range []string{"exit 3", "exec <&-; echo x; exit 3", "head -c 10; exit 3"} {
				cmd.Args = []string{"sh", "-c", line}
				cmd.Stdout = subprocess.Pipe
				c, err := subprocess.Run(within(t), cmd)
				if c.Code != 3 || err != nil {
					t.Error(line, c, err)
				}
			}
		})
	}
}

// A stuckReader returns when it is let go.
type stuckReader struct{ free chan struct{} }

func (r stuckReader) Read([]byte) (int, error) {
	<-r.free
	return 0, io.EOF
}

func TestReaderThatBlocks(t *testing.T) {
	leak.Check(t)
	r := stuckReader{make(chan struct{})}
	defer close(r.free)
	c, err := subprocess.Run(within(t), subprocess.Cmd{Args: []string{"sh", "-c", "echo hi"}, Stdin: r, Stdout: subprocess.Pipe, Drain: time.Millisecond})
	if string(c.Stdout) != "hi\n" || err != nil {
		t.Error(c, err)
	}
}

func TestReaderAndWriterErrors(t *testing.T) {
	leak.Check(t)
	oops := errors.New("oops")
	r, w := io.Pipe()
	w.CloseWithError(oops)
	c, err := subprocess.Run(within(t), subprocess.Cmd{Args: []string{"cat"}, Stdin: r, Stdout: subprocess.Pipe})
	if !errors.Is(err, oops) || !strings.Contains(err.Error(), "stdin") || c.Code != 0 || c.Stdout == nil {
		t.Error("reader:", c, err)
	}
	// A writer that fails must not let the program write for ever.
	r, w = io.Pipe()
	r.CloseWithError(oops)
	c, err = subprocess.Run(within(t), subprocess.Cmd{Args: []string{"cat", "/dev/zero"}, Stdout: w, Check: true})
	var failed *subprocess.CalledProcessError
	if !errors.Is(err, oops) || !strings.Contains(err.Error(), "stdout") || c.Code != -int(syscall.SIGPIPE) || !errors.As(err, &failed) {
		t.Error("writer:", c, err)
	}
}

type panicking struct{ how func() }

func (p panicking) Read([]byte) (int, error) { p.how(); return 0, nil }

func (p panicking) Write([]byte) (int, error) { p.how(); return 0, nil }

// A panic of a reader or a writer kills the program and goes on in the caller.
func TestPanicOfAReaderOrWriter(t *testing.T) {
	leak.Check(t)
	oops := errors.New("oops")
	p := panicking{func() { panic(oops) }}
	for name, cmd := range map[string]subprocess.Cmd{
		"reader": {Args: []string{"sleep", "100"}, Stdin: p},
		"writer": {Args: []string{"sh", "-c", "echo; sleep 100"}, Stdout: p},
		"decoder": {Args: []string{"sh", "-c", "echo; sleep 100"}, Stdout: io.Discard,
			Text: &subprocess.Text{Decode: func(io.Reader) io.Reader { return p }}},
	} {
		for how, f := range map[string]func(context.Context, subprocess.Cmd) error{
			"Run": func(ctx context.Context, cmd subprocess.Cmd) error { _, err := subprocess.Run(ctx, cmd); return err },
			"Lines": func(ctx context.Context, cmd subprocess.Cmd) (err error) {
				cmd.Stderr = subprocess.Pipe
				for _, err = range subprocess.Lines(ctx, cmd) {
				}
				return err
			},
		} {
			if how == "Lines" && name != "reader" {
				continue
			}
			t.Run(name+" "+how, func(t *testing.T) {
				leak.Check(t)
				var pe *subprocess.PanicError
				func() {
					defer func() { pe, _ = recover().(*subprocess.PanicError) }()
					t.Error(f(within(t), cmd))
				}()
				if pe == nil || pe.Value != oops || !errors.Is(pe, oops) || !bytes.Contains(pe.Stack, []byte("io_copy_test.go")) || !strings.Contains(pe.Error(), "oops") {
					t.Error(pe)
				}
			})
		}
	}
	q := panicking{runtime.Goexit}
	c, err := subprocess.Run(within(t), subprocess.Cmd{Args: []string{"sleep", "100"}, Stdin: q})
	if err == nil || !strings.Contains(err.Error(), "Goexit") || c.Code != -int(syscall.SIGKILL) {
		t.Error(c, err)
	}
}

// A program that leaves a daemon behind which holds the pipe keeps nobody longer
// than Drain; what it has written itself is there.
func TestDaemonHoldsThePipes(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	// It stays until the file is gone.
	const line = `(setsid sh -c 'echo $$ > "$1"/pid; while [ -e "$1/on" ]; do sleep 0.02; done' sh "$0" & ) ; while ! [ -s "$0"/pid ]; do sleep 0.01; done; echo done`
	for name, cmd := range map[string]subprocess.Cmd{
		"captured": {Capture: true},
		"copied":   {Stdout: new(bytes.Buffer), Stderr: subprocess.Stdout},
		"input":    {Capture: true, Input: make([]byte, 1<<20)},
		"reader":   {Capture: true, Stdin: endlessReader{}},
		"waits":    {Capture: true, Drain: -1},
		"lines":    {},
	} {
		t.Run(name, func(t *testing.T) {
			on := filepath.Join(dir, "on")
			os.Remove(filepath.Join(dir, "pid"))
			if err := os.WriteFile(on, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(on)
			if cmd.Drain < 0 {
				time.AfterFunc(50*time.Millisecond, func() { os.Remove(on) })
			}
			cmd.Args = []string{"sh", "-c", line, dir}
			began := time.Now()
			var out []byte
			var err error
			if name == "lines" {
				var l subprocess.Line
				for l, err = range subprocess.Lines(within(t), cmd) {
					out = append([]byte(l.String()), '\n')
				}
			} else {
				var c subprocess.Completed
				c, err = subprocess.Run(within(t), cmd)
				out = c.Stdout
			}
			if b, ok := cmd.Stdout.(*bytes.Buffer); ok {
				out = b.Bytes()
			}
			if string(out) != "done\n" || err != nil || time.Since(began) > 20*time.Second {
				t.Errorf("%q, %v after %v", out, err, time.Since(began))
			}
			if _, err := os.Stat(on); (err != nil) != (cmd.Drain < 0) {
				t.Error("it waited for the daemon, or did not:", err)
			}
		})
	}
}
