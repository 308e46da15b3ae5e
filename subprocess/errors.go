package subprocess

import (
	"errors"
	"fmt"
	"time"
)

// Errors to be tested with errors.Is.
var (
	// ErrSubprocess is matched by every error that this package makes itself:
	// Python's SubprocessError. Those of the system, a program that is not there
	// for example, are *fs.PathErrors.
	ErrSubprocess = errors.New("subprocess: error")

	// ErrInvalidArgument is matched by every *ArgumentError.
	ErrInvalidArgument error = sentinel("subprocess: invalid argument")

	// ErrRefused is matched by the error of a start that a hook of
	// [AddAuditHook] has refused. The hook's own error is matched, too.
	ErrRefused error = sentinel("subprocess: an audit hook refuses the start")
)

// A sentinel is an error that is an ErrSubprocess, too.
type sentinel string

func (s sentinel) Error() string { return string(s) }

func (s sentinel) Is(target error) bool { return target == ErrSubprocess }

// An ArgumentError says that a field of a Cmd, or an argument, cannot be.
// Nothing was started. What this system has not got matches
// errors.ErrUnsupported.
type ArgumentError struct {
	Field  string // "Args[2]", "Unix.User"
	Reason string // what is wrong with it, and what to do
	Err    error  // the reason's own error, or nil
}

func (e *ArgumentError) Error() string {
	return fmt.Sprintf("subprocess: %s: %s", e.Field, e.Reason)
}

// Unwrap returns Err.
func (e *ArgumentError) Unwrap() error { return e.Err }

// Is reports whether target is ErrInvalidArgument or ErrSubprocess.
func (e *ArgumentError) Is(target error) bool {
	return target == ErrInvalidArgument || target == ErrSubprocess
}

// bad makes an ArgumentError. An error among the arguments is unwrapped.
func bad(field, format string, args ...any) *ArgumentError {
	err := fmt.Errorf(format, args...)
	return &ArgumentError{Field: field, Reason: err.Error(), Err: errors.Unwrap(err)}
}

// A CalledProcessError says that a program which was to succeed did not. Its
// text is like "command git push: exit status 1: fatal: no remote", with the
// last line of Stderr if that was captured.
type CalledProcessError struct {
	// Completed is what is known of it. Its Args have no Secrets.
	Completed
}

// Error names the command, how it ended, and the last line of Stderr. Secrets in
// them are masked; Stderr itself is as the program wrote it.
func (e *CalledProcessError) Error() string {
	text := fmt.Sprintf("command %s: %s", shownCommand(e.Args), howItEnded(e.Code))
	last := lastLine(e.Stderr)
	if e.mask != nil {
		last = e.mask(last)
	}
	if last = shorten(last); last != "" {
		text += ": " + last
	}
	return text
}

// Is reports whether target is ErrSubprocess.
func (e *CalledProcessError) Is(target error) bool { return target == ErrSubprocess }

// A TimeoutError says that the context of a call ended before the program did.
// It matches what the context ended with: context.DeadlineExceeded or
// context.Canceled, and its cause.
type TimeoutError struct {
	// Completed is what is known of it: the output so far, as bytes also in text
	// mode. Code is valid if Ended.
	Completed

	// Ended says whether the program has ended: Run ends it, Wait and
	// Communicate do not.
	Ended bool

	// Err is what the context ended with.
	Err error
}

// Error says how long the program had, and whether it has ended.
func (e *TimeoutError) Error() string {
	wall := e.Usage.Wall.Round(time.Millisecond)
	if !e.Ended {
		return fmt.Sprintf("command %s: still running after %v: %v", shownCommand(e.Args), wall, e.Err)
	}
	return fmt.Sprintf("command %s: ended after %v, %s: %v", shownCommand(e.Args), wall, howItEnded(e.Code), e.Err)
}

// Unwrap returns Err.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout reports whether it was a deadline, as net.Error's does.
func (e *TimeoutError) Timeout() bool { return isDeadline(e.Err) }

// Is reports whether target is ErrSubprocess.
func (e *TimeoutError) Is(target error) bool { return target == ErrSubprocess }

// An OutputError says that a program wrote more than Cmd.MaxCapture, and was
// killed. Completed has what came before.
type OutputError struct {
	Completed
	Stream string // "stdout" or "stderr"
	Max    int64  // Cmd.MaxCapture
}

// Error names the stream and what it may hold.
func (e *OutputError) Error() string {
	return fmt.Sprintf("command %s: more than %d bytes on %s, so it was killed: raise MaxCapture, or stream the output",
		shownCommand(e.Args), e.Max, e.Stream)
}

// Is reports whether target is ErrSubprocess.
func (e *OutputError) Is(target error) bool { return target == ErrSubprocess }
