package process

import (
	"strings"
	"syscall"

	"github.com/conexgo/conex/futures"
)

// outOfMemory recognises the Go runtime's last words when the kernel gives it
// no more memory. There are several; all exit with code 2, or abort.
func outOfMemory(e *futures.WorkerDiedError) bool {
	if e.ExitCode != 2 && e.Signal != syscall.SIGABRT {
		return false
	}
	for _, s := range []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "errno=12"} {
		if strings.Contains(e.Stderr, s) {
			return true
		}
	}
	return false
}
