//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// There is no link to the running image here: os.Executable's name has to do.
const selfImage = ""

// system is empty: os.Process knows all there is to know.
type system struct{}

func supported(Spec) error { return nil }

func sysProcAttr(shared bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: !shared}
}

func (c *Child) adopt() error { return nil }

// awaitDeath returns once the child is dead. It does not reap. It blocks a
// thread for the child's whole life.
func (c *Child) awaitDeath() {
	kq, err := unix.Kqueue()
	if err != nil {
		return // reap waits then, and kills the group a moment late
	}
	defer unix.Close(kq)
	unix.CloseOnExec(kq)
	var change, event [1]unix.Kevent_t
	unix.SetKevent(&change[0], c.PID(), unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	change[0].Fflags = unix.NOTE_EXIT
	changes := change[:]
	for {
		n, err := unix.Kevent(kq, changes, event[:], nil)
		if err == unix.EINTR {
			changes = nil // registered before the wait was interrupted
			continue
		}
		if n > 0 || err != nil {
			return // dead, or dead before we asked (ESRCH)
		}
	}
}

// reap kills the dead child's process group, while the zombie still owns its
// number, and reaps the child. The caller holds mu.
func (c *Child) reap() Status {
	if !c.shared {
		unix.Kill(-c.PID(), unix.SIGKILL)
	}
	st, err := c.proc.Wait()
	s := newStatus(st, err)
	if err != nil {
		return s
	}
	if ru, ok := st.SysUsage().(*syscall.Rusage); ok {
		s.MaxRSS = int64(ru.Maxrss)
		if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
			s.MaxRSS <<= 10 // kilobytes on the others
		}
	}
	return s
}

// killTree kills the child and its process group. Descendants that have left
// the group are not found here. The caller holds mu.
func (c *Child) killTree() error {
	var err error
	if !c.shared {
		err = unix.Kill(-c.PID(), unix.SIGKILL)
	}
	if e := c.proc.Signal(os.Kill); e == nil || errors.Is(e, os.ErrProcessDone) {
		return nil
	}
	return err
}

func (c *Child) rss() (int64, error) {
	return 0, fmt.Errorf("child: no way to read another process's memory on %s without cgo: %w", runtime.GOOS, errors.ErrUnsupported)
}
