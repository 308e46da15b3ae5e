package subprocess

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestErrorTexts(t *testing.T) {
	git := []string{"git", "push", "my repo"}
	wall := Usage{Wall: 1500*time.Millisecond + 4321}
	for _, test := range []struct {
		err  error
		want string
	}{
		{&CalledProcessError{Completed: Completed{Args: git, Code: 1}}, "command git push 'my repo': exit status 1"},
		{&CalledProcessError{Completed: Completed{Args: git, Code: 128, Stderr: []byte("hint: x\nfatal: no remote\n\n  \n")}},
			"command git push 'my repo': exit status 128: fatal: no remote"},
		{&CalledProcessError{Completed: Completed{Args: git, Code: 2, Stderr: []byte("\x1b[31mred\r\n")}},
			`command git push 'my repo': exit status 2: \x1b[31mred`},
		{&CalledProcessError{Completed: Completed{Args: git, Code: 2, Stderr: []byte("50%\r100%\r")}}, "command git push 'my repo': exit status 2: 100%"},
		{&CalledProcessError{Completed: Completed{Args: git, Code: 2, Stderr: []byte(" \n")}}, "command git push 'my repo': exit status 2"},
		{&CalledProcessError{Completed{Args: []string{"x", "***"}, Code: 3, Stderr: []byte("bad s3!\n"), mask: (&Cmd{Secrets: []string{"s3"}}).masker()}},
			"command x '***': exit status 3: bad ***!"},
		{&CalledProcessError{Completed: Completed{Args: []string{"exit 3"}, Code: 3}}, "command 'exit 3': exit status 3"},
		{&TimeoutError{Completed: Completed{Args: git, Usage: wall}, Err: context.DeadlineExceeded},
			"command git push 'my repo': still running after 1.5s: context deadline exceeded"},
		{&TimeoutError{Completed: Completed{Args: git, Usage: wall, Code: 4}, Ended: true, Err: context.Canceled},
			"command git push 'my repo': ended after 1.5s, exit status 4: context canceled"},
		{&OutputError{Completed: Completed{Args: git}, Stream: "stdout", Max: 1024},
			"command git push 'my repo': more than 1024 bytes on stdout, so it was killed: raise MaxCapture, or stream the output"},
		{bad("Args[2]", "has a %s", "hole"), "subprocess: Args[2]: has a hole"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%s\nwant\n%s", got, test.want)
		}
		if !errors.Is(fmt.Errorf("x: %w", test.err), ErrSubprocess) {
			t.Errorf("%v is no ErrSubprocess", test.err)
		}
	}
	huge := (&CalledProcessError{Completed: Completed{Args: []string{strings.Repeat("x", 1<<20)}, Code: 1, Stderr: []byte(strings.Repeat("y", 1<<20))}}).Error()
	if len(huge) > 500 {
		t.Errorf("an error of %d bytes", len(huge))
	}
}

func TestHowItEnded(t *testing.T) {
	if runtime.GOOS == "windows" {
		for code, want := range map[int]string{0: "exit status 0", 1: "exit status 1", -1073741819: "exit status 0xc0000005"} {
			if got := howItEnded(code); got != want {
				t.Errorf("%d: %s", code, got)
			}
		}
		return
	}
	for code, want := range map[int]string{
		0: "exit status 0", 255: "exit status 255", -9: "died with signal SIGKILL", -15: "died with signal SIGTERM",
		-6: "died with signal SIGABRT", -11: "died with signal SIGSEGV", -77: "died with unknown signal 77",
	} {
		if got := howItEnded(code); got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}

func TestErrorsMatch(t *testing.T) {
	cause := errors.New("cause")
	timeout := &TimeoutError{Err: fmt.Errorf("%w: %w", context.DeadlineExceeded, cause)}
	for _, test := range []struct {
		err, target error
		want        bool
	}{
		{bad("x", "y: %w", io.EOF), io.EOF, true},
		{bad("x", "y"), io.EOF, false},
		{bad("x", "y"), ErrInvalidArgument, true},
		{timeout, context.DeadlineExceeded, true},
		{timeout, context.Canceled, false},
		{timeout, cause, true},
		{timeout, ErrInvalidArgument, false},
		{&CalledProcessError{}, ErrInvalidArgument, false},
		{ErrInvalidArgument, ErrSubprocess, true},
		{ErrRefused, ErrSubprocess, true},
		{ErrSubprocess, ErrRefused, false},
	} {
		if got := errors.Is(test.err, test.target); got != test.want {
			t.Errorf("errors.Is(%v, %v) = %v", test.err, test.target, got)
		}
	}
	if !timeout.Timeout() || (&TimeoutError{Err: context.Canceled}).Timeout() {
		t.Error("Timeout is wrong")
	}
	var done *CalledProcessError
	if err := fmt.Errorf("x: %w", error(&CalledProcessError{Completed: Completed{Code: -9}})); !errors.As(err, &done) || done.Code != -9 {
		t.Error(err)
	}
}
