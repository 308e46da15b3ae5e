package subprocess_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// family is a shell with a child in its group and one outside, which both do not
// listen. Each says its number.
const family = `
	trap "" TERM HUP INT
	echo "group $$"
	setsid sh -c 'trap "" TERM HUP INT; echo session $$; sleep 1000; :' &
	sh -c 'echo child $$; sleep 1000; :' &
	wait`

func init() {
	roles["parent"] = haveFamily
	rolesBefore["parent without Init"] = haveFamily
	roles["parent of a terminal's"] = func() {
		ours := unix.Getpgrp()
		have(subprocess.Cmd{Args: []string{"sh", "-c", family}, Unix: subprocess.Unix{ProcessGroup: &ours}})
	}
	roles["guarded"] = func() {
		p, err := subprocess.Start(context.Background(), subprocess.Cmd{Args: []string{"sh", "-c", family}})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		pid := subprocess.GuardianPID()
		unix.Kill(pid, unix.SIGKILL)
		fmt.Println("guardian", subprocess.NextGuardianPID(pid))
		<-p.Done()
	}
	roles["employer"] = func() {
		pool, err := process.NewPool(process.Config{Workers: 1})
		if err == nil {
			_, err = futures.Submit(context.Background(), pool, startFamily, struct{}{}).Result(context.Background())
		}
		fmt.Println("error", err)
	}
}

var startFamily = conex.Register("subprocess_test.family", func(context.Context, struct{}) (struct{}, error) {
	haveFamily()
	return struct{}{}, nil
})

func haveFamily() { have(subprocess.Cmd{Args: []string{"sh", "-c", family}}) }

// have starts a program and waits to be killed.
func have(cmd subprocess.Cmd) {
	p, err := subprocess.Start(context.Background(), cmd)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	// Between its start and this moment a program may outlive us.
	subprocess.GuardianPID()
	fmt.Println("ready", os.Getpid())
	<-p.Done()
	// Nobody may be there to read: to print now would be the end of a worker
	// that is about to end what is left.
	time.Sleep(time.Hour)
}

// A watched process is one whose end can be waited for by who is not its parent.
type watched struct {
	name string
	pid  int
	fd   int
}

// gone waits for the end.
func (w watched) gone(patience time.Duration) bool {
	for end := time.Now().Add(patience); ; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}, int(time.Until(end).Milliseconds()))
		if err != unix.EINTR {
			return n > 0
		}
	}
}

// play runs this program in a role, and returns it, and the processes that it
// names in lines of a name and a number.
func play(t *testing.T, role string, names ...string) (*exec.Cmd, map[string]watched) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stderr = os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	all := map[string]watched{}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for lines := bufio.NewScanner(r); len(all) < len(names); {
		if !lines.Scan() {
			t.Fatalf("%s: ended after %v", role, all)
		}
		name, number, _ := strings.Cut(lines.Text(), " ")
		all[name] = watch(t, name, number)
	}
	return cmd, all
}

// linesOf are the lines that a program writes.
func linesOf(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if !yield(lines.Text(), nil) {
				return
			}
		}
		yield("", cmp.Or(lines.Err(), io.EOF))
	}
}

// watch returns a process by its number. It is killed with the test.
func watch(t *testing.T, name, number string) watched {
	t.Helper()
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s %s: no process", name, number)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("%s %s: %v", name, number, err)
	}
	t.Cleanup(func() {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		unix.Close(fd)
	})
	return watched{name, pid, fd}
}

// TestParentKilled kills programs by SIGKILL. All that they have started is gone
// a moment later.
func TestParentKilled(t *testing.T) {
	for _, role := range []string{"parent", "employer", "parent of a terminal's"} {
		t.Run(role, func(t *testing.T) {
			leak.Check(t)
			cmd, all := play(t, role, "group", "session", "child", "ready")
			began := time.Now()
			cmd.Process.Kill()
			for _, p := range all {
				if !p.gone(10 * time.Second) {
					stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
					t.Errorf("%s lives: %s", p.name, stat)
				}
			}
			t.Logf("all gone after %v", time.Since(began))
		})
	}
}

// TestParentKilledWithoutInit: without a guardian it is the program alone that
// ends.
func TestParentKilledWithoutInit(t *testing.T) {
	leak.Check(t)
	cmd, all := play(t, "parent without Init", "group", "session", "child", "ready")
	cmd.Process.Kill()
	if !all["group"].gone(10 * time.Second) {
		t.Error("the program lives")
	}
	if all["session"].gone(0) || all["child"].gone(0) {
		t.Error("its children are dead, too: say so in the documentation")
	}
	// They live, so these are their groups still.
	unix.Kill(-all["group"].pid, unix.SIGKILL)
	unix.Kill(-all["session"].pid, unix.SIGKILL)
	all["child"].gone(10 * time.Second)
	all["session"].gone(10 * time.Second)
}

// TestGuardianKilled: another one takes its place.
func TestGuardianKilled(t *testing.T) {
	old := subprocess.GuardianPID()
	if err := unix.Kill(old, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if subprocess.NextGuardianPID(old) == 0 {
		t.Error("no other one")
	}
	cmd, all := play(t, "guarded", "guardian", "group", "session", "child")
	cmd.Process.Kill()
	for _, p := range all {
		if !p.gone(10 * time.Second) {
			t.Errorf("%s lives", p.name)
		}
	}
}

// TestGuardianIsInvisible: it is no child of ours, has no descriptors of ours,
// and ends with us.
func TestGuardianIsInvisible(t *testing.T) {
	pid := subprocess.GuardianPID()
	if pid == 0 {
		t.Fatal("no guardian")
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if f[1] == strconv.Itoa(os.Getpid()) {
		t.Error("it is a child of ours")
	}
	if f[3] != strconv.Itoa(pid) && f[2] != strconv.Itoa(pid) {
		t.Errorf("it is in group %s and session %s", f[2], f[3])
	}
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	for _, e := range entries {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
		n, _ := strconv.Atoi(e.Name())
		switch {
		case n <= 2 && target != "/dev/null":
			t.Errorf("its descriptor %d is %s", n, target)
		case n > 5 && !strings.HasPrefix(target, "anon_inode:[event") && !strings.HasPrefix(target, "/sys/fs/cgroup/"):
			// Those two are of Go's runtime.
			t.Errorf("it has descriptor %d: %s", n, target)
		}
	}
}
