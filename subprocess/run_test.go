//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

func TestRunCodes(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		line string
		code int
	}{{"exit 0", 0}, {"exit 1", 1}, {"exit 255", 255}, {"kill -9 $$", -9}, {"kill -TERM $$", -15}, {"no-such-command 2>/dev/null", 127}} {
		cmd := sh(c.line)
		got, err := subprocess.Run(within(t), cmd)
		if got.Code != c.code || err != nil || got.Usage.Wall <= 0 {
			t.Errorf("%s: %+v, %v", c.line, got, err)
		}
		cmd.Check, cmd.Capture = true, true
		got, err = subprocess.Run(within(t), cmd)
		var failed *subprocess.CalledProcessError
		if errors.As(err, &failed) != (c.code != 0) || got.Code != c.code {
			t.Errorf("%s: %v", c.line, err)
		}
		if failed != nil && (failed.Code != c.code || failed.Stdout == nil || len(failed.Args) != 3 || !errors.Is(err, subprocess.ErrSubprocess)) {
			t.Errorf("%s: %+v", c.line, failed)
		}
		if code, err := subprocess.Call(within(t), sh(c.line)); code != c.code || err != nil {
			t.Errorf("Call: %s: %d, %v", c.line, code, err)
		}
		if err := subprocess.CheckCall(within(t), sh(c.line)); errors.As(err, &failed) != (c.code != 0) {
			t.Errorf("CheckCall: %s: %v", c.line, err)
		}
		if err := got.Check(); errors.As(err, &failed) != (c.code != 0) {
			t.Errorf("Check: %s: %v", c.line, err)
		}
	}
}

// The end of the context ends the tree; what it wrote is there.
func TestRunTimeout(t *testing.T) {
	leak.Check(t)
	cause := errors.New("no patience")
	for name, cmd := range map[string]subprocess.Cmd{
		"at once": sh("echo out; echo err >&2; sleep 100 & sleep 100"),
		"grace":   sh("trap 'echo bye; exit 0' TERM; echo out; echo err >&2; sleep 100 & wait"),
		"ignores": sh("trap '' TERM; echo out; echo err >&2; sleep 100 & wait"),
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			want, code := "out\n", -int(syscall.SIGKILL)
			switch name {
			case "grace":
				cmd.Grace = 20 * time.Second
				want, code = "out\nbye\n", 0
			case "ignores":
				cmd.Grace = time.Millisecond
			}
			// It ends when both lines are there, whenever that is.
			ctx, cancel := context.WithCancelCause(t.Context())
			cmd.Stdout, cmd.Stderr = subprocess.Pipe, &trigger{func() { cancel(cause) }}
			c, err := subprocess.Run(ctx, cmd)
			var late *subprocess.TimeoutError
			if !errors.As(err, &late) || !late.Ended || late.Code != code || string(late.Stdout) != want || late.Stderr != nil {
				t.Fatalf("%+v, %v", late, err)
			}
			if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || late.Timeout() {
				t.Error(err)
			}
			if c.Code != code || string(c.Stdout) != want {
				t.Error(c)
			}
		})
	}
}

// A trigger calls f at the first Write.
type trigger struct{ f func() }

func (w *trigger) Write(b []byte) (int, error) {
	w.f()
	return len(b), nil
}

func TestRunAfterTheEnd(t *testing.T) {
	if _, err := subprocess.Run(over(), sh("exit 0")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A program with Detach is not ended, so Run can only stop waiting.
func TestRunDetached(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := stuckReader{make(chan struct{})}
	cmd := subprocess.Cmd{Args: []string{"sh", "-c", "echo; cat; exit 7"}, Stdin: r, Stdout: &trigger{cancel}, Detach: true, Drain: time.Millisecond}
	_, err := subprocess.Run(ctx, cmd)
	var late *subprocess.TimeoutError
	if !errors.As(err, &late) || late.Ended || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(r.free)
}

func TestCheckOutput(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	if out, err := subprocess.CheckOutput(ctx, subprocess.Command("echo", "a b", "*")); string(out) != "a b *\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	cmd := sh("echo out; echo err >&2; exit 2")
	cmd.Stderr = subprocess.Stdout
	out, err := subprocess.CheckOutput(ctx, cmd)
	var failed *subprocess.CalledProcessError
	if string(out) != "out\nerr\n" || !errors.As(err, &failed) || failed.Code != 2 || string(failed.Stdout) != "out\nerr\n" || failed.Stderr != nil {
		t.Errorf("%q, %v", out, err)
	}
	cmd.Stderr, cmd.Capture = nil, true
	out, err = subprocess.CheckOutput(ctx, cmd)
	if string(out) != "out\n" || !errors.As(err, &failed) || string(failed.Stderr) != "err\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestGetOutput(t *testing.T) {
	leak.Check(t)
	ctx := within(t)
	for _, c := range []struct {
		line, text string
		code       int
	}{
		{"echo hi", "hi", 0},
		{"echo; echo", "\n", 0},
		{"printf hi", "hi", 0},
		{`printf 'a\r\nb\r\n'`, "a\nb", 0},
		{"echo out; echo err >&2; exit 3", "out\nerr", 3},
		{"exit 1", "", 1},
		{"kill -KILL $$", "", -9},
	} {
		code, text, err := subprocess.GetStatusOutput(ctx, sh(c.line))
		if code != c.code || text != c.text || err != nil {
			t.Errorf("%s: %d, %q, %v", c.line, code, text, err)
		}
		if text, err := subprocess.GetOutput(ctx, sh(c.line)); text != c.text || err != nil {
			t.Errorf("%s: %q, %v", c.line, text, err)
		}
	}
	latin := sh(`printf 'caf\351\n'`)
	latin.Text = &subprocess.Text{Decode: latin1}
	if text, err := subprocess.GetOutput(ctx, latin); text != "café" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestOutputThatCannotBe(t *testing.T) {
	ctx := within(t)
	call := func(cmd subprocess.Cmd) error { _, err := subprocess.Call(ctx, cmd); return err }
	output := func(cmd subprocess.Cmd) error { _, err := subprocess.CheckOutput(ctx, cmd); return err }
	get := func(cmd subprocess.Cmd) error { _, err := subprocess.GetOutput(ctx, cmd); return err }
	for i, c := range []struct {
		f     func(subprocess.Cmd) error
		cmd   subprocess.Cmd
		field string
	}{
		{call, subprocess.Cmd{Capture: true}, "Capture"},
		{call, subprocess.Cmd{Stdout: subprocess.Pipe}, "Stdout"},
		{call, subprocess.Cmd{Stderr: subprocess.Pipe}, "Stderr"},
		{output, subprocess.Cmd{Stdout: subprocess.DevNull}, "Stdout"},
		{get, subprocess.Cmd{Capture: true}, "Capture"},
		{get, subprocess.Cmd{Stdout: subprocess.DevNull}, "Stdout"},
		{get, subprocess.Cmd{Stderr: subprocess.Pipe}, "Stderr"},
	} {
		c.cmd.Args = []string{"true"}
		var bad *subprocess.ArgumentError
		if err := c.f(c.cmd); !errors.As(err, &bad) || bad.Field != c.field {
			t.Errorf("%d: %v, want %s", i, err, c.field)
		}
	}
}

func TestCompletedString(t *testing.T) {
	c := subprocess.Completed{Args: []string{"git", "push"}, Code: 1, Stderr: []byte("no")}
	for _, want := range []string{"git push", "code 1", "stderr 2 bytes"} {
		if !strings.Contains(c.String(), want) {
			t.Errorf("%s: no %s", c, want)
		}
	}
	if strings.Contains(c.String(), "stdout") {
		t.Error(c)
	}
}
