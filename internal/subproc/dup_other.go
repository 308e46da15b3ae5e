//go:build !unix && !windows

package subproc

import (
	"errors"
	"os"
)

// Dup cannot be here.
func Dup(*os.File, bool) (*os.File, error) { return nil, errors.ErrUnsupported }
