//go:build !unix

package subprocesstest

import (
	"errors"
	"runtime"
	"syscall"
)

// harmless says whether a process that does nothing about a signal survives it.
func harmless(syscall.Signal) bool { return false }

// brokenPipe says whether it is that nobody reads any more: on Windows
// ERROR_BROKEN_PIPE, or ERROR_NO_DATA.
func brokenPipe(err error) bool {
	if runtime.GOOS == "windows" {
		return errors.Is(err, syscall.Errno(109)) || errors.Is(err, syscall.Errno(232))
	}
	return errors.Is(err, syscall.EPIPE)
}

// aborted says whether the file's other owner has closed it in the meantime: on
// Windows that ends what goes on at every handle of the file.
func aborted(err error) bool {
	return runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(995)) // ERROR_OPERATION_ABORTED
}
