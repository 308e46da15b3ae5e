//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

// Only what is Pipe has an end here.
func TestPortedPopenFields(t *testing.T) {
	leak.Check(t)
	for bits := range 8 {
		cmd := shCmd("cat >/dev/null")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = DevNull, DevNull, DevNull
		if bits&1 != 0 {
			cmd.Stdin = Pipe
		}
		if bits&2 != 0 {
			cmd.Stdout = Pipe
		}
		if bits&4 != 0 {
			cmd.Stderr = Pipe
		}
		p := begun(t, cmd)
		if (p.Stdin != nil) != (bits&1 != 0) || (p.Stdout != nil) != (bits&2 != 0) || (p.Stderr != nil) != (bits&4 != 0) {
			t.Errorf("%03b: %v %v %v", bits, p.Stdin, p.Stdout, p.Stderr)
		}
		// Communicate closes them all; leak.Check sees to it.
		stdout, stderr, err := p.Communicate(soon(t), nil)
		if err != nil || (stdout != nil) != (bits&2 != 0) || (stderr != nil) != (bits&4 != 0) || len(stdout)+len(stderr) > 0 {
			t.Errorf("%03b: %q %q %v", bits, stdout, stderr, err)
		}
		ended(t, p, 0)
	}
}

// The pipes can be used directly.
func TestPortedPipes(t *testing.T) {
	leak.Check(t)
	for _, buf := range []int{0, -1, 1, 4096} {
		cmd := shCmd("read x; echo out $x; echo err $x >&2")
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.BufSize = Pipe, Pipe, Pipe, buf
		p := begun(t, cmd)
		if _, err := io.WriteString(p.Stdin, "pear\n"); err != nil {
			t.Fatal(err)
		}
		if err := p.Stdin.Close(); err != nil {
			t.Error(err)
		}
		out, err := io.ReadAll(p.Stdout)
		errs, err2 := io.ReadAll(p.Stderr)
		if string(out) != "out pear\n" || string(errs) != "err pear\n" || err != nil || err2 != nil {
			t.Errorf("BufSize %d: %q %v, %q %v", buf, out, err, errs, err2)
		}
		p.Stdout.Close()
		p.Stderr.Close()
		ended(t, p, 0)
	}
}

// Files go to the program as they are, also one for both.
func TestPortedFiles(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"stdout", "printf orange", "orange"},
		{"stderr", "printf strawberry >&2", "strawberry"},
		{"both", "printf apple; printf orange >&2", "appleorange"},
	} {
		f := tempFile(t, "")
		cmd := shCmd(c.script)
		switch c.name {
		case "stdout":
			cmd.Stdout = f
		case "stderr":
			cmd.Stderr = f
		default:
			cmd.Stdout, cmd.Stderr = f, f
		}
		if got, err := Run(soon(t), cmd); err != nil || got.Stdout != nil || content(t, f) != c.want {
			t.Errorf("%s: %q, %+v, %v", c.name, content(t, f), got, err)
		}
	}
	// One descriptor for all directions.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, cmd := range []Cmd{{Stdin: null, Stdout: null}, {Stdout: null, Stderr: null}, {Stdin: null, Stderr: null}} {
		cmd.Args = []string{"true"}
		if c, err := Run(soon(t), cmd); c.Code != 0 || err != nil {
			t.Error(c, err)
		}
	}
}

// What a program does that runs programs, and inherits its streams.
var portedRoles = map[string]func(ctx context.Context, args string) (string, error){
	"inherit": func(ctx context.Context, _ string) (string, error) {
		_, err := Run(ctx, shCmd("cat; echo err >&2"))
		return "", err
	},
	"merge": func(ctx context.Context, _ string) (string, error) {
		cmd := shCmd("printf 42 >&2")
		cmd.Stderr = Stdout
		_, err := Run(ctx, cmd)
		return "", err
	},
	"stdout": func(ctx context.Context, _ string) (string, error) {
		cmd := shCmd("echo test with os.Stdout")
		cmd.Stdout = os.Stdout
		_, err := Run(ctx, cmd)
		return "", err
	},
}

func TestPortedInherited(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct{ role, input, stdout, stderr string }{
		{"inherit", "out\n", "out\n", "err\n"},
		{"merge", "", "42", ""},
		{"stdout", "", "test with os.Stdout\n", ""},
	} {
		got, said := asRole(t, c.role, c.input)
		if string(got.Stdout) != c.stdout || string(got.Stderr) != c.stderr || said != "" {
			t.Errorf("%s: %q, %q, %s", c.role, got.Stdout, got.Stderr, said)
		}
	}
}

// Text: line ends of all kinds, also cut between two writes.
func TestPortedNewlines(t *testing.T) {
	leak.Check(t)
	const script = `read line; printf '%s\n' "$line"; printf 'line2\n'; read line; printf '%s\n' "$line"
		printf 'line4\n'; printf 'line5\r\n'; printf 'line6\r'; printf '\nline7'; printf '\nline8'`
	const want = "line1\nline2\nline3\nline4\nline5\nline6\nline7\nline8"
	cmd := shCmd(script)
	cmd.Stdin, cmd.Stdout, cmd.Text = Pipe, Pipe, &Text{}
	p := begun(t, cmd)
	if out, _, err := p.Communicate(soon(t), []byte("line1\nline3\n")); string(out) != want || err != nil {
		t.Errorf("Communicate: %q, %v", out, err)
	}
	p = begun(t, cmd)
	head := make([]byte, len("line1\nline2\n"))
	io.WriteString(p.Stdin, "line1\n")
	if _, err := io.ReadFull(p.Stdout, head); string(head) != "line1\nline2\n" || err != nil {
		t.Errorf("in between: %q, %v", head, err)
	}
	io.WriteString(p.Stdin, "line3\n")
	p.Stdin.Close()
	if rest, err := io.ReadAll(p.Stdout); string(head)+string(rest) != want || err != nil {
		t.Errorf("directly: %q, %v", rest, err)
	}
	p.Stdout.Close()
	stderr := shCmd(`printf 'eline2\neline6\reline7\r\nz' >&2; cat`)
	stderr.Text, stderr.Capture, stderr.Input = &Text{}, true, []byte("a\r\nb\rc")
	c, err := Run(soon(t), stderr)
	if string(c.Stderr) != "eline2\neline6\neline7\nz" || string(c.Stdout) != "a\nb\nc" || err != nil {
		t.Errorf("%q, %q, %v", c.Stdout, c.Stderr, err)
	}
}

// wide is a decoder of two bytes a letter, the big end first, for letters below 256.
type wide struct{ r io.Reader }

func (w wide) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b := make([]byte, 2)
	if _, err := io.ReadFull(w.r, b); err != nil {
		return 0, err
	}
	p[0] = b[1]
	return 1, nil
}

// Newlines are found after the decoder, where a byte of an encoding may look like one.
func TestPortedEncodings(t *testing.T) {
	cmd := shCmd(`printf '\0001\000\r\000\n\0002\000\r\0003\000\n\0004'`)
	cmd.Capture, cmd.Text = true, &Text{Decode: func(r io.Reader) io.Reader { return wide{r} }}
	if c, err := Run(soon(t), cmd); string(c.Stdout) != "1\n2\n3\n4" || err != nil {
		t.Errorf("%q, %v", c.Stdout, err)
	}
}

// What is no UTF-8, in each of the ways that Python calls errors.
func TestPortedErrorsOfText(t *testing.T) {
	for _, c := range []struct {
		name   string
		decode func(io.Reader) io.Reader
		want   string
	}{
		{"ignore", DecodeIgnore, "[]"},
		{"replace", DecodeReplace, "[\ufffd\ufffd]"},
		{"surrogateescape", nil, "[\x80\x80]"},
		{"backslashreplace", DecodeBackslash, `[\x80\x80]`},
	} {
		cmd := shCmd(`printf '[\200\200]'`)
		cmd.Text = &Text{Decode: c.decode}
		if _, out, err := GetStatusOutput(soon(t), cmd); out != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.name, out, err)
		}
	}
	cmd := shCmd(`printf '[\200\200]'`)
	cmd.Text = &Text{Decode: DecodeStrict}
	_, err := GetOutput(soon(t), cmd)
	var wrong *DecodeError
	if !errors.As(err, &wrong) {
		t.Errorf("strict: %v", err)
	}
}
