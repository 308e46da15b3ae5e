package child

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// selfImage is the running program's image, not its name: the link works when
// the file was replaced or deleted. In the child of a vfork it still leads to
// the parent's image, for until it executes the child has no other.
const selfImage = "/proc/self/exe"

// system is the Linux part of a Child.
type system struct {
	// ownBound is no less than this program's peak resident memory right after
	// the start: what the kernel charged the child with before it ran. Owned by
	// watch.
	ownBound int64

	// peak is the child's own peak, read by Kill while the child was stopped,
	// 0 if it was not read. Under Child.mu.
	peak int64

	// known are the descendants that Remember has found. Under Child.mu.
	known map[int]*node
}

// noPidfd makes the package behave as on a kernel without process descriptors,
// or in a container that refuses them. Tests set it.
var noPidfd = false

func supported(Spec) error { return nil }

// sysProcAttr asks for a process group of the child's own, so that most of a
// tree can be killed by one call. Pdeathsig is left out on purpose, see doc.go.
func sysProcAttr(shared bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: !shared}
}

func (c *Child) adopt() error { return nil }

// awaitDeath returns once the child is dead. It does not reap: the zombie holds
// the pid and the group's number until reap.
//
// The pidfd becomes readable at the death, so the wait is the runtime poller's
// and costs no thread. Only that takes longer to set up than many a program
// runs: first, a thread waits for a moment.
func (c *Child) awaitDeath() {
	c.sys.ownBound = ownBound()
	if c.diesSoon() {
		return
	}
	if f := c.pidFile(); f != nil {
		defer f.Close()
		if rc, err := f.SyscallConn(); err == nil {
			err = rc.Read(func(fd uintptr) bool {
				return dead(unix.P_PIDFD, int(fd), unix.WNOHANG)
			})
			if err == nil {
				return
			}
		}
	}
	// No pidfd here, or no descriptor to be had (EMFILE): a blocked thread
	// waits just as well. Nobody else reaps, so the number is the child's.
	dead(unix.P_PID, c.PID(), 0)
}

// How long a thread waits for a young child, and how many do so at most.
const (
	youth   = 5 * time.Millisecond
	waiters = 4
)

// waiting is how many do.
var waiting atomic.Int32

// diesSoon waits for a moment and says whether the child has died meanwhile.
func (c *Child) diesSoon() (died bool) {
	defer waiting.Add(-1)
	if waiting.Add(1) > waiters || noPidfd {
		return false
	}
	c.proc.WithHandle(func(h uintptr) {
		p := []unix.PollFd{{Fd: int32(h), Events: unix.POLLIN}}
		n, err := unix.Poll(p, int(youth.Milliseconds()))
		died = n > 0 && err == nil
	})
	return died
}

// dead says whether the process is dead, without reaping it; with flags 0 it
// waits for that. A process that was reaped by somebody else is dead as well.
func dead(idType, id, flags int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(idType, id, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		switch err {
		case nil:
			return info.Signo == int32(unix.SIGCHLD) // 0: still alive
		case unix.EINTR:
		case unix.EAGAIN:
			// A non-blocking pidfd without WNOHANG: not dead yet.
			return false
		default:
			return true
		}
	}
}

// pidFile returns a duplicate of the child's pidfd that the runtime poller
// watches, nil if there is none. The caller closes it.
func (c *Child) pidFile() *os.File {
	if noPidfd {
		return nil
	}
	fd := -1
	err := c.proc.WithHandle(func(h uintptr) {
		if n, err := unix.FcntlInt(h, unix.F_DUPFD_CLOEXEC, 3); err == nil {
			fd = n
		}
	})
	if err != nil || fd < 0 {
		return nil
	}
	// os.NewFile gives only non-blocking descriptors to the poller. The mode
	// belongs to the open file, hence to os.Process's own descriptor too, whose
	// Wait would now fail on a living child; watch calls it on dead ones only.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil
	}
	return os.NewFile(uintptr(fd), "pidfd")
}

// reap kills the dead child's process group, reaps the child and says how it
// died. The caller holds mu. It does not block.
func (c *Child) reap() Status {
	if !c.shared && !c.lost() {
		// The zombie still owns the number, so this is its group and no other.
		// The kernel delivers to all members under one lock: none can fork away.
		unix.Kill(-c.PID(), unix.SIGKILL)
	}
	c.forget()
	st, err := c.proc.Wait()
	s := newStatus(st, err)
	if err != nil {
		return s
	}
	ru, ok := st.SysUsage().(*syscall.Rusage)
	if !ok {
		return s
	}
	s.MaxRSS = int64(ru.Maxrss) << 10 // an int32 on 32 bits
	if s.MaxRSS <= c.sys.ownBound && withinOwnPeak(s.MaxRSS) {
		// At exec the kernel enters the peak of the memory that the child
		// shared with us until then. Only more than that is the child's own.
		s.MaxRSSBound = true
		if c.sys.peak > 0 {
			s.MaxRSS, s.MaxRSSBound = c.sys.peak, false
		}
	}
	return s
}

// ownBound returns a bound of what peakRSS says of this program, in a fraction of
// the time: it also counts the program that executed this one.
func ownBound() int64 {
	var ru unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &ru) != nil {
		return math.MaxInt64
	}
	return int64(ru.Maxrss) << 10
}

// ownPeak is the last that peakRSS said of this program. It only grows.
var ownPeak atomic.Int64

// withinOwnPeak says whether this program has had that much memory by now. To
// read the figure takes as long as many other things together, hence only if
// the last one does not say enough.
func withinOwnPeak(rss int64) bool {
	if rss <= ownPeak.Load() {
		return true
	}
	now := peakRSS("self")
	ownPeak.Store(now)
	return rss <= now
}

// lost says whether somebody else has reaped the child, so that its number may
// be another's by now.
func (c *Child) lost() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, c.PID(), &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return errors.Is(err, unix.ECHILD)
}

// rss reads the child's resident pages. The caller holds mu.
func (c *Child) rss() (int64, error) {
	b, err := readProc(fmt.Sprintf("/proc/%d/statm", c.PID()))
	if err != nil {
		return 0, fmt.Errorf("child: memory of %d: %w", c.PID(), err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		return 0, fmt.Errorf("child: memory of %d: %w", c.PID(), err)
	}
	if size == 0 {
		// A zombie has no memory, a living process always some.
		return 0, os.ErrProcessDone
	}
	return resident * int64(os.Getpagesize()), nil
}
