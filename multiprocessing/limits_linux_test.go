package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/multiprocessing"
)

// makeAll makes one of everything that processes share.
func makeAll() error {
	var errs []error
	try := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	_, err := multiprocessing.NewLock()
	try("Lock", err)
	_, err = multiprocessing.NewSemaphore(1)
	try("Semaphore", err)
	_, err = multiprocessing.NewCondition(nil)
	try("Condition", err)
	_, err = multiprocessing.NewEvent()
	try("Event", err)
	_, err = multiprocessing.NewBarrier(2)
	try("Barrier", err)
	q, err := multiprocessing.NewQueue[int](0)
	try("Queue", err)
	if err == nil {
		q.Close()
	}
	a, b, err := multiprocessing.Pipe()
	try("Pipe", err)
	if err == nil {
		a.Close()
		b.Close()
	}
	return errors.Join(errs...)
}

// settle has the runtime take now what address space it would else take when
// there is none left, and die of that. With cgo each new thread has a stack of
// 8 MiB, as much as a queue, and an arena of C's malloc, of which it takes twice
// as much and gives half of it back: a thread that has just begun would also
// spoil the sum of what the process has. The function it returns undoes what has
// to be undone.
func settle() (undo func()) {
	// A goroutine that is locked to its thread has it for itself, so all of
	// these are there at once. Afterwards they are idle, and the runtime wakes
	// an idle thread instead of making one. Beyond those that may run Go code,
	// some may be in system calls.
	n := runtime.GOMAXPROCS(0) + 16
	var here, gone sync.WaitGroup
	here.Add(n)
	for range n {
		gone.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread() // or the thread ends with the goroutine
			here.Done()
			here.Wait()
		})
	}
	gone.Wait()
	// No collection is under way, and none begins: it would want workers, and
	// memory of its own.
	runtime.GC()
	percent := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(percent) }
}

// limited runs in a child, whose limits are its own.
var limited = conex.Register("test/limits", func(_ context.Context, what string) (none, error) {
	resource, want := unix.RLIMIT_NOFILE, error(syscall.EMFILE)
	if what == "memory" {
		resource, want = unix.RLIMIT_AS, syscall.ENOMEM
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(resource, &before); err != nil {
		return none{}, err
	}
	low := before
	low.Cur = 3 // numbers below are taken
	if what == "memory" {
		defer settle()()
		b, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			return none{}, err
		}
		var pages uint64
		fmt.Sscan(string(b), &pages)
		low.Cur = pages*uint64(os.Getpagesize()) + 4<<20 // half a queue, for what the runtime still wants
	}
	if err := unix.Setrlimit(resource, &low); err != nil {
		return none{}, err
	}
	err := makeAll()
	if e := unix.Setrlimit(resource, &before); e != nil {
		return none{}, e
	}
	names := []string{"Lock", "Semaphore", "Condition", "Event", "Barrier", "Queue", "Pipe"}
	if what == "memory" {
		names = []string{"Queue"}
	}
	for _, name := range names {
		if err == nil || !errors.Is(err, want) || !strings.Contains(err.Error(), name+": ") {
			return none{}, fmt.Errorf("%s beyond the limit of %s: %v", name, what, err)
		}
	}
	return none{}, makeAll() // and now there is enough
})

// Without descriptors, or without memory, constructors answer an error that
// says so, and work again when there are some.
func TestLimits(t *testing.T) {
	leak.Check(t)
	for _, what := range []string{"descriptors", "memory"} {
		t.Run(what, func(t *testing.T) {
			if what == "memory" && patience > 1 {
				t.Skip("the race detector needs terabytes of address space itself")
			}
			p, err := multiprocessing.Go(t.Context(), limited.Bind(what))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(p.Join(t.Context()), p.Err()); err != nil {
				t.Error(err)
			}
		})
	}
}
