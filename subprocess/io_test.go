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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// within returns a context for what must not take long.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// uncomparable is a writer whose values cannot be compared.
type uncomparable struct {
	*bytes.Buffer
	_ []int
}

func TestStreams(t *testing.T) {
	leak.Check(t)
	file := filepath.Join(t.TempDir(), "file")
	open := func() *os.File {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	const both = "echo out; echo err >&2"
	var buf, other bytes.Buffer
	for _, c := range []struct {
		name     string
		cmd      subprocess.Cmd
		line     string
		out, err string // captured; "-" for nil
		buf      string
		other    string
		file     string
	}{
		{name: "capture", cmd: subprocess.Cmd{Capture: true}, line: both, out: "out\n", err: "err\n"},
		{name: "nothing captured", cmd: subprocess.Cmd{Stdout: subprocess.DevNull, Stderr: subprocess.DevNull}, line: both, out: "-", err: "-"},
		{name: "captured nothing", cmd: subprocess.Cmd{Capture: true}, line: "exit 0"},
		{name: "stdout only", cmd: subprocess.Cmd{Stdout: subprocess.Pipe, Stderr: subprocess.DevNull}, line: both, out: "out\n", err: "-"},
		{name: "stderr only", cmd: subprocess.Cmd{Stdout: subprocess.DevNull, Stderr: subprocess.Pipe}, line: both, out: "-", err: "err\n"},
		{name: "both in one", cmd: subprocess.Cmd{Stdout: subprocess.Pipe, Stderr: subprocess.Stdout}, line: both, out: "out\nerr\n", err: "-"},
		{name: "null and the same", cmd: subprocess.Cmd{Stdout: subprocess.DevNull, Stderr: subprocess.Stdout}, line: both, out: "-", err: "-"},
		{name: "file", cmd: subprocess.Cmd{Stdout: open(), Stderr: subprocess.Stdout}, line: both, out: "-", err: "-", file: "out\nerr\n"},
		{name: "writer", cmd: subprocess.Cmd{Stdout: &buf, Stderr: subprocess.Pipe}, line: both, out: "-", err: "err\n", buf: "out\n"},
		{name: "two writers", cmd: subprocess.Cmd{Stdout: &buf, Stderr: &other}, line: both, out: "-", err: "-", buf: "out\n", other: "err\n"},
		{name: "one writer", cmd: subprocess.Cmd{Stdout: &buf, Stderr: &buf}, line: "echo 1; echo 2 >&2; echo 3; echo 4 >&2", out: "-", err: "-", buf: "1\n2\n3\n4\n"},
		{name: "writer and the same", cmd: subprocess.Cmd{Stdout: &buf, Stderr: subprocess.Stdout}, line: both, out: "-", err: "-", buf: "out\nerr\n"},
		{name: "not to be compared", cmd: subprocess.Cmd{Stdout: uncomparable{&buf, nil}, Stderr: uncomparable{&other, nil}}, line: both, out: "-", err: "-", buf: "out\n", other: "err\n"},
		{name: "input", cmd: subprocess.Cmd{Capture: true, Input: []byte("in")}, line: "cat", out: "in"},
		{name: "no input", cmd: subprocess.Cmd{Capture: true, Input: []byte{}}, line: "cat; echo end", out: "end\n"},
		{name: "null input", cmd: subprocess.Cmd{Capture: true, Stdin: subprocess.DevNull}, line: "cat; echo end", out: "end\n"},
		{name: "pipe without input", cmd: subprocess.Cmd{Capture: true, Stdin: subprocess.Pipe}, line: "cat; echo end", out: "end\n"},
		{name: "reader", cmd: subprocess.Cmd{Capture: true, Stdin: strings.NewReader("read")}, line: "cat", out: "read"},
		{name: "other reader", cmd: subprocess.Cmd{Capture: true, Stdin: io.LimitReader(strings.NewReader("limited"), 5)}, line: "cat", out: "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			buf.Reset()
			other.Reset()
			os.Truncate(file, 0)
			c.cmd.Args = []string{"sh", "-c", c.line}
			got, err := subprocess.Run(within(t), c.cmd)
			if err != nil || got.Code != 0 {
				t.Fatal(got, err)
			}
			for _, s := range []struct {
				name, want string
				got        []byte
			}{{"stdout", c.out, got.Stdout}, {"stderr", c.err, got.Stderr}} {
				if (s.got == nil) != (s.want == "-") || s.want != "-" && string(s.got) != s.want {
					t.Errorf("%s: %q, want %q", s.name, s.got, s.want)
				}
			}
			content, err := os.ReadFile(file)
			if buf.String() != c.buf || other.String() != c.other || string(content) != c.file || err != nil {
				t.Errorf("%q, %q, %q, %v", buf.String(), other.String(), content, err)
			}
		})
	}
}

func TestStreamsThatCannotBe(t *testing.T) {
	leak.Check(t)
	shut, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	shut.Close()
	var none *os.File
	for _, c := range []struct {
		field string
		cmd   subprocess.Cmd
		is    error
	}{
		{"Stdin", subprocess.Cmd{Stdin: subprocess.Stdout}, nil},
		{"Stdout", subprocess.Cmd{Stdout: subprocess.Stdout}, nil},
		{"Stderr", subprocess.Cmd{Stdin: subprocess.Pipe, Stdout: subprocess.Pipe, Stderr: subprocess.Special(7)}, nil},
		{"Stdin", subprocess.Cmd{Stdin: shut}, os.ErrClosed},
		{"Stdout", subprocess.Cmd{Stdin: subprocess.Pipe, Stdout: shut}, os.ErrClosed},
		{"Stderr", subprocess.Cmd{Stdout: subprocess.Pipe, Stderr: shut}, os.ErrClosed},
		{"Stdin", subprocess.Cmd{Stdin: none}, nil},
		{"Stdout", subprocess.Cmd{Stdout: none}, nil},
		{"Input", subprocess.Cmd{Stdin: subprocess.DevNull, Input: []byte("x")}, nil},
		{"Capture", subprocess.Cmd{Capture: true, Stdout: subprocess.Pipe}, nil},
		{"Capture", subprocess.Cmd{Capture: true, Stderr: subprocess.Stdout}, nil},
		{"Stdout", subprocess.Cmd{PTY: &subprocess.PTY{}, Stdout: subprocess.DevNull}, nil},
	} {
		c.cmd.Args = []string{"true"}
		_, err := subprocess.Run(within(t), c.cmd)
		var bad *subprocess.ArgumentError
		if !errors.As(err, &bad) || bad.Field != c.field || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%+v: %v, want %s", c.cmd, err, c.field)
		}
	}
}

// Standard output of ours that is closed cannot be inherited.
func TestInheritedStreamClosed(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	defer func(before *os.File) { os.Stdin = before }(os.Stdin)
	os.Stdin = f
	_, err = subprocess.Run(within(t), sh("exit 0"))
	var bad *subprocess.ArgumentError
	if !errors.As(err, &bad) || bad.Field != "Stdin" || !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// Another program's pipe is given as it is: nothing is copied here.
func TestPipeOfAnotherProgram(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	first := subprocess.Command("yes")
	first.Stdout = subprocess.Pipe
	a, err := subprocess.Start(ctx, first)
	if err != nil {
		t.Fatal(err)
	}
	c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"head", "-n", "3"}, Stdin: a.Stdout, Stdout: subprocess.Pipe})
	if string(c.Stdout) != "y\ny\ny\n" || err != nil {
		t.Error(c, err)
	}
	a.Stdout.Close()
	if code, err := a.Wait(ctx); code != -int(syscall.SIGPIPE) || err != nil {
		t.Error(code, err)
	}
	// One of which something was read here is copied.
	first = sh("echo one; echo two; echo three")
	first.Stdout = subprocess.Pipe
	if a, err = subprocess.Start(ctx, first); err != nil {
		t.Fatal(err)
	}
	io.ReadFull(a.Stdout, make([]byte, 6))
	c, err = subprocess.Run(ctx, subprocess.Cmd{Args: []string{"cat"}, Stdin: a.Stdout, Stdout: subprocess.Pipe})
	if !strings.HasSuffix("two\nthree\n", string(c.Stdout)) || len(c.Stdout) < 6 || err != nil {
		t.Error(c, err)
	}
	a.Close(ctx)
	// The other way round.
	second := sh("cat")
	second.Stdin, second.Stdout = subprocess.Pipe, subprocess.Pipe
	b, err := subprocess.Start(ctx, second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"echo", "hello"}, Stdout: b.Stdin}); err != nil {
		t.Error(err)
	}
	if out, _, err := b.Communicate(ctx, nil); string(out) != "hello\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func TestPopenStreams(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	for _, size := range []int{0, -1, 1, 100} {
		p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"cat"}, Stdin: subprocess.Pipe, Stdout: subprocess.Pipe, BufSize: size})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 1000 {
				io.WriteString(p.Stdin, "line\n")
			}
			p.Stdin.Close()
		})
		b, err := io.ReadAll(iotest{p.Stdout})
		if string(b) != strings.Repeat("line\n", 1000) || err != nil {
			t.Errorf("BufSize %d: %d bytes, %v", size, len(b), err)
		}
		wg.Wait()
		if _, err := io.WriteString(p.Stdin, "x"); !errors.Is(err, os.ErrClosed) {
			t.Error("a Write after Close:", err)
		}
		if code, err := p.Close(ctx); code != 0 || err != nil {
			t.Error(code, err)
		}
	}
}

// iotest reads in odd pieces.
type iotest struct{ r io.Reader }

func (r iotest) Read(b []byte) (int, error) { return r.r.Read(b[:min(len(b), 7)]) }

// A buffered input is written by Flush and Close.
func TestFlush(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"cat"}, Stdin: subprocess.Pipe, Stdout: subprocess.Pipe, BufSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(p.Stdin, "one\n")
	if err := p.Stdin.(interface{ Flush() error }).Flush(); err != nil {
		t.Error(err)
	}
	b := make([]byte, 10)
	if n, err := p.Stdout.Read(b); string(b[:n]) != "one\n" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	io.WriteString(p.Stdin, "two\n")
	out, _, err := p.Communicate(ctx, nil)
	if string(out) != "two\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// Close does not wait for a Write that waits for the program.
func TestCloseWhileWriting(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	p, err := subprocess.Start(ctx, subprocess.Cmd{Args: []string{"sleep", "100"}, Stdin: subprocess.Pipe})
	if err != nil {
		t.Fatal(err)
	}
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		p.Stdin.Write(make([]byte, 100)) // there is room for it
		close(begun)
		_, err := p.Stdin.Write(make([]byte, 8<<20))
		done <- err
	}()
	<-begun
	for {
		p.Stdin.Close() // the first may come before the Write
		select {
		case err := <-done:
			if !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
			p.Kill()
			p.Wait(ctx)
			return
		default:
			runtime.Gosched()
		}
	}
}
