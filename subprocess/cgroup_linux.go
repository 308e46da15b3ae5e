package subprocess

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/child"
)

// A cgroup is the control group of one program, below the directory that the
// Cmd names.
type cgroup struct {
	dir string
	fd  int // the directory, in which the system puts the process
}

// cgroups makes their names differ.
var cgroups atomic.Uint64

func newCgroup(parent string) (*cgroup, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(parent, &st); err != nil {
		return nil, bad("Unix.Cgroup", "%s: %w", parent, err)
	}
	if st.Type != unix.CGROUP2_SUPER_MAGIC {
		return nil, bad("Unix.Cgroup", "%s: no control group of version 2: %w", parent, errors.ErrUnsupported)
	}
	g := &cgroup{dir: filepath.Join(parent, fmt.Sprintf("conex-%d-%d", os.Getpid(), cgroups.Add(1)))}
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		return nil, bad("Unix.Cgroup", "%w", err)
	}
	fd, err := unix.Open(g.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		os.Remove(g.dir)
		return nil, bad("Unix.Cgroup", "%s: %w", g.dir, err)
	}
	g.fd = fd
	return g, nil
}

// kill kills all processes of the group, and those below it.
func (g *cgroup) kill() error {
	err := os.WriteFile(filepath.Join(g.dir, "cgroup.kill"), []byte("1"), 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Before Linux 5.14: one by one, until there is none.
	for range 100 {
		pids := g.members()
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
		}
	}
	return nil
}

func (g *cgroup) members() (pids []int) {
	b, _ := os.ReadFile(filepath.Join(g.dir, "cgroup.procs"))
	for _, s := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(s); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cgroupPatience is how long the dead may take to leave their group.
const cgroupPatience = time.Second

// end kills what is left of the group, waits until it is empty, and removes it.
// What the program has made below it goes, too.
func (g *cgroup) end() {
	unix.Close(g.fd)
	g.kill()
	g.awaitEmpty()
	removeGroups(g.dir)
}

// removeGroups removes a group and those below it, the deepest first. Their
// files cannot be removed, and go with them.
func removeGroups(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			removeGroups(filepath.Join(dir, e.Name()))
		}
	}
	unix.Rmdir(dir)
}

// awaitEmpty returns when nobody is in the group any more, which the system
// tells by an event, or when that takes too long.
func (g *cgroup) awaitEmpty() {
	fd, err := unix.Open(filepath.Join(g.dir, "cgroup.events"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var b [256]byte
	for end := time.Now().Add(cgroupPatience); ; {
		n, err := unix.Pread(fd, b[:], 0)
		if err != nil || strings.Contains(string(b[:n]), "populated 0") {
			return
		}
		left := time.Until(end)
		if left <= 0 {
			return
		}
		unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}, int(left.Milliseconds())+1)
	}
}

// A grouped is a program with a control group.
type grouped struct {
	*child.Child
	group *cgroup
}

// Kill kills whoever is in the control group, and then whom the walk over the
// tree finds, which is nobody, unless the system does not let us write.
func (g *grouped) Kill() error {
	if err := g.group.kill(); err == nil {
		return nil
	}
	return g.Child.Kill()
}
