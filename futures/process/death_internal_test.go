package process

import (
	"syscall"
	"testing"

	"github.com/conexgo/conex/futures"
)

func TestOutOfMemory(t *testing.T) {
	const words = "runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort\n"
	for _, e := range []*futures.WorkerDiedError{
		{ExitCode: 2, Stderr: words},
		{Signal: syscall.SIGABRT, Stderr: words},
	} {
		if !outOfMemory(e) {
			t.Errorf("not recognised: %v", e)
		}
	}
	for _, e := range []*futures.WorkerDiedError{{ExitCode: 1, Stderr: words}, {ExitCode: 2, Stderr: "panic: no"}} {
		if outOfMemory(e) {
			t.Errorf("taken for it: %v", e)
		}
	}
}
