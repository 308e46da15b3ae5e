package child

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes this process the one to which its orphaned descendants
// return, as init is for the whole system: whatever a worker started stays below
// it, also when the processes between have died. A worker calls it before any
// code of the user's. It holds until the process ends and is not inherited by
// children.
//
// Orphans that come back and die stay zombies until the worker ends, see the
// package documentation. BecomeSubreaper returns an error matching
// [errors.ErrUnsupported] on systems other than Linux.
func BecomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("child: become subreaper: %w", err)
	}
	return nil
}

// SetMemoryLimit limits the writable private memory of a process (RLIMIT_DATA)
// to bytes; pid 0 is the calling process. A Go program that needs more dies of a
// fatal error, exit code 2, when it has about that much in use. The limit is
// inherited by what the process starts later, each with the whole amount. It is
// the soft limit only: the process itself may raise it again.
//
// Prefer [Child.SetMemoryLimit] where there is a Child: a number may have been
// reused. It returns an error matching [errors.ErrUnsupported] on systems other
// than Linux and in a program built with the race detector, whose shadow memory
// is charged to the same limit.
func SetMemoryLimit(pid int, bytes int64) error {
	if bytes <= 0 {
		return fmt.Errorf("child: memory limit of %d bytes: must be positive", bytes)
	}
	if pid < 0 {
		return fmt.Errorf("child: memory limit: bad process id %d", pid)
	}
	if err := CanLimitMemory(); err != nil {
		return fmt.Errorf("child: %w", err)
	}
	var old unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_DATA, nil, &old); err != nil {
		return fmt.Errorf("child: memory limit of %d: %w", pid, err)
	}
	limit := unix.Rlimit{Cur: uint64(bytes), Max: old.Max}
	if limit.Cur > limit.Max {
		return fmt.Errorf("child: memory limit of %d bytes: above the %d that the system allows", bytes, old.Max)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &limit, nil); err != nil {
		return fmt.Errorf("child: memory limit of %d: %w", pid, err)
	}
	return nil
}
