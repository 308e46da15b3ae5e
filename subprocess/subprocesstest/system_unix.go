//go:build unix

package subprocesstest

import (
	"errors"
	"syscall"
)

// harmless says whether a process that does nothing about a signal survives it.
// Processes that are played are not stopped by those that stop others.
func harmless(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH,
		syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU:
		return true
	}
	return false
}

// brokenPipe says whether it is that nobody reads any more.
func brokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// aborted says whether the file's other owner has closed it in the meantime.
func aborted(error) bool { return false }
