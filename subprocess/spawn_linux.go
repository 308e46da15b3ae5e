package subprocess

import (
	"os"
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

// launchSystem is the Linux part of a launch.
type launchSystem struct {
	guarded *ward   // its entry with the guardian, nil for none
	leashed bool    // it gets SIGKILL when the thread that starts it ends
	cgroup  *cgroup // its own, nil for none
	umask   int     // -1 for ours
	err     error   // why the process was ended as soon as it began
}

// prepareSystem decides how the program's life is tied to ours. A guardian is
// the better way, since it ends all of the tree. Without one the kernel sends
// SIGKILL to the program, and only to it; with one it must not do that, since a
// tree without its root is not found any more.
func (n *launch) prepareSystem() (err error) {
	s := &n.system
	s.umask = -1
	if m := n.cmd.Unix.Umask; m != nil {
		s.umask = int(*m)
	}
	if dir := n.cmd.Unix.Cgroup; dir != "" {
		if s.cgroup, err = newCgroup(dir); err != nil {
			return err
		}
	}
	if !n.cmd.Detach {
		s.guarded = guardian.take()
		s.leashed = s.guarded == nil && startersReady()
	}
	return nil
}

func (n *launch) adjustSystem(a *syscall.SysProcAttr) {
	if n.system.leashed {
		a.Pdeathsig = syscall.SIGKILL
	}
	if n.traced() {
		a.Ptrace = true
	}
	if g := n.system.cgroup; g != nil {
		a.UseCgroupFD, a.CgroupFD = true, g.fd
	}
}

// traced says whether the program is stopped at its beginning, to be limited.
// The prelude limits itself.
func (n *launch) traced() bool {
	return n.cmd.Limits != Limits{} && n.cmd.Unix.PreExec == nil
}

// launch starts the process.
func (n *launch) launch() (process, error) {
	s := &n.system
	n.spec.Around = n.aroundThread
	n.spec.Ended = n.ended
	c, err := child.Start(n.spec)
	if err != nil {
		n.ended()
		if s.err != nil {
			return nil, s.err
		}
		return nil, n.failed(err)
	}
	if s.cgroup != nil {
		return &grouped{c, s.cgroup}, nil
	}
	return c, nil
}

// ended gives back what the process had, when it has been reaped, or could not
// be started.
func (n *launch) ended() {
	if g := n.system.cgroup; g != nil {
		g.end()
	}
	if w := n.system.guarded; w != nil {
		w.release()
	}
}

// aroundThread starts the process on the thread that it must be started on.
func (n *launch) aroundThread(start func() (*os.Process, error)) (*os.Process, error) {
	return n.around(func() (p *os.Process, err error) {
		run := func() { p, err = n.begin(start) }
		switch {
		case n.system.umask >= 0:
			if e := withUmask(n.system.umask, run); e != nil {
				err = bad("Unix.Umask", "the thread that is to have it cannot: %w", e)
			}
		case n.system.leashed || n.traced():
			onStarter(run)
		default:
			run()
		}
		return p, err
	})
}

// begin starts the process, on whatever thread this is, and does at once what
// must be done before anybody waits for it.
func (n *launch) begin(start func() (*os.Process, error)) (*os.Process, error) {
	s := &n.system
	from := child.SinceBoot()
	p, err := start()
	if err != nil {
		return nil, err
	}
	if s.guarded != nil {
		s.guarded.set(p.Pid, child.Span{From: from, To: child.SinceBoot()}, n.ownGroup())
	}
	if n.traced() {
		if s.err = limitTraced(p.Pid, &n.cmd.Limits); s.err != nil {
			p.Kill()
			p.Wait()
			return nil, s.err
		}
	}
	return p, nil
}
