package child

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// Status says how a child died and what it had used. It is plain data.
type Status struct {
	// ExitCode is what the child passed to exit, or -1 if a signal killed it
	// or nobody knows (see Lost).
	ExitCode int

	// Signal is the signal that killed the child, 0 if it exited.
	Signal syscall.Signal

	// CoreDumped is whether that signal left a core dump.
	CoreDumped bool

	// Lost is set if other code in this program reaped the child (it called
	// wait4 with -1, which no library may): how it died is then unknown.
	Lost bool

	// MaxRSS is the child's peak resident memory in bytes, 0 if unknown.
	MaxRSS int64

	// MaxRSSBound is set if MaxRSS is only an upper bound. Linux starts a
	// child's account with the peak of the program that started it, so a
	// child that stayed below its parent's peak cannot be told more exactly
	// once it is dead, unless Kill had looked while it lived.
	MaxRSSBound bool

	// User and System are the processor time of the child and of those of its
	// descendants that it waited for.
	User, System time.Duration
}

// String returns the cause of death: "exit code 2", "signal: killed",
// "signal: aborted (core dumped)".
func (s Status) String() string {
	switch {
	case s.Lost:
		return "unknown: reaped by other code"
	case s.Signal != 0 && s.CoreDumped:
		return fmt.Sprintf("signal: %v (core dumped)", s.Signal)
	case s.Signal != 0:
		return fmt.Sprintf("signal: %v", s.Signal)
	default:
		return fmt.Sprintf("exit code %d", s.ExitCode)
	}
}

// newStatus reads what the system says about a reaped process. maxRSS is added
// by those who know the unit.
func newStatus(st *os.ProcessState, err error) Status {
	if err != nil {
		return Status{ExitCode: -1, Lost: true}
	}
	s := Status{ExitCode: st.ExitCode(), User: st.UserTime(), System: st.SystemTime()}
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		s.ExitCode = -1
		s.Signal = ws.Signal()
		s.CoreDumped = ws.CoreDump()
	}
	return s
}
