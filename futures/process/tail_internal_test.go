package process

import (
	"strings"
	"syscall"
	"testing"

	"github.com/conexgo/conex/futures"
)

// With cgo a program that gets no memory for a thread says so in a line before
// its stacks, which may be longer than what is kept of the end.
func TestOutOfMemoryForThread(t *testing.T) {
	w := new(tail)
	w.add([]byte("runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort\nPC=0x0 m=3\n"))
	for range 100 {
		w.add([]byte("\n" + strings.Repeat("goroutine 7 [running]:\nmain.leak()\n", 40)))
	}
	for _, e := range []*futures.WorkerDiedError{
		{Func: "leak", ExitCode: 2, Stderr: w.text()},
		{Func: "leak", Signal: syscall.SIGABRT, Stderr: w.text()},
	} {
		if !outOfMemory(e) {
			t.Errorf("not recognised: %q", e.Stderr)
		}
		if !strings.Contains(e.Error(), "pthread_create failed") {
			t.Errorf("does not say why: %v", e)
		}
	}
	if outOfMemory(&futures.WorkerDiedError{ExitCode: 1, Stderr: w.text()}) {
		t.Error("another exit code")
	}
}
