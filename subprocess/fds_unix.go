//go:build unix

package subprocess

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// inheritance is read-locked while a process starts, and locked while one starts
// that wants another inheritance than all others: one with our own descriptors,
// or one for which ignored signals must not be ignored.
var inheritance sync.RWMutex

// heldBack are the descriptors that are close-on-exec while processes start which
// must not inherit them: from the first of these that begins to start to the
// last.
var heldBack struct {
	sync.Mutex
	starts int    // how many of those there are
	fds    []held // what is held back for them
}

// A hold is what is held back while a process starts.
type hold struct {
	locked  bool // inheritance is locked, not read-locked
	fds     bool // the process is one of heldBack.starts
	signals []os.Signal
}

// A held descriptor is close-on-exec for a moment.
type held struct {
	fd   int
	file fileID // what it is, to tell it from one that gets its number
}

type fileID struct{ dev, ino uint64 }

// holdBack makes everything close-on-exec that the program must not inherit, and
// not ignored the signals that must not stay so, until release. Normally there
// is nothing of either kind.
func holdBack(cmd *Cmd) (h hold) {
	signals := func() bool { return !cmd.Unix.KeepSignals && anyIgnored() }
	h.locked = cmd.KeepFiles
	if !h.locked {
		inheritance.RLock()
		if signals() { // which is not to be asked while somebody changes them
			inheritance.RUnlock()
			h.locked = true
		}
	}
	if h.locked {
		inheritance.Lock()
	}
	if h.locked && signals() {
		h.signals = unignore()
	}
	if !cmd.KeepFiles {
		h.fds = holdFiles()
	}
	return h
}

// holdFiles reports whether releaseFiles is to be called.
func holdFiles() bool {
	heldBack.Lock()
	defer heldBack.Unlock()
	var room [8]int
	if found := leaks(room[:0]); len(found) > 0 {
		// Whoever opens a descriptor and then sets its flag does so under a
		// reader's lock; we must not take the flag away from it later.
		syscall.ForkLock.Lock()
		for _, fd := range found {
			if !leaking(fd) {
				continue
			}
			if id, ok := identify(fd); ok {
				unix.CloseOnExec(fd)
				heldBack.fds = append(heldBack.fds, held{fd, id})
			}
		}
		syscall.ForkLock.Unlock()
	}
	if len(heldBack.fds) == 0 {
		return false
	}
	heldBack.starts++
	return true
}

// releaseFiles gives the descriptors back with the last start. One that was
// closed meanwhile may have left its number to another one, which stays as it
// is.
func releaseFiles() {
	heldBack.Lock()
	defer heldBack.Unlock()
	if heldBack.starts--; heldBack.starts > 0 {
		return
	}
	for _, d := range heldBack.fds {
		if id, ok := identify(d.fd); ok && id == d.file {
			unix.FcntlInt(uintptr(d.fd), unix.F_SETFD, 0)
		}
	}
	heldBack.fds = heldBack.fds[:0]
}

// release undoes what holdBack has done.
func (h *hold) release() {
	if h.fds {
		releaseFiles()
	}
	if !h.locked {
		inheritance.RUnlock()
		return
	}
	ignore(h.signals)
	inheritance.Unlock()
}

func identify(fd int) (fileID, bool) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return fileID{}, false
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}, true
}

// leaking says whether a descriptor is open and would be inherited.
func leaking(fd int) bool {
	if fd <= 2 {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}

// leaksByNumber tries the numbers one by one. What has a number above a thousand
// was hardly inherited or opened by C code.
func leaksByNumber(found []int) []int {
	for fd := 3; fd < 1024; fd++ {
		if leaking(fd) {
			found = append(found, fd)
		}
	}
	return found
}

// number puts the extra files where their numbers are. It returns what was
// opened for that, which the caller closes.
func (l *plan) numberFiles() (opened []*os.File, err error) {
	for fd, f := range l.cmd.ExtraFiles {
		field := fmt.Sprintf("ExtraFiles[%d]", fd)
		switch {
		case fd < 3 || fd >= maxFD():
			return nil, bad(field, "the number must be from 3 to %d", maxFD()-1)
		case f == nil:
			return nil, bad(field, "no file: leave the number out")
		}
		if c, err := f.SyscallConn(); err != nil || c.Control(func(uintptr) {}) != nil {
			return nil, bad(field, "%s: %w", f.Name(), os.ErrClosed)
		}
		if n := fd - 2; n > len(l.extra) {
			l.extra = append(l.extra, make([]*os.File, n-len(l.extra))...)
		}
		l.extra[fd-3] = f
	}
	if l.cmd.KeepFiles {
		// A number that is left out would be closed in the program.
		for i, f := range l.extra {
			if f != nil || !leaking(3+i) {
				continue
			}
			if fd, err := unix.FcntlInt(uintptr(3+i), unix.F_DUPFD_CLOEXEC, 3+len(l.extra)); err == nil {
				l.extra[i] = os.NewFile(uintptr(fd), "inherited")
				opened = append(opened, l.extra[i])
			}
		}
	}
	return opened, nil
}

// maxFD is one more than the greatest number that a descriptor can have, or that
// a program will be given.
func maxFD() int {
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return 256
	}
	return int(min(uint64(r.Cur), 1<<20))
}
