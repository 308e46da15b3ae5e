package subprocess

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const ioctlGetTermios = unix.TCGETS

// openTerminal opens a new terminal: our end of it, and the program's.
func openTerminal() (master, slave *os.File, err error) {
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, &os.PathError{Op: "open", Path: "/dev/ptmx", Err: err}
	}
	defer func() {
		if err != nil {
			unix.Close(m)
		}
	}()
	if err = unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, os.NewSyscallError("unlock terminal", err)
	}
	s, err := openPeer(m)
	if err != nil {
		return nil, nil, err
	}
	// Non-blocking, it is the runtime's poller that waits.
	if err = unix.SetNonblock(m, true); err != nil {
		unix.Close(s)
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(m), "/dev/ptmx"), os.NewFile(uintptr(s), "pty"), nil
}

// openPeer opens the program's end: by ours, or by its name if the kernel is
// older than 4.13.
func openPeer(master int) (int, error) {
	const flags = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
	if s, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(master), unix.TIOCGPTPEER, flags); e == 0 {
		return int(s), nil
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return -1, os.NewSyscallError("name terminal", err)
	}
	name := "/dev/pts/" + strconv.Itoa(n)
	s, err := unix.Open(name, flags, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return s, nil
}

// resize gives a terminal a size.
func resize(master *os.File, rows, cols uint16) error {
	c, err := master.SyscallConn()
	if err != nil {
		return err
	}
	e := c.Control(func(fd uintptr) {
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: cols})
	})
	if e != nil {
		return os.ErrClosed
	}
	return os.NewSyscallError("resize terminal", err)
}
