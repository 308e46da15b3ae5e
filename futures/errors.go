package futures

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/remote"
)

// Errors to be tested with errors.Is.
var (
	// ErrCancelled: the future was cancelled before it started.
	ErrCancelled = errors.New("futures: cancelled")

	// ErrStillRunning: the wait ran out, the task goes on. The error that
	// matches it also matches the error of the context that was waited
	// under.
	ErrStillRunning = errors.New("futures: still running")

	// ErrShutdown: the executor takes no more tasks.
	ErrShutdown = errors.New("futures: executor is shut down")

	// ErrBroken: the executor cannot run anything any more; the error that
	// matches it says why.
	ErrBroken = errors.New("futures: executor is broken")

	// ErrInvalidState: the operation is not allowed in the future's state.
	ErrInvalidState = errors.New("futures: invalid state")

	// ErrKilled: the task was ended by Kill.
	ErrKilled = errors.New("futures: killed")

	// ErrWorkerDied: the process that ran the task died. The error that
	// matches it is a *WorkerDiedError.
	ErrWorkerDied = errors.New("futures: worker died")

	// ErrGoexit: the task ended its goroutine with runtime.Goexit, as
	// testing's FailNow does.
	ErrGoexit = errors.New("futures: task called runtime.Goexit")

	// ErrNotEncodable: an argument or result has a type or value that
	// cannot leave the process; the error that matches it names both.
	ErrNotEncodable = errors.New("futures: cannot be sent to another process")
)

func init() {
	// They keep their identity when a task in another process returns them.
	for name, err := range map[string]error{
		"ErrCancelled": ErrCancelled, "ErrStillRunning": ErrStillRunning, "ErrShutdown": ErrShutdown,
		"ErrBroken": ErrBroken, "ErrInvalidState": ErrInvalidState, "ErrKilled": ErrKilled,
		"ErrWorkerDied": ErrWorkerDied, "ErrGoexit": ErrGoexit, "ErrNotEncodable": ErrNotEncodable,
	} {
		remote.Register("conex/futures."+name, err)
	}
}

// A WorkerDiedError says how the process died that ran a task, and why as far
// as that is known. It matches [ErrWorkerDied], and its Cause.
type WorkerDiedError struct {
	Func     string         // name of the function that ran; "" if none did
	PID      int            // of the dead worker
	ExitCode int            // -1 if a signal ended it
	Signal   syscall.Signal // 0 if it exited
	Stderr   string         // the last of what the worker wrote to standard error
	MaxRSS   int64          // its peak memory in bytes; 0 if unknown, as on Linux when it stayed below the parent's
	Limit    string         // the limit that ended it: "memory", "time", or ""
	Ran      time.Duration  // how long the task had run, 0 if unknown
	Attempts int            // how often the task was tried
	Stack    string         // where the task was when its time was over, if the engine can tell

	// Cause is why Conex ended the worker: the context's error, [ErrKilled],
	// or nil if the worker died by itself.
	Cause error
}

// Error says it in one line, with the last line of Stderr.
func (e *WorkerDiedError) Error() string {
	var b strings.Builder
	b.WriteString("futures: worker")
	if e.PID != 0 {
		fmt.Fprintf(&b, " %d", e.PID)
	}
	switch {
	case e.Cause != nil:
		fmt.Fprintf(&b, " killed (%v)", e.Cause)
	case e.Signal != 0:
		fmt.Fprintf(&b, " died of signal %d (%v)", int(e.Signal), e.Signal)
	default:
		fmt.Fprintf(&b, " exited with code %d", e.ExitCode)
	}
	if e.Func != "" {
		fmt.Fprintf(&b, " while it ran %q", e.Func)
	}
	if e.Ran > 0 {
		fmt.Fprintf(&b, " for %v", e.Ran.Round(time.Millisecond))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", attempt %d", e.Attempts)
	}
	if e.Limit != "" {
		fmt.Fprintf(&b, "; %s limit reached", e.Limit)
	}
	if e.MaxRSS > 0 {
		fmt.Fprintf(&b, "; peak memory %.1f MiB", float64(e.MaxRSS)/(1<<20))
	}
	if s := firstLine(e.Stderr); s != "" {
		fmt.Fprintf(&b, "; stderr: %s", s)
	}
	return b.String()
}

// Unwrap returns ErrWorkerDied and the Cause.
func (e *WorkerDiedError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrWorkerDied}
	}
	return []error{ErrWorkerDied, e.Cause}
}

// firstLine picks the line that says most: Go's own fatal errors start with
// it and go on with stacks; else the last line.
func firstLine(s string) string {
	last := ""
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		for _, p := range []string{"fatal error:", "panic:", "runtime:", "runtime/cgo:", "SIG", "Fatal Python error:"} {
			if strings.HasPrefix(line, p) {
				return clip(line)
			}
		}
		if line != "" {
			last = line
		}
	}
	return clip(last)
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// A PanicError is a panic in a task, wherever it ran.
type PanicError struct {
	// Value is what was given to panic. If the task ran in another process
	// it is that value's text.
	Value any
	// Stack is where it happened, as debug.Stack prints it.
	Stack []byte
}

// Error gives the panic's text without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("futures: task panicked: %v", e.Value) }

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
