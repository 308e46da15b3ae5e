package process_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/leak"
)

// orphans is a program with a pool whose tasks have started processes of
// their own, one of them in a session of its own. It prints their pids and
// waits to be killed.
func orphans() {
	p, err := process.NewPool(process.Config{Workers: 2, Spares: 1})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ctx := context.Background()
	futures.Submit(ctx, p, tree, "trap '' TERM HUP INT; sleep 1000 & setsid sleep 1000 & setsid setsid sleep 1000 & wait")
	futures.Submit(ctx, p, deaf, none{})
	for {
		pids := child.Descendants(os.Getpid())
		if len(pids) >= 7 && len(p.Stats().Workers) == 3 { // two busy, a spare, the shell and its three
			fmt.Println(strings.Trim(fmt.Sprint(pids), "[]"))
			break
		}
		time.Sleep(time.Millisecond)
	}
	select {}
}

func init() { roles["orphans"] = orphans }

// alive reports whether the process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func waitDead(t *testing.T, pids []int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
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
		time.Sleep(time.Millisecond)
	}
}

// Workers, and what they started, end with the program, however it ends.
func TestNoOrphans(t *testing.T) {
	leak.Check(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGSEGV} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CONEX_TEST_ROLE=orphans", "GOTRACEBACK=none")
		cmd.Stderr = io.Discard
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		var pids []int
		for _, f := range strings.Fields(line) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatalf("%q", line)
			}
			pids = append(pids, n)
		}
		cmd.Process.Signal(sig)
		cmd.Wait()
		waitDead(t, pids)
	}
}

// Killing a task kills what it started, the disobedient too.
func TestKillTree(t *testing.T) {
	leak.Check(t)
	p := newPool(t, process.Config{Workers: 1, Spares: -1, Grace: -1})
	ctx := within(t, 30*time.Second)
	before := child.Descendants(os.Getpid())
	f := futures.Submit(ctx, p, tree, "trap '' TERM HUP INT; sleep 1000 & setsid sleep 1000 & wait", futures.TaskTimeout(300*time.Millisecond))
	var pids []int
	for len(pids) < 4 && ctx.Err() == nil {
		pids = nil
		for _, pid := range child.Descendants(os.Getpid()) {
			if !contains(before, pid) {
				pids = append(pids, pid)
			}
		}
	}
	if _, err := f.Result(ctx); err == nil {
		t.Error("the task returned")
	}
	waitDead(t, pids)
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}
