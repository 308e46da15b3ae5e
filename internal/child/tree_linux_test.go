package child

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	// tree:DEPTH:REAPER starts two children of depth-1, one in a session of its
	// own, the other in the same group; all ignore SIGTERM and block. Each says
	// its number. With REAPER "subreaper" it is one.
	roles["tree"] = func(args []string) {
		signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		if args[1] == "subreaper" {
			must(BecomeSubreaper())
		}
		fmt.Println(os.Getpid())
		plantTree(atoi(args[0]))
		select {}
	}
	// leave starts a process in its own group and exits.
	roles["leave"] = func([]string) {
		spawn("deaf", false, os.Stdout)
	}
	// parent starts a worker role and blocks; the worker's fd 3 is the life line.
	roles["parent"] = func(args []string) {
		r, w, err := os.Pipe()
		must(err)
		c, err := Start(Spec{Env: asRole(strings.Join(args, ":")), Stdout: os.Stdout, Files: []*os.File{r}})
		must(err)
		r.Close()
		<-c.Done()
		fmt.Println("the worker died first:", c.Status())
		w.Close()
	}
	// worker:KIND:wakes is a subreaper with descendants that are hard to find. It
	// ends with its parent, with "wakes" also if it was stopped.
	roles["worker"] = func(args []string) {
		if len(args) > 1 {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // see doc.go
		}
		must(BecomeSubreaper())
		switch args[0] {
		case "tree":
			plantTree(2)
		case "storm":
			go storm()
		}
		io.Copy(io.Discard, os.NewFile(3, "life line"))
		Exit(0)
	}
	// sweeper has a tree, kills it all, says what is left, and goes on living.
	roles["sweeper"] = func([]string) {
		must(BecomeSubreaper())
		plantTree(2)
		KillDescendants()
		fmt.Println("left:", Descendants(os.Getpid()))
		c, err := Start(Spec{Env: asRole("exit:5")})
		must(err)
		<-c.Done()
		fmt.Println(c.Status())
	}
	// storm starts processes that leave, without end.
	roles["storm"] = func(args []string) {
		if args[0] == "subreaper" {
			must(BecomeSubreaper())
		}
		storm()
	}
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(98)
	}
}

// spawn starts a role without this package's help.
func spawn(role string, setsid bool, stdout *os.File) *os.Process {
	p, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Env:   lastValues(asRole(role)),
		Files: []*os.File{nil, stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setsid: setsid},
	})
	must(err)
	return p
}

// plantTree starts the trees below a process, if any.
func plantTree(depth int) {
	if depth > 0 {
		for _, setsid := range []bool{true, false} {
			spawn(fmt.Sprintf("tree:%d:plain", depth-1), setsid, os.Stdout)
		}
	}
}

// storm has two goroutines start processes in sessions of their own without
// end: some stay, some are killed, some leave an orphan.
func storm() {
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				switch p := spawn([]string{"deaf", "leave"}[i%2], true, os.Stdout); {
				case i%2 == 1:
					p.Wait()
				case i > 4:
					p.Kill()
					p.Wait()
				}
			}
		})
	}
	wg.Wait()
}

// startTree starts a complete tree of depth 2, seven processes on three levels,
// and returns their numbers, the root's first.
func startTree(t *testing.T, reaper string) (*Child, *output, []int) {
	t.Helper()
	out := newOutput(t)
	c := start(t, "tree:2:"+reaper, Spec{Stdout: out.w})
	out.w.Close()
	pids := out.numbers(7)
	if pids[0] != c.PID() {
		t.Fatalf("the first is %d, not the root %d", pids[0], c.PID())
	}
	if got := len(Descendants(c.PID())); got != 6 {
		t.Fatalf("%d descendants, want 6", got)
	}
	return c, out, pids
}

// numbers reads n numbers.
func (o *output) numbers(n int) (all []int) {
	o.t.Helper()
	for range n {
		all = append(all, atoi(o.line()))
	}
	return all
}

func TestKillTree(t *testing.T) {
	for _, reaper := range []string{"subreaper", "plain"} {
		t.Run(reaper, func(t *testing.T) {
			eachKernel(t, func(t *testing.T) {
				c, out, _ := startTree(t, reaper)
				if err := c.Kill(); err != nil {
					t.Fatal(err)
				}
				if s := await(t, c); s.Signal != syscall.SIGKILL {
					t.Errorf("status %v", s)
				}
				out.end()
			})
		})
	}
}

// Those whose parents are dead have come back to the subreaper, and are found.
func TestKillFindsOrphans(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		c, out, pids := startTree(t, "subreaper")
		for _, pid := range newLister()(c.PID()) {
			if !slices.Contains(pids, pid) {
				t.Fatalf("child %d of the root is not of the tree", pid)
			}
			unix.Kill(pid, unix.SIGKILL)
		}
		if !eventually(func() bool { return len(Descendants(c.PID())) == 4 }) {
			t.Fatalf("below the root: %v", Descendants(c.PID()))
		}
		if err := c.Kill(); err != nil {
			t.Fatal(err)
		}
		await(t, c)
		out.end()
	})
}

// A child that exits by itself takes the rest of its group along.
func TestGroupDiesWithChild(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		out := newOutput(t)
		c := start(t, "leave", Spec{Stdout: out.w})
		out.w.Close()
		if s := await(t, c); s.ExitCode != 0 || s.Signal != 0 {
			t.Errorf("status %v", s)
		}
		out.end()
	})
}

// Killing in the middle of starting: nobody slips through.
func TestKillInStorm(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for i := range rounds {
		out := newOutput(t)
		c := start(t, "storm:subreaper", Spec{Stdout: out.w})
		out.w.Close()
		for range i { // another moment each time
			out.expect("ready")
		}
		begin := time.Now()
		if err := c.Kill(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		await(t, c)
		out.end()
		if took > time.Second {
			t.Errorf("Kill took %v", took)
		}
	}
}

// A parent dies of kill -9; its worker ends and leaves nobody behind.
func TestWorkerEndsWithParent(t *testing.T) {
	for _, kind := range []string{"tree", "storm"} {
		t.Run(kind, func(t *testing.T) {
			for range 3 {
				out := newOutput(t)
				c := start(t, "parent:worker:"+kind, Spec{Stdout: out.w})
				out.w.Close()
				if kind == "tree" {
					out.numbers(6)
				} else {
					out.expect("ready")
				}
				if err := c.Signal(os.Kill); err != nil {
					t.Fatal(err)
				}
				await(t, c)
				if rest := out.end(); strings.Contains(rest, "died first") {
					t.Error(rest)
				}
			}
		})
	}
}

// A worker that is stopped when its parent dies is woken by the kernel, with the
// SIGHUP and SIGCONT for a process group that has become an orphan.
func TestStoppedWorkerEndsWithParent(t *testing.T) {
	out := newOutput(t)
	// A session of its own, so that whoever adopts the worker is of another.
	parent := spawn("parent:worker:tree:wakes", true, out.w)
	out.w.Close()
	out.numbers(6)
	worker := newLister()(parent.Pid)[0]
	unix.Kill(worker, unix.SIGSTOP)
	if !eventually((&node{pid: worker, pidfd: -1, start: startOf(worker)}).stopped) {
		t.Error("the worker does not stop")
	}
	parent.Kill()
	parent.Wait()
	out.end()
}

func startOf(pid int) uint64 {
	s, _ := readStat(statPath(pid))
	return s.start
}

func TestKillDescendants(t *testing.T) {
	t.Parallel()
	out := newOutput(t)
	c := start(t, "sweeper", Spec{Stdout: out.w})
	out.w.Close()
	if lines := strings.Split(out.end(), "\n"); !slices.Contains(lines, "left: []") || !slices.Contains(lines, "exit code 5") {
		t.Errorf("the sweeper says %q", lines)
	}
	if s := await(t, c); s.ExitCode != 0 {
		t.Errorf("status %v", s)
	}
}

// A handle is given out on real children only, and a number that means another
// process by now is not signalled.
func TestIdentity(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		c, _ := startReady(t, "deaf", Spec{})
		self := os.Getpid()
		tr := newSelfTree()
		if n := tr.identify(1, self); n != nil {
			t.Error("init passes for our child")
		}
		if n := tr.identify(self, self); n != nil {
			t.Error("we pass for our own child")
		}
		n := tr.identify(c.PID(), self)
		if n == nil {
			t.Fatal("our child does not pass for one")
		}
		defer n.close()
		if n.dead() || !n.exists() || n.stopped() {
			t.Errorf("dead %v, exists %v, stopped %v", n.dead(), n.exists(), n.stopped())
		}
		if n.pidfd < 0 {
			stale := *n
			stale.start--
			stale.signal(unix.SIGKILL)
			if stale.exists() || !stale.dead() {
				t.Error("a process with another start time passes for the same")
			}
		}
		if n.dead() {
			t.Error("a signal to a reused number has arrived")
		}
		n.signal(unix.SIGSTOP)
		if !eventually(n.stopped) {
			t.Error("not stopped")
		}
		c.mu.Lock() // it stays a zombie
		n.signal(unix.SIGKILL)
		if !eventually(n.dead) {
			t.Error("killed, not dead")
		}
		if again := tr.identify(c.PID(), self); again != nil || !n.exists() {
			t.Error("a zombie passes for a living one, or does not exist")
		}
		c.mu.Unlock()
		await(t, c)
		if !n.dead() || n.exists() || !n.stopped() {
			t.Errorf("after death: dead %v, exists %v, stopped %v", n.dead(), n.exists(), n.stopped())
		}
		n.signal(unix.SIGKILL) // goes nowhere
		if again := tr.identify(c.PID(), self); again != nil {
			t.Error("a dead child passes for a living one")
		}
	})
}

// A root that starts a child while it is being stopped: no walk that began before
// it stood still may be the last.
func TestKillWaitsForRoot(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		in := stuck(t)
		var late *Child
		asked := 0
		tr := tree{root: os.Getpid(), rootStopped: func() bool {
			if asked++; asked == 3 {
				late = start(t, "block", Spec{Stdin: in})
			}
			return asked > 3
		}}
		if !tr.kill() {
			t.Error("the tree does not settle")
		}
		if late == nil {
			t.Fatal("nobody asked whether the root stands still")
		}
		if s := await(t, late); s.Signal != syscall.SIGKILL {
			t.Errorf("status %v", s)
		}
	})
}

func TestDescendants(t *testing.T) {
	c, _, pids := startTree(t, "plain")
	slices.Sort(pids)
	for _, kernel := range []bool{false, true} {
		noChildrenFiles = kernel
		below, all := Descendants(c.PID()), Descendants(os.Getpid())
		noChildrenFiles = false
		if want := slices.DeleteFunc(slices.Clone(pids), func(pid int) bool { return pid == c.PID() }); !slices.Equal(below, want) {
			t.Errorf("below the root %v, want %v", below, want)
		}
		if !slices.Equal(all, pids) {
			t.Errorf("below us %v, want %v", all, pids)
		}
	}
}
