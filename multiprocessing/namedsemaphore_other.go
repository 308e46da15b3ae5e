//go:build !linux

package multiprocessing

import (
	"errors"
	"fmt"
	"runtime"
)

const posixDir = ""

func posixSupported() error {
	return fmt.Errorf("%w: named semaphores on %s are behind its C library: %w", ErrProcess, runtime.GOOS, errors.ErrUnsupported)
}

// What follows is never called.

func createPosix(string, string, uint32) (*namedSem, error) { return nil, posixSupported() }

func openPosix(string, string) (*namedSem, error) { return nil, posixSupported() }

func unlinkPosix(string) error { return posixSupported() }
