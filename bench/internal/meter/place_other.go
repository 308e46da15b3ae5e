//go:build !linux

package meter

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
)

var errNoPlace = fmt.Errorf("binding to cores is done on Linux only (this is %s): %w", runtime.GOOS, errors.ErrUnsupported)

// Cores answers that cores cannot be chosen on this system, as all functions of this file do.
func Cores() ([]int, error) { return nil, errNoPlace }

// Start answers an error matching [errors.ErrUnsupported].
func Start(cmd *exec.Cmd, core int) error { return errNoPlace }

// PinSelf answers an error matching [errors.ErrUnsupported].
func PinSelf(core int) error { return errNoPlace }

// Pin answers an error matching [errors.ErrUnsupported].
func Pin(pid, core int) error { return errNoPlace }

// CPUTime answers an error matching [errors.ErrUnsupported].
func CPUTime(pid int) (int64, error) { return 0, errNoPlace }
