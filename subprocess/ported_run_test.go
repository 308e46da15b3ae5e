//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

// What Run returns, for all of what it can be asked: RunFuncTestCase and the first cases of ProcessTestCase.
func TestPortedRun(t *testing.T) {
	leak.Check(t)
	upper := shCmd("tr a-z A-Z")
	for _, c := range []struct {
		name           string
		cmd            Cmd
		change         func(*Cmd)
		code           int
		stdout, stderr string // "-": nil
	}{
		{"code", shCmd("exit 47"), nil, 47, "-", "-"},
		{"zero", shCmd("exit 0"), func(c *Cmd) { c.Check = true }, 0, "-", "-"},
		{"abort", shCmd("kill -ABRT $$"), nil, -6, "-", "-"},
		{"stdout", shCmd("echo BDFL"), func(c *Cmd) { c.Stdout = Pipe }, 0, "BDFL\n", "-"},
		{"stderr", shCmd("echo BDFL >&2"), func(c *Cmd) { c.Stderr = Pipe }, 0, "-", "BDFL\n"},
		{"both", shCmd("echo BDFL; echo FLUFL >&2"), func(c *Cmd) { c.Capture = true }, 0, "BDFL\n", "FLUFL\n"},
		{"nothing", shCmd("exit 0"), func(c *Cmd) { c.Capture = true }, 0, "", ""},
		{"merged", shCmd("echo apple; echo orange >&2"), func(c *Cmd) { c.Stdout, c.Stderr = Pipe, Stdout }, 0, "apple\norange\n", "-"},
		{"input", upper, func(c *Cmd) { c.Input, c.Stdout = []byte("pear"), Pipe }, 0, "PEAR", "-"},
		{"empty input", upper, func(c *Cmd) { c.Input, c.Stdout = []byte{}, Pipe }, 0, "", "-"},
		{"file", upper, func(c *Cmd) { c.Stdin, c.Stdout = tempFile(t, "pear"), Pipe }, 0, "PEAR", "-"},
		{"reader", upper, func(c *Cmd) { c.Stdin, c.Stdout = strings.NewReader("pear"), Pipe }, 0, "PEAR", "-"},
		{"null", shCmd("cat; yes | head -c 1000000; yes | head -c 1000000 >&2"), func(c *Cmd) {
			c.Stdin, c.Stdout, c.Stderr = DevNull, DevNull, DevNull
		}, 0, "-", "-"},
		{"env", shCmd("test $FRUIT = banana && exit 33"), func(c *Cmd) { c.Env = append(os.Environ(), "FRUIT=banana") }, 33, "-", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := c.cmd
			if c.change != nil {
				c.change(&cmd)
			}
			got, err := Run(soon(t), cmd)
			if err != nil || got.Code != c.code {
				t.Errorf("code %d, %v; want %d", got.Code, err, c.code)
			}
			for _, s := range []struct {
				got  []byte
				want string
			}{{got.Stdout, c.stdout}, {got.Stderr, c.stderr}} {
				if (s.got == nil) != (s.want == "-") || s.got != nil && string(s.got) != s.want {
					t.Errorf("%q (nil: %v), want %q", s.got, s.got == nil, s.want)
				}
			}
		})
	}
}

// What fails is an error that has the code, the command and the output.
func TestPortedCheck(t *testing.T) {
	leak.Check(t)
	ctx := soon(t)
	five := shCmd("echo said; exit 5")
	checked := five
	checked.Check, checked.Capture = true, true
	for name, run := range map[string]func() error{
		"Run":         func() error { _, err := Run(ctx, checked); return err },
		"CheckCall":   func() error { c := five; c.Stdout = DevNull; return CheckCall(ctx, c) },
		"CheckOutput": func() error { _, err := CheckOutput(ctx, five); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := run()
			var failed *CalledProcessError
			if !errors.As(err, &failed) || failed.Code != 5 || failed.Args[2] != "echo said; exit 5" || !errors.Is(err, ErrSubprocess) {
				t.Fatalf("%#v", err)
			}
			if name != "CheckCall" && string(failed.Stdout) != "said\n" {
				t.Errorf("the output is %q", failed.Stdout)
			}
		})
	}
	if code, err := Call(ctx, shCmd("exit 47")); code != 47 || err != nil {
		t.Errorf("Call: %d, %v", code, err)
	}
	if err := CheckCall(ctx, shCmd("exit 0")); err != nil {
		t.Error("CheckCall:", err)
	}
	if out, err := CheckOutput(ctx, shCmd("echo BDFL")); string(out) != "BDFL\n" || err != nil {
		t.Errorf("CheckOutput: %q, %v", out, err)
	}
}

// CheckOutput with no input does what the caller would have said; with an empty one it is an end of file.
func TestPortedCheckOutput(t *testing.T) {
	ctx := soon(t)
	merged := shCmd("echo BDFL >&2")
	merged.Stderr = Stdout
	empty := shCmd("cat")
	empty.Input = []byte{}
	for _, c := range []struct {
		cmd  Cmd
		want string
	}{{merged, "BDFL\n"}, {empty, ""}} {
		if out, err := CheckOutput(ctx, c.cmd); string(out) != c.want || err != nil {
			t.Errorf("%v: %q, %v", c.cmd, out, err)
		}
	}
	for _, bad := range []func(*Cmd){
		func(c *Cmd) { c.Stdout = os.Stdout },
		func(c *Cmd) { c.Stdin, c.Input = DevNull, []byte("hare") },
	} {
		cmd := shCmd("echo will not be run")
		bad(&cmd)
		if out, err := CheckOutput(ctx, cmd); !errors.Is(err, ErrInvalidArgument) || len(out) > 0 {
			t.Errorf("%v: %q, %v", cmd, out, err)
		}
	}
}

// What excludes one another is refused, and the error names a field of both.
func TestPortedConflicts(t *testing.T) {
	f := tempFile(t, "")
	for _, c := range []struct {
		change func(*Cmd)
		fields string
	}{
		{func(c *Cmd) { c.Stdin, c.Input = f, []byte("x") }, "Stdin Input"},
		{func(c *Cmd) { c.Stdout, c.Capture = f, true }, "Stdout Capture"},
		{func(c *Cmd) { c.Stderr, c.Capture = f, true }, "Stderr Capture"},
		{func(c *Cmd) { c.Stdout = Stdout }, "Stdout"},
		{func(c *Cmd) { c.Stdin = Stdout }, "Stdin"},
		{func(c *Cmd) { c.Args = nil }, "Args"},
		{func(c *Cmd) { c.Args = []string{"true\x00"} }, "Args[0]"},
		{func(c *Cmd) { c.Args = []string{"true", "x\x00"} }, "Args[1]"},
		{func(c *Cmd) { c.Env = []string{"FRUIT\x00VEGETABLE=cabbage"} }, "Env[0]"},
		{func(c *Cmd) { c.Env = []string{"FRUIT=orange\x00VEGETABLE=cabbage"} }, "Env[0]"},
		{func(c *Cmd) { c.Dir = "a\x00b" }, "Dir"},
	} {
		cmd := shCmd("echo will not be run")
		c.change(&cmd)
		_, err := Run(soon(t), cmd)
		var bad *ArgumentError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", c.fields, err)
			continue
		}
		for _, field := range strings.Fields(c.fields) {
			if !strings.Contains(err.Error(), field) {
				t.Errorf("%v does not name %s", err, field)
			}
		}
	}
	got, err := Run(soon(t), Cmd{Args: []string{"sh", "-c", "echo $FRUIT"}, Env: []string{"FRUIT=orange=lemon"}, Capture: true})
	if string(got.Stdout) != "orange=lemon\n" || err != nil {
		t.Errorf("a value with a = is %q, %v", got.Stdout, err)
	}
}

// A time limit kills what does not end by itself, and has the output so far.
func TestPortedTimeout(t *testing.T) {
	leak.Check(t)
	r, w := io.Pipe()
	ctx, cancel := context.WithCancelCause(soon(t))
	enough := errors.New("that is enough")
	go func() {
		io.ReadFull(r, make([]byte, 5)) // it has started
		cancel(enough)
		io.Copy(io.Discard, r)
	}()
	cmd := shCmd("printf BDFL; printf ready >&2; while :; do :; done")
	cmd.Stdout, cmd.Stderr = Pipe, w
	c, err := Run(ctx, cmd)
	w.Close()
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || !timeout.Ended || timeout.Code != -9 || string(timeout.Stdout) != "BDFL" {
		t.Fatalf("%+v, %v", c, err)
	}
	if !errors.Is(err, context.Canceled) || !errors.Is(err, enough) || timeout.Timeout() || !errors.Is(err, ErrSubprocess) {
		t.Errorf("%v matches too little, or too much", err)
	}
	if c.Code != -9 || string(c.Stdout) != "BDFL" {
		t.Errorf("beside the error: %+v", c)
	}
	// A context that ends in no time: the program may have been started, or not.
	ctx2, cancel2 := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel2()
	if _, err := Run(ctx2, shCmd("while :; do :; done")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// A shell that is killed leaves a sleep with the pipes; nobody waits for that.
func TestPortedTimeoutOfShell(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	cmd := Shell("sleep 1000; true")
	cmd.Capture = true
	if _, err := Run(ctx, cmd); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestPortedGetOutput(t *testing.T) {
	ctx := soon(t)
	if out, err := GetOutput(ctx, Shell("echo xyzzy")); out != "xyzzy" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if code, out, err := GetStatusOutput(ctx, Shell("echo xyzzy")); code != 0 || out != "xyzzy" || err != nil {
		t.Errorf("%d, %q, %v", code, out, err)
	}
	if code, out, err := GetStatusOutput(ctx, Shell("cat "+Quote(t.TempDir()+"/foo"))); code == 0 || !strings.Contains(out, "foo") || err != nil {
		t.Errorf("a file that is not there: %d, %q, %v", code, out, err)
	}
}

// A time limit is the same for those that return less.
func TestPortedCallTimeout(t *testing.T) {
	leak.Check(t)
	for name, run := range map[string]func(context.Context, Cmd) error{
		"Call":        func(ctx context.Context, c Cmd) error { _, err := Call(ctx, c); return err },
		"CheckCall":   CheckCall,
		"CheckOutput": func(ctx context.Context, c Cmd) error { _, err := CheckOutput(ctx, c); return err },
		"GetOutput":   func(ctx context.Context, c Cmd) error { _, err := GetOutput(ctx, c); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := run(ctx, shCmd("sleep 1000; true"))
		cancel()
		var timeout *TimeoutError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Ended || !timeout.Timeout() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is known of a program can be checked, and shown.
func TestPortedCompleted(t *testing.T) {
	cmd := shCmd("echo one; exit 3", "geheim")
	cmd.Stdout, cmd.Secrets = Pipe, []string{"geheim"}
	c, err := Run(soon(t), cmd)
	if err != nil {
		t.Fatal(err)
	}
	var failed *CalledProcessError
	if err := c.Check(); !errors.As(err, &failed) || failed.Code != 3 || string(failed.Stdout) != "one\n" {
		t.Error(err)
	}
	if s := c.String(); !strings.Contains(s, "code 3") || !strings.Contains(s, "stdout") || strings.Contains(s, "stderr") || strings.Contains(s, "geheim") {
		t.Error(s)
	}
	if c.Args[4] != "***" {
		t.Error(c.Args)
	}
	if c.Code = 0; c.Check() != nil {
		t.Error(c.Check())
	}
}

// No shell sees an argument, whatever is in it.
func TestPortedNoShell(t *testing.T) {
	for _, arg := range []string{"; exit 1", "$HOME `id` $(id)", "a  b\tc\nd", "*", "~", "'\"\\", ">file", "&", "-n", "", "ü\xff"} {
		c, err := Run(soon(t), Cmd{Args: []string{"printf", "%s|", arg, "end"}, Capture: true})
		if string(c.Stdout) != arg+"|end|" || c.Code != 0 || err != nil {
			t.Errorf("%q: %q, %d, %v", arg, c.Stdout, c.Code, err)
		}
	}
}
