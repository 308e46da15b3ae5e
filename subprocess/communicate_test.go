//go:build unix

package subprocess_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// piped is a Cmd for a line of sh with three pipes.
func piped(line string) subprocess.Cmd {
	cmd := sh(line)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.Pipe
	return cmd
}

// must starts a program.
func must(t *testing.T, cmd subprocess.Cmd) *subprocess.Popen {
	t.Helper()
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		<-p.Done()
	})
	return p
}

// over is a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestCommunicate(t *testing.T) {
	leak.Check(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
	for _, c := range []struct {
		name     string
		cmd      subprocess.Cmd
		input    []byte
		out, err string
	}{
		{"all three", piped("cat; echo err >&2"), []byte("in"), "in", "err\n"},
		{"8 MiB there and back", piped("cat"), big, string(big), ""},
		{"8 MiB to both", piped("tee /dev/stderr"), big, string(big), string(big)},
		{"no input", piped("cat; echo end"), nil, "end\n", ""},
		{"input that is not read", piped("echo end"), big, "end\n", ""},
		{"streams closed early", piped("exec >&- 2>&-; cat >/dev/null"), big, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			leak.Check(t)
			p := must(t, c.cmd)
			for range 2 { // the same every time
				out, errs, err := p.Communicate(within(t), c.input)
				if string(out) != c.out || string(errs) != c.err || out == nil || errs == nil || err != nil {
					t.Errorf("%d and %d bytes, %v", len(out), len(errs), err)
				}
				c.input = nil
			}
			if code, ended := p.Poll(); code != 0 || !ended {
				t.Error(code, ended)
			}
		})
	}
}

func TestCommunicateWithoutPipes(t *testing.T) {
	leak.Check(t)
	p := must(t, sh("exit 3"))
	if out, errs, err := p.Communicate(within(t), nil); out != nil || errs != nil || err != nil {
		t.Error(out, errs, err)
	}
	if code, _ := p.Poll(); code != 3 {
		t.Error(code)
	}
	p = must(t, sh("exit 3"))
	var bad *subprocess.ArgumentError
	if _, _, err := p.Communicate(within(t), []byte("x")); !errors.As(err, &bad) || bad.Field != "Stdin" {
		t.Error(err)
	}
}

// A call that is over in the middle of everything loses nothing: input goes on,
// output is kept.
func TestCommunicateAgain(t *testing.T) {
	leak.Check(t)
	input := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	p := must(t, piped("echo begun; echo warning >&2; cat"))
	const rounds = 200
	var seen, parts int
	_, _, err := p.Communicate(over(), input)
	for range rounds {
		var late *subprocess.TimeoutError
		if !errors.As(err, &late) {
			break
		}
		if late.Ended || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(late.Ended, err)
		}
		if len(late.Stdout) < seen || late.Stdout == nil || late.Stderr == nil {
			t.Fatal("less output than before:", len(late.Stdout), seen)
		}
		seen, parts = len(late.Stdout), parts+1
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Microsecond)
		_, _, err = p.Communicate(ctx, nil)
		cancel()
	}
	out, errs, err := p.Communicate(within(t), nil)
	if !bytes.Equal(out, append([]byte("begun\n"), input...)) || string(errs) != "warning\n" || err != nil {
		t.Errorf("%d bytes, %q, %v", len(out), errs, err)
	}
	if parts == 0 {
		t.Error("no call was over early")
	}
}

func TestCommunicateInputTwice(t *testing.T) {
	leak.Check(t)
	for _, first := range [][]byte{[]byte("one"), {}, nil} {
		p := must(t, piped("cat; echo end"))
		p.Communicate(over(), first)
		var bad *subprocess.ArgumentError
		if _, _, err := p.Communicate(within(t), []byte("two")); !errors.As(err, &bad) || bad.Field != "input" {
			t.Error(err)
		}
		if out, _, err := p.Communicate(within(t), nil); string(out) != string(first)+"end\n" || err != nil {
			t.Errorf("%q, %v", out, err)
		}
	}
}

// What ctx ended with is in the error.
func TestCommunicateTimeout(t *testing.T) {
	leak.Check(t)
	p := must(t, piped("echo so far; sleep 100"))
	cause := errors.New("no patience")
	for {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, cause)
		out, errs, err := p.Communicate(ctx, nil)
		cancel()
		var late *subprocess.TimeoutError
		if !errors.As(err, &late) || !errors.Is(err, cause) || !errors.Is(err, context.DeadlineExceeded) || !late.Timeout() || late.Ended || late.Usage.Wall <= 0 {
			t.Fatal(err)
		}
		if string(out) != string(late.Stdout) || string(errs) != "" {
			t.Fatalf("%q, %q", out, errs)
		}
		if string(out) == "so far\n" {
			break
		}
	}
	if _, ended := p.Poll(); ended {
		t.Error("it has ended")
	}
	p.Kill()
	if out, _, err := p.Communicate(within(t), nil); string(out) != "so far\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func TestCommunicateByMany(t *testing.T) {
	leak.Check(t)
	p := must(t, piped("cat; echo err >&2"))
	p.Communicate(over(), []byte("input"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if out, errs, err := p.Communicate(within(t), nil); string(out) != "input" || string(errs) != "err\n" || err != nil {
				t.Errorf("%q, %q, %v", out, errs, err)
			}
		})
	}
	wg.Wait()
}

// What was read before is not there again, what is buffered is not lost, and
// what was written into a buffer goes first.
func TestCommunicateAfterReading(t *testing.T) {
	leak.Check(t)
	cmd := piped("echo one; echo two; cat")
	cmd.BufSize = 1000
	p := must(t, cmd)
	io.WriteString(p.Stdin, "three\n")
	b := make([]byte, 2)
	if _, err := io.ReadFull(p.Stdout, b); string(b) != "on" || err != nil {
		t.Error(string(b), err)
	}
	out, _, err := p.Communicate(within(t), []byte("four\n"))
	if string(out) != "e\ntwo\nthree\nfour\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := p.Stdout.Read(b); err == nil || !strings.Contains(err.Error(), "Communicate") {
		t.Error("Read afterwards:", err)
	}
	for _, err := range p.Lines() {
		if !errors.Is(err, subprocess.ErrSubprocess) {
			t.Error("Lines afterwards:", err)
		}
	}
}

// A stream that the caller has closed is empty, as in Python.
func TestCommunicateClosedStream(t *testing.T) {
	leak.Check(t)
	p := must(t, piped("cat >/dev/null; echo err >&2"))
	p.Stdout.Close()
	out, errs, err := p.Communicate(within(t), nil)
	if out == nil || len(out) != 0 || string(errs) != "err\n" || err != nil {
		t.Errorf("%q, %q, %v", out, errs, err)
	}
}

func TestMaxCapture(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		line   string
		max    int64
		stream string // "" for none
		out    string
	}{
		{"printf 12345", 5, "", "12345"},
		{"printf 12345", 4, "stdout", "1234"},
		{"printf 12345 >&2", 4, "stderr", ""},
		{"cat /dev/zero", 1 << 20, "stdout", string(make([]byte, 1<<20))},
		{"cat /dev/zero", 100, "stdout", string(make([]byte, 100))},
		{"cat /dev/zero", firstPart, "stdout", string(make([]byte, firstPart))},
	} {
		cmd := sh(c.line)
		cmd.Capture, cmd.MaxCapture = true, c.max
		got, err := subprocess.Run(within(t), cmd)
		var much *subprocess.OutputError
		if string(got.Stdout) != c.out || errors.As(err, &much) != (c.stream != "") {
			t.Errorf("%s: %d bytes, %v", c.line, len(got.Stdout), err)
		}
		if much != nil && (much.Stream != c.stream || much.Max != c.max || string(much.Stdout) != c.out || much.Code != got.Code) {
			t.Errorf("%s: %+v", c.line, much)
		}
		if c.stream == "stderr" && string(got.Stderr) != "1234" {
			t.Errorf("%q", got.Stderr)
		}
	}
}

// firstPart is where output begins to be kept elsewhere.
const firstPart = 32 << 10
