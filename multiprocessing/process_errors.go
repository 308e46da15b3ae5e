package multiprocessing

import (
	"strconv"

	"github.com/conexgo/conex"
)

// An ExitError ends a process with a code of its own, and tells how one has
// ended: it is both what a process's function returns where Python calls
// sys.exit(n), and what [Process.Err] answers for a process that ended otherwise
// than by the return of its function. It is plain data.
type ExitError struct {
	// Code is the exit code, or the negative number of the signal that killed
	// the process. A function that returns an ExitError with code 0 has
	// succeeded. On unix only the lowest 8 bits of a code arrive.
	Code int
}

// Error names the code or the signal.
func (e *ExitError) Error() string {
	if e.Code < 0 {
		return "multiprocessing: process killed by " + signalName(-e.Code)
	}
	return "multiprocessing: process ended with exit code " + strconv.Itoa(e.Code)
}

// Is makes the error match [ErrProcess], and an ExitError with the same code.
func (e *ExitError) Is(target error) bool {
	o, ok := target.(*ExitError)
	return target == ErrProcess || ok && o.Code == e.Code
}

// about makes an error of this package of another one: it matches ErrProcess and
// what err matches.
func about(what string, err error) error { return &aboutError{what, err} }

type aboutError struct {
	what string
	err  error
}

func (e *aboutError) Error() string        { return "multiprocessing: " + e.what + ": " + e.err.Error() }
func (e *aboutError) Unwrap() error        { return e.err }
func (e *aboutError) Is(target error) bool { return target == ErrProcess }

// What a child's function returns may be an error of this package, and its
// parent wants to know which.
func init() {
	conex.RegisterType[*ExitError]("multiprocessing.ExitError")
	conex.RegisterError("multiprocessing.ErrProcess", ErrProcess)
	conex.RegisterError("multiprocessing.ErrStartMethod", ErrStartMethod)
	conex.RegisterError("multiprocessing.ErrAlreadyStarted", ErrAlreadyStarted)
	conex.RegisterError("multiprocessing.ErrNotStarted", ErrNotStarted)
	conex.RegisterError("multiprocessing.ErrNotChild", ErrNotChild)
	conex.RegisterError("multiprocessing.ErrJoinSelf", ErrJoinSelf)
	conex.RegisterError("multiprocessing.ErrDaemonChild", ErrDaemonChild)
	conex.RegisterError("multiprocessing.ErrStillRunning", ErrStillRunning)
}
