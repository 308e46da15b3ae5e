package subprocess

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/worker"
)

// guardian is this program's.
var guardian ofUs

// An ofUs keeps a guardian: a small process, this program once more, that waits
// for the end of this one, however that comes, and then kills the programs that
// are left, with all that they have started. A program has one from its first
// Start on, if it called conex.Init or conex.Main, unless it is a worker: that
// ends its tree itself.
//
// The guardian is nobody's child that could be waited for: who starts it ends
// at once. It has a session of its own, the null device for its streams, and no
// other descriptor of ours than its own three.
type ofUs struct {
	once  sync.Once
	table atomic.Pointer[table] // nil: there is no guardian
	pid   atomic.Int64          // the guardian's, 0 while there is none, for tests
}

// take returns an entry for a program that is about to start, nil if there is
// no guardian. It does not wait: the first one begins in the background, and
// what is in the table when it has begun, it knows.
func (g *ofUs) take() *ward {
	t := g.table.Load()
	if t == nil {
		if worker.Check() != nil || worker.Inside() || inBubble() {
			return nil
		}
		g.once.Do(g.begin)
		if t = g.table.Load(); t == nil {
			return nil
		}
	}
	return t.take()
}

// begin starts the first guardian.
func (g *ofUs) begin() {
	// All that this program, as process 1 of a container, leaves behind, ends
	// with it; and its orphans are its children.
	if os.Getpid() == 1 {
		return
	}
	t, err := newTable()
	if err != nil {
		return
	}
	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.file.Close()
		unix.Munmap(t.mem)
		return
	}
	g.table.Store(t)
	go g.tend(t, os.NewFile(uintptr(self), "self"))
}

// tend sees to it that there is a guardian, as long as the program runs. If one
// cannot be started, or ends before it has begun, programs that start from then
// on go without.
func (g *ofUs) tend(t *table, self *os.File) {
	defer self.Close()
	for {
		life, err := startGuardian(t, self)
		if err != nil {
			break
		}
		var b [8]byte
		n, _ := life.Read(b[:])
		if n == len(b) {
			g.pid.Store(int64(binary.NativeEndian.Uint64(b[:])))
			life.Read(b[:]) // until it dies
			g.pid.Store(0)
		}
		life.Close()
		if n != len(b) {
			break
		}
	}
	g.table.Store(nil)
}

// startGuardian starts one. It says by its number that it has begun, and by the end
// of file that it has ended.
func startGuardian(t *table, self *os.File) (life *os.File, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	c, err := child.Start(child.Spec{
		Args: []string{"conex-guardian"}, Dir: "/",
		Env:    worker.Env(guardianParent, []string{"GOMAXPROCS=1"}),
		Files:  []*os.File{t.file, self, w},
		Adjust: ownSession,
	})
	if err != nil {
		r.Close()
		return nil, err
	}
	<-c.Done()
	if s := c.Status(); s.ExitCode != 0 {
		r.Close()
		return nil, fmt.Errorf("subprocess: guardian: %v", s)
	}
	return r, nil
}
