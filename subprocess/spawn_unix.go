//go:build unix

package subprocess

import (
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

// A launch is a plan on its way to a process: what the system is told of it,
// and what has to be done before and after.
type launch struct {
	*plan
	spec   child.Spec
	setsid bool
	group  *int                // to join; nil for one of its own, or ours if spec.Shared
	who    *syscall.Credential // nil for us
	system launchSystem        // what only this system needs
}

// start starts the program.
func (l *plan) start() (process, error) {
	if len(l.cmd.ExtraFiles) > 0 {
		opened, err := l.numberFiles()
		for _, f := range opened {
			defer f.Close()
		}
		if err != nil {
			return nil, err
		}
	}
	n := &launch{plan: l, spec: l.spec()}
	if err := n.prepare(); err != nil {
		return nil, err
	}
	if l.cmd.Unix.PreExec != nil {
		return n.prelude()
	}
	return n.launch()
}

// prepare turns the fields of the Cmd, which were checked, into what the system
// is told.
func (n *launch) prepare() (err error) {
	u := &n.cmd.Unix
	n.setsid = u.NewSession || n.cmd.Detach || n.cmd.PTY != nil
	if u.ProcessGroup != nil && *u.ProcessGroup > 0 {
		n.group = u.ProcessGroup
	}
	// Who reads from a terminal must be in the group that it serves: ours.
	reads := u.ProcessGroup == nil && !n.setsid && isTerminal(n.spec.Stdin)
	n.spec.Shared = n.cmd.Detach || n.group != nil || reads
	if n.who, err = credential(u); err != nil {
		return err
	}
	n.spec.Adjust = n.adjust
	return n.prepareSystem()
}

// adjust tells the system.
func (n *launch) adjust(a *syscall.SysProcAttr) {
	switch {
	case n.setsid:
		// Its leader has a group of the same number.
		a.Setsid, a.Setpgid = true, false
		if n.cmd.PTY != nil {
			a.Setctty, a.Ctty = true, 0
		}
	case n.group != nil:
		a.Setpgid, a.Pgid = true, *n.group
	}
	a.Credential = n.who
	n.adjustSystem(a)
}

// around is what happens around the start of the process, in this order: what
// would be inherited by accident is held back, the signals that are ignored are
// not for a moment, and then the process is started.
func (n *launch) around(start func() (*os.Process, error)) (*os.Process, error) {
	hold := holdBack(n.cmd)
	defer hold.release()
	return start()
}

// ownGroup says whether the process is the leader of a group of its own, all of
// which ends with it.
func (n *launch) ownGroup() bool { return !n.spec.Shared }
