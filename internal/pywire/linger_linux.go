package pywire

import (
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lingerers are how many do that at the moment. Where there are more, the poller
// wakes several at once, and is the better choice.
var lingerers atomic.Int32

const mayLinger = 4

// A lingerIO reads from the socket. If nothing is there it lets others have the
// core first, before it waits in the runtime's poller: if the other side is
// among them, the answer is there when they are through, and neither side has
// to be woken, which costs more than to be switched to.
type lingerIO struct {
	p      []byte
	n      int
	err    error
	waited bool
	f      func(fd uintptr) bool
}

// wait reads what has arrived, or what comes first.
func (c *Conn) wait(p []byte) (int, error) {
	t := &c.rd.linger
	if t.f == nil {
		t.f = t.read
	}
	t.p, t.waited = p, false
	err := c.rc.Read(t.f)
	t.p = nil
	switch {
	case err != nil:
		return 0, err
	case t.err != nil:
		return 0, os.NewSyscallError("read", t.err)
	case t.n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// read is called again when the poller says that there is something.
func (t *lingerIO) read(fd uintptr) bool {
	if t.try(fd) {
		return true
	}
	if t.waited {
		return false
	}
	t.waited = true
	defer lingerers.Add(-1)
	if lingerers.Add(1) > mayLinger {
		return false
	}
	const times, alone = 8, 2 * time.Microsecond
	for range times {
		start := time.Now()
		runtime.Gosched()
		unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		if t.try(fd) {
			return true
		}
		if time.Since(start) < alone {
			return false // nobody wants the core
		}
	}
	return false
}

// try reads without waiting. It reports false if there is nothing.
func (t *lingerIO) try(fd uintptr) bool {
	for {
		// Not unix.Read: net writes by package syscall, and the race detector knows
		// of the order of the two only if it is one package.
		n, err := syscall.Read(int(fd), t.p)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		}
		t.n, t.err = max(n, 0), err
		return true
	}
}
