// Package leak finds what a test leaves behind: goroutines, descriptors, child
// processes and files in /dev/shm.
package leak

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/child"
)

// patience is how long what is on its way out may take.
const patience = 5 * time.Second

// Check notes what there is now and fails the test, when it and its other
// cleanups are over, if there is more then. Call it first in the test. The test
// must not run in parallel with others.
func Check(t testing.TB) {
	t.Helper()
	before := look()
	t.Cleanup(func() {
		if t.Failed() {
			return // one failure at a time
		}
		var report string
		for end := time.Now().Add(patience); ; {
			if report = look().more(before); report == "" {
				return
			}
			if time.Now().After(end) {
				break
			}
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
		t.Errorf("left behind:\n%s", report)
	})
}

type state struct {
	goroutines map[string]int
	fds        map[string]string
	children   map[int]bool
	shm        map[string]bool
}

func look() state {
	s := state{stacks(), map[string]string{}, map[int]bool{}, map[string]bool{}}
	for _, pid := range child.Descendants(os.Getpid()) {
		s.children[pid] = true
	}
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, e := range fds {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && target != "/proc/self/fd" && !strings.HasPrefix(target, fmt.Sprintf("/proc/%d/", os.Getpid())) {
			s.fds[e.Name()] = target
		}
	}
	names, _ := filepath.Glob("/dev/shm/*")
	for _, n := range names {
		s.shm[n] = true
	}
	return s
}

// stacks counts goroutines by where they were created, without those of the
// runtime and of package testing.
func stacks() map[string]int {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]int{}
	for i, g := range strings.Split(string(buf), "\n\n") {
		if i == 0 || strings.Contains(g, "testing.(*T)") && !strings.Contains(g, "created by github.com/conexgo") {
			continue
		}
		lines := strings.Split(strings.TrimSpace(g), "\n")
		if len(lines) < 3 {
			continue
		}
		created := lines[len(lines)-2]
		created, _, _ = strings.Cut(created, " in goroutine")
		if !strings.HasPrefix(created, "created by ") || strings.HasPrefix(created, "created by runtime") || strings.HasPrefix(created, "created by testing") ||
			strings.HasPrefix(created, "created by os/signal") {
			continue
		}
		all[created+" "+strings.TrimSpace(lines[1])]++
	}
	return all
}

func (s state) more(before state) string {
	var b strings.Builder
	for k, n := range s.goroutines {
		if n > before.goroutines[k] {
			fmt.Fprintf(&b, "%d goroutines: %s\n", n-before.goroutines[k], k)
		}
	}
	if len(s.fds) > len(before.fds) {
		for fd, target := range s.fds {
			if before.fds[fd] != target {
				fmt.Fprintf(&b, "descriptor %s: %s\n", fd, target)
			}
		}
	}
	for pid := range s.children {
		if !before.children[pid] {
			fmt.Fprintf(&b, "child process %d\n", pid)
		}
	}
	for name := range s.shm {
		if !before.shm[name] {
			fmt.Fprintf(&b, "%s\n", name)
		}
	}
	return b.String()
}
