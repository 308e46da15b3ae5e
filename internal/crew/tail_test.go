package crew

import (
	"strings"
	"testing"

	"github.com/conexgo/conex/futures"
)

// With cgo a program that gets no memory for a thread says so in a line before
// its stacks, which may be longer than what is kept of the end.
func TestLastWords(t *testing.T) {
	w := new(tail)
	w.add([]byte("runtime/cgo: pthread_create failed: Resource temporarily unavailable\nSIGABRT: abort\nPC=0x0 m=3\n"))
	for range 100 {
		w.add([]byte("\n" + strings.Repeat("goroutine 7 [running]:\nmain.leak()\n", 40)))
	}
	e := &futures.WorkerDiedError{Func: "leak", ExitCode: 2, Stderr: w.text()}
	if !strings.Contains(e.Stderr, "goroutine 7") || !strings.Contains(e.Error(), "pthread_create failed") {
		t.Errorf("does not say why: %v", e)
	}
}
