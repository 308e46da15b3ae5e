//go:build !linux

package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// BecomeSubreaper makes this process the one to which its orphaned descendants
// return. Only Linux can: elsewhere orphans go to init, and the error matches
// [errors.ErrUnsupported].
func BecomeSubreaper() error {
	return fmt.Errorf("child: %s gives orphans to init only: %w", runtime.GOOS, errors.ErrUnsupported)
}

// KillDescendants kills every descendant of this process. It does nothing here:
// only Linux tells who they are. On Windows the job object ends them with us.
func KillDescendants() {}

// Exit ends this process like [os.Exit], on Linux together with all its
// descendants.
func Exit(code int) { os.Exit(code) }

// Descendants lists the living processes below pid. It knows none here.
func Descendants(pid int) []int { return nil }

// SetMemoryLimit limits the memory of a process. Only Linux can do that from
// outside: elsewhere the error matches [errors.ErrUnsupported].
func SetMemoryLimit(pid int, bytes int64) error {
	return fmt.Errorf("child: no limit on another process's memory on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
