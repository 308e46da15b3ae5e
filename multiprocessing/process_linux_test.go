package multiprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
	mp "github.com/conexgo/conex/multiprocessing"
)

// tree has a child of its own, a shell with descendants that are hard to find.
func growTree(ctx context.Context, level int) (none, error) {
	if level > 0 {
		if _, err := mp.Go(ctx, tree.Bind(level-1)); err != nil {
			return none{}, err
		}
	} else {
		exec.Command("/bin/sh", "-c", "trap '' TERM HUP INT; sleep 1000 & setsid sleep 1000 & setsid setsid sleep 1000 & wait").Start()
	}
	for { // it does not even look at its context
		sink++
	}
}

var (
	tree *conex.Func[int, none]
	sink int
)

func init() {
	tree = conex.Register("test/process/tree", growTree)
	// The program has a family, and a stock that stands by: it prints all their
	// numbers and waits for its end.
	programs["family"] = func([]string) {
		ctx := context.Background()
		orExit(mp.SetForkServer(mp.ForkServerConfig{Stock: 2}))
		orExit(mp.WarmForkServer(ctx))
		_, err := mp.Go(ctx, tree.Bind(1))
		orExit(err)
		_, err = mp.Go(ctx, block.Bind(none{}), mp.WithContext(mp.Context{Method: mp.ForkServer}))
		orExit(err)
		for {
			// The tree of two, the shell and its three, one in the stock or more, the one from it.
			if pids := child.Descendants(os.Getpid()); len(pids) >= 9 {
				fmt.Println(strings.Trim(fmt.Sprint(pids), "[]"))
				break
			}
			time.Sleep(time.Millisecond)
		}
		select {}
	}
}

// alive reports whether the process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

// The program is killed: nothing that it started survives it for long.
func TestNoOrphans(t *testing.T) {
	leak.Check(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSEGV} {
		t.Run(sig.String(), func(t *testing.T) {
			b := newBox(t)
			cmd := program("family")
			cmd.Stdout, cmd.Stderr = b.f, io.Discard
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var pids []int
			for _, f := range strings.Fields(b.line()) {
				pid, err := strconv.Atoi(f)
				if err != nil {
					t.Fatal(err)
				}
				pids = append(pids, pid)
			}
			cmd.Process.Signal(sig)
			cmd.Wait()
			waitDead(t, pids)
		})
	}
}

func waitDead(t *testing.T, pids []int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		var left []int
		for _, pid := range pids {
			if alive(pid) {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			for _, pid := range left {
				cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
				t.Errorf("orphan %d: %q", pid, cmd)
				syscall.Kill(pid, syscall.SIGKILL)
			}
			return
		}
	}
}

// Kill reaches everybody; so does the end of the context.
func TestKillTree(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		before := map[int]bool{}
		for _, pid := range child.Descendants(os.Getpid()) {
			before[pid] = true
		}
		ctx, cancel := context.WithCancel(context.Background())
		p, err := mp.Go(ctx, tree.Bind(1), opt, mp.WithGrace(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		pid, _ := p.PID()
		var pids []int
		for len(pids) < 6 {
			pids = append([]int{pid}, child.Descendants(pid)...)
		}
		cancel()
		end(t, p)
		wantCode(t, p, -9)
		waitDead(t, pids)
	})
}

// startKills is how many processes a test of chaos kills.
func startKills() int {
	if n, err := strconv.Atoi(os.Getenv("CONEX_CHAOS")); err == nil {
		return n
	}
	return 60 / patience
}

// A child dies at any moment of its start, and of its end: Start and Join return,
// what they say is true, and nothing is left.
func TestChaosWhileStarting(t *testing.T) {
	leak.Check(t)
	each(t, func(t *testing.T, opt mp.Option) {
		stop := make(chan struct{})
		var killer sync.WaitGroup
		killed := 0
		killer.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// One of our children, at a random moment of its life.
				time.Sleep(rand.N(2 * time.Millisecond))
				if pids := child.Descendants(os.Getpid()); len(pids) > 0 && syscall.Kill(pids[rand.IntN(len(pids))], syscall.SIGKILL) == nil {
					killed++
				}
			}
		})
		ctx := within(t, 60*time.Second)
		begun, died, failed := 0, 0, 0
		for begun+failed < startKills() {
			b := newBox(t)
			p := mp.New(done.Bind(b.mail), opt)
			err := p.Start(ctx)
			if err != nil {
				failed++
				if !errors.Is(err, &mp.ExitError{Code: -9}) || p.Alive() {
					t.Errorf("%v: %v", p, err)
				}
				if said := b.rest(); said != "" {
					t.Errorf("%v, but the function ran: %q", err, said)
				}
				continue
			}
			begun++
			if err := p.Join(ctx); err != nil {
				t.Fatal(err)
			}
			code, ok := p.ExitCode()
			switch {
			case ok && code == -9 && errors.Is(p.Err(), &mp.ExitError{Code: -9}):
				died++
			case !ok || code != 0 || b.rest() != "done\n":
				t.Errorf("%v: %v", p, p.Err())
			}
		}
		close(stop)
		killer.Wait()
		t.Logf("%d killed: %d begun, of which %d died, %d did not begin", killed, begun, died, failed)
		if len(mp.ActiveChildren()) != 0 {
			t.Errorf("active: %v", mp.ActiveChildren())
		}
	})
}

// Starts leave no descriptor, goroutine or zombie.
func TestStartsLeaveNothing(t *testing.T) {
	leak.Check(t)
	n := 100 / patience
	if s, err := strconv.Atoi(os.Getenv("CONEX_STRESS")); err == nil {
		n = max(s/1000, 1)
	}
	each(t, func(t *testing.T, opt mp.Option) {
		for range n {
			wantCode(t, run1(t, opt), 0)
		}
	})
}

func run1(t *testing.T, opt mp.Option) *mp.Process {
	p, err := mp.Go(context.Background(), nothing.Bind(none{}), opt)
	if err != nil {
		t.Fatal(err)
	}
	end(t, p)
	return p
}

func init() {
	// The program starts processes until the system has no more of what its
	// argument says, prints the error, and sees that it can go on afterwards.
	programs["exhaust"] = func(args []string) {
		ctx := context.Background()
		opt := mp.WithContext(mp.Context{Method: mp.StartMethod(args[1])})
		which, limit := syscall.RLIMIT_NOFILE, uint64(40)
		if args[0] == "processes" {
			which, limit = 6, 1 // RLIMIT_NPROC
			spareThreads()
		}
		var old syscall.Rlimit
		orExit(syscall.Getrlimit(which, &old))
		orExit(syscall.Setrlimit(which, &syscall.Rlimit{Cur: limit, Max: old.Max}))
		var list []*mp.Process
		for {
			p := mp.New(block.Bind(none{}), opt)
			if err := p.Start(ctx); err != nil {
				fmt.Println(errors.Is(err, mp.ErrProcess), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.EAGAIN), err)
				break
			}
			if list = append(list, p); len(list) > 100 {
				orExit(errors.New("there is no end"))
			}
		}
		for _, p := range list {
			p.Kill()
			<-p.Done()
		}
		orExit(syscall.Setrlimit(which, &old))
		p, err := mp.Go(ctx, nothing.Bind(none{}), opt)
		orExit(err)
		orExit(p.Join(ctx))
		orExit(p.Err())
	}
}

// spareThreads makes the runtime start threads that it will not need: it gives
// up the program if it cannot have one, and threads count as processes.
func spareThreads() {
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	for range 30 {
		ready.Add(1)
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	close(release)
	done.Wait()
}

func TestExhaustion(t *testing.T) {
	for _, m := range mp.AllStartMethods() {
		t.Run("descriptors/"+string(m), func(t *testing.T) {
			out, err := program("exhaust", "descriptors", string(m)).CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "true true false ") {
				t.Errorf("%v: %s", err, out)
			}
		})
		t.Run("processes/"+string(m), func(t *testing.T) {
			cmd := program("exhaust", "processes", string(m))
			if os.Getuid() == 0 { // for whom there is no limit
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64321, Gid: 64321}}
				cmd.Dir = "/"
			}
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "true false true ") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
