package child

import (
	"time"

	"golang.org/x/sys/unix"
)

// A Span is a piece of time since the system's boot, as the kernel counts it.
type Span struct{ From, To time.Duration }

// SinceBoot is that time now. It is what the kernel writes down as the start of
// a process that is made now.
func SinceBoot() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// tick is the unit of start times in /proc (USER_HZ).
const tick = 10 * time.Millisecond

// holds says whether a process that began at that tick may have begun in s.
func (s Span) holds(start uint64) bool {
	return start >= uint64(s.From/tick) && start <= uint64(s.To/tick)
}

// KillForeign kills a process that is not a child of this one, with all that it
// has started, if it is the one that began in the span: whoever else has the
// number now is left alone. group says that the process was made the leader of a
// group of its own. It is [Child.Kill] for who looks after another one's
// children, and needs /proc.
//
// If the process itself is gone already its group is killed all the same,
// unless its number was given to somebody else: a group keeps its number from
// being used again as long as anybody is in it.
func KillForeign(pid int, began Span, group bool) {
	n := openNode(pid)
	if n != nil {
		defer n.close()
	}
	s, ok := readStat(statPath(pid))
	if ok && !began.holds(s.start) {
		return // another one
	}
	if n == nil || !ok || n.dead() {
		if group && pid > 1 {
			unix.Kill(-pid, unix.SIGKILL)
		}
		return
	}
	// n was opened before its start was read, and lives still: it is the one.
	n.signal(unix.SIGSTOP)
	for i := 0; !n.stopped() && i < 50; i++ {
		pause(i)
	}
	if group {
		unix.Kill(-pid, unix.SIGSTOP)
	}
	t := tree{root: pid, rootStopped: n.stopped, rootExists: n.exists}
	t.kill()
	if group && n.exists() {
		unix.Kill(-pid, unix.SIGKILL)
	}
	n.signal(unix.SIGKILL)
}
