package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

// Functions that run before a program.
var (
	preSet = conex.Register("subprocess_test.set", func(_ context.Context, nice int) (struct{}, error) {
		os.Setenv("SET_BEFORE", "yes")
		return struct{}{}, unix.Setpriority(unix.PRIO_PROCESS, 0, nice)
	})
	preFail = conex.Register("subprocess_test.fail", func(context.Context, string) (struct{}, error) {
		return struct{}{}, fmt.Errorf("not today: %w", fs.ErrExist)
	})
	prePanic = conex.Register("subprocess_test.panic", func(context.Context, string) (struct{}, error) {
		panic("too much")
	})
	preExit = conex.Register("subprocess_test.exit", func(_ context.Context, code int) (struct{}, error) {
		os.Exit(code)
		return struct{}{}, nil
	})
	preHang = conex.Register("subprocess_test.hang", func(context.Context, string) (struct{}, error) {
		time.Sleep(time.Hour)
		return struct{}{}, nil
	})
)

func bound(b conex.Bound) *conex.Bound { return &b }

func TestPreExec(t *testing.T) {
	leak.Check(t)
	mask := fs.FileMode(0o27)
	extra, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	dir := t.TempDir()
	cmd := shell(`echo "$0 $SET_BEFORE $A $CONEX_WORKER$CONEX_PRELUDE"; nice; pwd; umask; ulimit -n; ` + descriptors)
	cmd.Args = append(cmd.Args, "called so")
	cmd.Env = append(os.Environ(), "A=a")
	cmd.Dir, cmd.ExtraFiles, cmd.Limits.Files = dir, map[int]*os.File{5: extra}, 99
	cmd.Unix = subprocess.Unix{PreExec: bound(preSet.Bind(3)), Umask: &mask, NewSession: true}
	want := "called so yes a \n3\n" + dir + "\n0027\n99\n5"
	if got := output(t, cmd); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPreExecFails(t *testing.T) {
	leak.Check(t)
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		pre  conex.Bound
		text string
		is   error
	}{
		{"error", preFail.Bind(""), "not today", fs.ErrExist},
		{"panic", prePanic.Bind(""), "too much", subprocess.ErrInvalidArgument},
		{"exit", preExit.Bind(3), "exit code 3", subprocess.ErrInvalidArgument},
		{"clean exit", preExit.Bind(0), "exit code 0", subprocess.ErrInvalidArgument},
		{"the program", preSet.Bind(0), "/no/such/interpreter", fs.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := shell("echo never")
			if c.name == "the program" {
				cmd.Args = []string{program}
			}
			cmd.Unix.PreExec = &c.pre
			p, err := subprocess.Start(t.Context(), cmd)
			if p != nil || !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("%v, %v", p, err)
			}
			var bad *subprocess.ArgumentError
			if c.name != "the program" && (!errors.As(err, &bad) || bad.Field != "Unix.PreExec") {
				t.Errorf("%v is not about the function", err)
			}
		})
	}
}

// TestPreExecHangs: the end of the context ends a start that does not.
func TestPreExecHangs(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
	cmd := shell("echo never")
	cmd.Unix.PreExec = bound(preHang.Bind(""))
	if p, err := subprocess.Start(ctx, cmd); p != nil || !errors.Is(err, why) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", p, err)
	}
}

// TestPreExecParentKilled: it ends with us all the same.
func TestPreExecParentKilled(t *testing.T) {
	leak.Check(t)
	cmd, all := play(t, "parent of a prelude's", "group", "session", "child")
	cmd.Process.Kill()
	for _, w := range all {
		if !w.gone(10 * time.Second) {
			t.Errorf("%s lives", w.name)
		}
	}
}

func init() {
	roles["parent of a prelude's"] = func() {
		cmd := subprocess.Cmd{Args: []string{"sh", "-c", family}}
		cmd.Unix.PreExec = bound(preSet.Bind(0))
		have(cmd)
	}
}

func cgroupDir(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			if unix.Access(dir, unix.W_OK) == nil {
				return dir
			}
		}
	}
	t.Skip("no control groups of version 2 that we may make")
	return ""
}

// TestCgroup: nothing leaves a control group, not even what has no parent any
// more, and the group itself goes, too.
func TestCgroup(t *testing.T) {
	leak.Check(t)
	dir := cgroupDir(t)
	for _, how := range []string{"killed", "ended", "context"} {
		t.Run(how, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cmd := shell(`cat /proc/self/cgroup
				(setsid sh -c 'trap "" TERM HUP; echo orphan $$; sleep 1000; :' &)
				echo shell $$
				read -r line`)
			cmd.Unix.Cgroup = dir
			cmd.Stdin, cmd.Stdout = subprocess.Pipe, subprocess.Pipe
			p, err := subprocess.Start(ctx, cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stdout.Close()
			var orphan watched
			group := ""
			seen := 0
			for line, err := range linesOf(p.Stdout) {
				if err != nil {
					t.Fatal(err)
				}
				if g, ok := strings.CutPrefix(line, "0::"); ok {
					group = g
				}
				if name, pid, ok := strings.Cut(line, " "); ok && (name == "orphan" || name == "shell") {
					seen++
					if name == "orphan" {
						orphan = watch(t, name, pid)
					}
				}
				if seen == 2 {
					break
				}
			}
			if !strings.Contains(group, "conex-") {
				t.Errorf("it is in group %q", group)
			}
			switch how {
			case "killed":
				p.Kill()
			case "ended":
				p.Stdin.Close()
			case "context":
				cancel()
			}
			<-p.Done()
			if !orphan.gone(10 * time.Second) {
				t.Error("the orphan lives")
			}
			p.Stdin.Close()
			if left, _ := filepath.Glob(dir + "/conex-*"); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}
