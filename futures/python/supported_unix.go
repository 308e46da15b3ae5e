//go:build unix

package python

import (
	"errors"
	"fmt"
	"runtime"
)

// supported reports what this system cannot do of what cfg asks for.
func supported(cfg Config) error {
	if cfg.MaxMemory > 0 && runtime.GOOS != "linux" {
		return fmt.Errorf("MaxMemory: no memory limit for processes on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	return nil
}
