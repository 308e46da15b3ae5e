package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// This file reads /proc. It uses plain system calls: the os package would offer
// every file to the poller and allocate, and Kill is in a hurry.

// readProc reads a small file of /proc whole.
func readProc(path string) ([]byte, error) {
	fd, err := openProc(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 1024)
	for {
		n, err := unix.Read(fd, b[len(b):cap(b)])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return b, err
		}
		b = slices.Grow(b[:len(b)+n], 512)
	}
}

func openProc(path string, flags int) (int, error) {
	for {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// numbersIn lists the entries of a directory of /proc that are numbers: the
// processes of /proc itself, the threads of a task directory.
func numbersIn(dir string) []int {
	fd, err := openProc(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var numbers []int
	var names []string
	buf := make([]byte, 8192)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return numbers
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			if id, err := strconv.Atoi(name); err == nil {
				numbers = append(numbers, id)
			}
		}
	}
}

// A stat is what we need of /proc/PID/stat.
type stat struct {
	state byte // R, S, D, T, t, Z, X
	ppid  int
	start uint64 // clock ticks since boot: with the pid, a process's identity
}

// readStat reads a stat file; ok is false when the process is gone.
func readStat(path string) (s stat, ok bool) {
	b, err := readProc(path)
	if err != nil {
		return stat{}, false
	}
	// The name, in brackets, may hold blanks and brackets itself: start after
	// the last one. There, the state is field 0.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return stat{}, false
	}
	f := bytes.Fields(b[i+1:])
	if len(f) < 20 {
		return stat{}, false
	}
	s.state = f[0][0]
	s.ppid, err = strconv.Atoi(string(f[1]))
	if err != nil {
		return stat{}, false
	}
	s.start, err = strconv.ParseUint(string(f[19]), 10, 64)
	return s, err == nil
}

func statPath(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/stat" }

// hasChildrenFiles says whether the kernel lists the children of each thread
// (CONFIG_PROC_CHILDREN, usual).
var hasChildrenFiles = sync.OnceValue(func() bool {
	_, err := readProc(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	return !errors.Is(err, unix.ENOENT)
})

// A lister answers who the children of a process are, zombies included. It is
// good for one walk over a tree and may work from a snapshot made at the first
// question. Its answers are hints: processes come and go meanwhile.
type lister func(pid int) []int

// noChildrenFiles makes the package behave as on a kernel without them, for
// tests.
var noChildrenFiles = false

func newLister() lister {
	if hasChildrenFiles() && !noChildrenFiles {
		return childrenFromFiles
	}
	return childrenFromScan()
}

// childrenFromFiles reads /proc/PID/task/TID/children of every thread, since
// a child belongs to the thread that forked it.
func childrenFromFiles(pid int) []int {
	var children []int
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	for _, tid := range numbersIn(dir) {
		b, err := readProc(dir + "/" + strconv.Itoa(tid) + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range bytes.Fields(b) {
			if id, err := strconv.Atoi(string(field)); err == nil {
				children = append(children, id)
			}
		}
	}
	return children
}

// childrenFromScan asks every process of the system for its parent, once.
func childrenFromScan() lister {
	byParent := sync.OnceValue(func() map[int][]int {
		m := make(map[int][]int)
		for _, pid := range numbersIn("/proc") {
			if s, ok := readStat(statPath(pid)); ok {
				m[s.ppid] = append(m[s.ppid], pid)
			}
		}
		return m
	})
	return func(pid int) []int { return byParent()[pid] }
}

// Descendants lists the living processes below pid: children, their children
// and so on, zombies left out. It is a snapshot for tests and diagnosis; by the
// time it returns, processes may have come and gone.
func Descendants(pid int) []int {
	list := newLister()
	seen := map[int]bool{pid: true}
	var alive []int
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, id := range list(queue[0]) {
			if seen[id] {
				continue
			}
			seen[id] = true
			queue = append(queue, id)
			if s, ok := readStat(statPath(id)); ok && s.state != 'Z' && s.state != 'X' {
				alive = append(alive, id)
			}
		}
	}
	slices.Sort(alive)
	return alive
}

// peakRSS returns the most memory that a process ("self" or a number) has had
// resident, in bytes, 0 if unknown.
func peakRSS(who string) int64 {
	b, err := readProc("/proc/" + who + "/status")
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(b, []byte("\nVmHWM:"))
	if !ok {
		return 0
	}
	f := bytes.Fields(rest)
	if len(f) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(f[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
