package subprocess

import (
	"encoding/binary"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/worker"
)

const (
	guardianParent = "subprocess/guardian's parent"
	guardianKind   = "subprocess/guardian"
)

func init() {
	worker.Register(guardianParent, guardianIsBorn)
	worker.Register(guardianKind, guardianLives)
}

// The guardian's descriptors.
const (
	guardianTable = 3 + iota // the memory
	guardianOf               // whose end it waits for, a process descriptor
	guardianLife             // its own life, the writing end of a pipe
	guardianFree             // the first number that is none of its own
)

func ownSession(a *syscall.SysProcAttr) { a.Setsid, a.Setpgid = true, false }

// guardianIsBorn starts the guardian, and ends.
func guardianIsBorn() {
	// What our program itself has inherited it need not keep open.
	for _, fd := range leaks(nil) {
		if fd >= guardianFree {
			unix.CloseOnExec(fd)
		}
	}
	file := func(fd int) *os.File { return os.NewFile(uintptr(fd), "") }
	_, err := child.Start(child.Spec{
		Args: []string{"conex-guardian"}, Dir: "/",
		Env:    worker.Env(guardianKind, nil),
		Files:  []*os.File{file(guardianTable), file(guardianOf), file(guardianLife)},
		Adjust: ownSession,
	})
	if err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// guardianLives is the guardian's life. It uses plain system calls: one that
// never has to do anything should cost no more than it must.
func guardianLives() {
	if fd, err := unix.Open("/proc/self/comm", unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		unix.Write(fd, []byte("conex-guardian"))
		unix.Close(fd)
	}
	// What ends a program must not end who cleans up after it.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	t, err := mapTable(os.NewFile(guardianTable, tableName))
	if err != nil {
		os.Exit(1)
	}
	unix.Write(guardianLife, binary.NativeEndian.AppendUint64(nil, uint64(os.Getpid())))
	fds := []unix.PollFd{{Fd: guardianOf, Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, -1)
		if n > 0 {
			break
		}
		if err != unix.EINTR {
			os.Exit(1)
		}
	}
	t.kill()
	os.Exit(0)
}
