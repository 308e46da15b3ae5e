package child

import (
	"errors"
	"fmt"
	"runtime"
)

// CanLimitMemory reports why SetMemoryLimit cannot work in this program, or
// nil.
func CanLimitMemory() error {
	switch {
	case runtime.GOOS != "linux":
		return fmt.Errorf("no memory limit for processes on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	case raceEnabled:
		return fmt.Errorf("no memory limit with the race detector, which needs terabytes of address space itself: %w", errors.ErrUnsupported)
	}
	return nil
}
