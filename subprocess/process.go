package subprocess

import (
	"context"
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

// A process is what a Popen stands for: a real one, or one that a test plays.
// Its methods are safe for concurrent use.
type process interface {
	PID() int
	// Done is closed when the process is dead and reaped, and the rest of its
	// group killed.
	Done() <-chan struct{}
	// Status is valid after Done.
	Status() child.Status
	// Signal signals the process, SignalGroup its group, too. After the end the
	// error is os.ErrProcessDone.
	Signal(os.Signal) error
	SignalGroup(syscall.Signal) error
	// Kill kills the tree and does not wait for that.
	Kill() error
}

var _ process = (*child.Child)(nil)

// A plan is a Cmd that has been checked, and whose streams are open: all that
// is needed to start it.
type plan struct {
	ctx context.Context // Start's
	cmd *Cmd

	// after is called when the process has ended, and Done is closed. If inline
	// is true the process is one that has a method Watch, which who started it
	// calls: see child.Spec.
	after  func()
	inline bool

	path string   // the program, found
	args []string // what it gets
	env  []string // nil: ours

	// The program's descriptors. ours are those of them that were made for it
	// and are closed here when it has them.
	stdin, stdout, stderr *os.File
	extra                 []*os.File // from 3 on; nil for none
	ours                  []*os.File
}
