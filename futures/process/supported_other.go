//go:build !unix

package process

import (
	"errors"
	"fmt"
	"runtime"
)

// supported reports what this system cannot do of what cfg asks for.
func supported(Config) error {
	return fmt.Errorf("worker processes are not built for %s yet; CONEX_ENGINE=inline runs the tasks in this process: %w",
		runtime.GOOS, errors.ErrUnsupported)
}
