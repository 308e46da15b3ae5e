package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/mperr"
	"github.com/conexgo/conex/multiprocessing/connection"
)

// ErrProcess is matched by every error of this package that is no misuse of a
// lock or a queue, which match those of packages threading and queue: Python's
// ProcessError.
var ErrProcess = mperr.ErrProcess

// Errors to be tested with errors.Is.
var (
	// ErrTimeout says that the context of a wait for a pool ended first; other
	// waits end with what their context says. It matches
	// context.DeadlineExceeded as well: Python's multiprocessing.TimeoutError.
	ErrTimeout error = timeoutError{}

	// ErrAuthentication says that the other side of a connection does not know
	// the key.
	ErrAuthentication = mperr.ErrAuthentication

	// ErrOwnerDied comes with a lock that was taken over from a process which
	// died while it held it. The caller holds the lock now; what it protects may
	// be half changed.
	ErrOwnerDied = failure("the process that held the lock has died: what it protects may be half changed")

	// ErrClosed says that the object was closed by this process.
	ErrClosed = mperr.ErrClosed

	// ErrCorrupt says that memory shared with other processes holds what this
	// package never writes there: another program has changed it.
	ErrCorrupt = mperr.ErrCorrupt

	// ErrStartMethod says that there is no such start method, that this system
	// does not have it, or that another one was chosen before.
	ErrStartMethod = failure("start method")

	// ErrAlreadyStarted says that a process can be started only once.
	ErrAlreadyStarted = failure("a process can be started only once")

	// ErrNotStarted says that the process was not started yet.
	ErrNotStarted = failure("the process was not started yet: call Start first")

	// ErrNotChild says that only the process that started another one can wait
	// for it and end it.
	ErrNotChild = failure("not a child of this process: only its parent can do that")

	// ErrJoinSelf says that a process cannot wait for its own end.
	ErrJoinSelf = failure("a process cannot join itself")

	// ErrDaemonChild says that daemonic processes must not have children, which
	// would be left behind when the daemon is ended.
	ErrDaemonChild = failure("a daemonic process must not start processes: make it no daemon")

	// ErrStillRunning says that the process has to end first.
	ErrStillRunning = failure("the process is still running: Join, Terminate or Kill it first")

	// ErrNotClosed says that the queue must be closed first.
	ErrNotClosed = failure("the queue is not closed: call Close before JoinThread")
)

// A BufferTooShortError is connection.BufferTooShortError: a message that does
// not fit into the buffer it was to be received into.
type BufferTooShortError = connection.BufferTooShortError

// failure makes an error that matches ErrProcess.
func failure(text string) error { return mperr.New("multiprocessing: " + text) }

type timeoutError struct{}

func (timeoutError) Error() string { return "multiprocessing: the time is over" }
func (timeoutError) Timeout() bool { return true }
func (timeoutError) Is(target error) bool {
	return target == ErrProcess || target == context.DeadlineExceeded
}
