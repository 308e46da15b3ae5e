package leak

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// fakeT collects what Check does with a test.
type fakeT struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (f *fakeT) Helper()                   {}
func (f *fakeT) Failed() bool              { return len(f.errors) > 0 }
func (f *fakeT) Cleanup(fn func())         { f.cleanups = append(f.cleanups, fn) }
func (f *fakeT) Errorf(s string, a ...any) { f.errors = append(f.errors, fmt.Sprintf(s, a...)) }

func (f *fakeT) end() {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
}

func TestNothing(t *testing.T) {
	f := &fakeT{TB: t}
	Check(f)
	f.end()
	if len(f.errors) > 0 {
		t.Errorf("a test that did nothing: %v", f.errors)
	}
}

func TestLate(t *testing.T) {
	f := &fakeT{TB: t}
	Check(f)
	stop := make(chan struct{})
	go func() { <-stop }()
	f.Cleanup(func() { close(stop) })
	f.end()
	if len(f.errors) > 0 {
		t.Errorf("a goroutine that a cleanup ends: %v", f.errors)
	}
}

func TestLeaks(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("no /proc: only goroutines are checked")
	}
	patience = 20 * time.Millisecond
	defer func() { patience = 5 * time.Second }()
	f := &fakeT{TB: t}
	Check(f)
	stop := make(chan struct{})
	go func() { <-stop }()
	defer close(stop)
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f.end()
	got := strings.Join(f.errors, "\n")
	for _, want := range []string{"TestLeaks.func", "/dev/null"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// What comes into /dev/shm after the end of a test is not the test's, and what
// this process has mapped is.
func TestShmOfOthers(t *testing.T) {
	first := things{"shm a": "/dev/shm/a", "shm b": "/dev/shm/b", "fd 3": "x"}
	here := first.stay(nil)
	if len(first) != 3 || len(here) != 2 {
		t.Fatalf("the first look keeps %v, %v", first, here)
	}
	later := things{"shm b": "/dev/shm/b", "shm c": "/dev/shm/c", "fd 4": "y"}
	here = later.stay(here)
	if left := later.minus(things{}); len(left) != 2 || !here["shm b"] || len(here) != 1 {
		t.Errorf("a later look keeps %v, %v", left, here)
	}
	again := things{"shm a": "/dev/shm/a", "shm b": "/dev/shm/b"}
	if here = again.stay(here); len(here) != 1 {
		t.Errorf("a name that comes again is kept: %v", here)
	}
	if f := (things{"shm none": "/dev/shm/none"}).foreign(); len(f) != 0 {
		t.Errorf("a file that nobody has mapped is foreign: %v", f)
	}
}
