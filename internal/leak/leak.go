// Package leak checks that a test leaves nothing behind: no goroutine, file
// descriptor, child process or entry in /dev/shm.
package leak

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long what ends in the background may take to do so.
var patience = 5 * time.Second

// Check compares what the process holds now with what it holds when t and its
// other cleanups are over, and fails t if there is more. Things that are about
// to end get a few seconds to do so. Call it first in a test; tests that run
// in parallel with t are mistaken for its leaks.
//
// Descriptors, children and /dev/shm are looked at where /proc has them.
func Check(t testing.TB) {
	t.Helper()
	before := look()
	t.Cleanup(func() {
		t.Helper()
		if t.Failed() {
			return // the reason is known, and what it leaves follows from it
		}
		deadline := time.Now().Add(patience)
		pause := 100 * time.Microsecond
		var here map[string]bool // names in /dev/shm that were there all the time
		for {
			now := look()
			here = now.stay(here)
			left := now.minus(before)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				if left = now.minus(before, now.foreign()); len(left) == 0 {
					return
				}
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
				return
			}
			// Descriptors with a finalizer go with the collector.
			runtime.GC()
			time.Sleep(pause)
			pause = min(2*pause, 50*time.Millisecond)
		}
	})
}

// arena is the memory that a process keeps for the next lock or semaphore, once
// it has made one: one descriptor is no leak.
const arena = "/memfd:conex-arena (deleted)"

// A things maps what was found to a description. A descriptor's key holds its
// target too, since numbers are used again.
type things map[string]string

func (a things) minus(others ...things) (left []string) {
	arenas := 0
next:
	for key, what := range a {
		for _, b := range others {
			if _, ok := b[key]; ok {
				continue next
			}
		}
		if strings.HasSuffix(key, arena) {
			if arenas++; arenas == 1 {
				continue
			}
		}
		left = append(left, what)
	}
	sort.Strings(left)
	return left
}

const shmKey = "shm "

// stay forgets the names in /dev/shm that were not among those of the look
// before, and returns the others: what has come since the end of the test is
// another program's, such as another package's tests.
func (a things) stay(before map[string]bool) map[string]bool {
	all := make(map[string]bool)
	for key := range a {
		switch {
		case !strings.HasPrefix(key, shmKey):
		case before != nil && !before[key]:
			delete(a, key)
		default:
			all[key] = true
		}
	}
	return all
}

// foreign are the names in /dev/shm that processes have mapped which are
// neither this one nor of its descendants.
func (a things) foreign() things {
	found := make(things)
	parent := map[int]int{}
	maps := map[int]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile(dir + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); len(f) > 1 {
			parent[pid], _ = strconv.Atoi(f[1])
		}
		b, _ := os.ReadFile(dir + "/maps")
		maps[pid] = string(b)
	}
	ours := func(pid int) bool {
		for range 100 {
			if pid == os.Getpid() {
				return true
			}
			if pid = parent[pid]; pid <= 1 {
				break
			}
		}
		return false
	}
	for key, what := range a {
		if !strings.HasPrefix(key, shmKey) {
			continue
		}
		for pid, text := range maps {
			if strings.Contains(text, what+"\n") && !ours(pid) {
				found[key] = what
			}
		}
	}
	return found
}

func look() things {
	found := make(things)
	goroutines(found)
	descriptors(found)
	children(found)
	shm(found)
	return found
}

// ignored are goroutines that belong to the testing package and to the
// runtime; some of them start late.
var ignored = []string{
	"testing.(*M).",
	"testing.(*T).Run(",
	"testing.(*T).Parallel(",
	"testing.runTests(",
	"testing.runFuzz",
	"testing.tRunner.func",
	"testing.(*B).",
	"runtime.goexit",
	"os/signal.signal_recv",
	"os/signal.loop",
	"runtime/pprof.",
	"runtime.ReadTrace",
	"runtime.runFinalizers",
	"runtime.runCleanups",
}

func goroutines(found things) {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	for i, stack := range strings.Split(string(buf), "\n\n") {
		head, body, _ := strings.Cut(stack, "\n")
		if i == 0 || own(body) {
			continue // 0 is the caller
		}
		id := strings.Fields(head)[1]
		found["goroutine "+id] = stack
	}
}

func own(body string) bool {
	// "created by" is no function of the goroutine: a test's own goroutines
	// are created by functions of package testing's callees.
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "created by ") || strings.HasPrefix(line, "\t") {
			continue
		}
		for _, f := range ignored {
			if strings.HasPrefix(line, f) {
				return true
			}
		}
	}
	return false
}

func descriptors(found things) {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // the one that ReadDir used
		}
		switch target {
		case "anon_inode:[eventpoll]", "anon_inode:[eventfd]":
			continue // the runtime opens them when it first needs them
		}
		found["fd "+e.Name()+" "+target] = fmt.Sprintf("descriptor %s: %s", e.Name(), target)
	}
}

func children(found things) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(data)) {
			cmd, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			found["child "+pid] = fmt.Sprintf("child process %s: %s", pid, strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
}

func shm(found things) {
	entries, err := os.ReadDir("/dev/shm")
	if err != nil {
		return
	}
	for _, e := range entries {
		found[shmKey+e.Name()] = "/dev/shm/" + e.Name()
	}
}
