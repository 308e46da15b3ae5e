//go:build !linux

package subprocess

import (
	"errors"
	"os"
	"runtime"
)

func openTerminal() (master, slave *os.File, err error) {
	return nil, nil, bad("PTY", "not on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func resize(*os.File, uint16, uint16) error { return errors.ErrUnsupported }
