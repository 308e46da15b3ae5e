//go:build !linux

package threading

import (
	"errors"
	"fmt"
)

var errNoOSName = fmt.Errorf("threading: the system's name of a thread: %w", errors.ErrUnsupported)

func setOSName(string) error { return errNoOSName }
