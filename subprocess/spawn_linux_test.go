package subprocess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
)

func shell(script string) subprocess.Cmd {
	return subprocess.Cmd{Args: []string{"/bin/sh", "-c", script}}
}

// output runs a program and returns what it wrote, without space around it.
func output(t *testing.T, cmd subprocess.Cmd) string {
	t.Helper()
	out, err := tryOutput(t, cmd)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryOutput(t *testing.T, cmd subprocess.Cmd) (string, error) {
	cmd.Stdout = subprocess.Pipe
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		return "", err
	}
	defer p.Stdout.Close()
	b, err := io.ReadAll(p.Stdout)
	<-p.Done()
	return strings.TrimSpace(string(b)), err
}

func root(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("takes the superuser")
	}
}

func TestSession(t *testing.T) {
	leak.Check(t)
	// The shell's process, group and session.
	const who = `read -r pid name state parent group session rest </proc/self/stat; echo $$ $group $session`
	ours, _ := unix.Getsid(0)
	zero, join := 0, unix.Getpgrp()
	type want struct{ ownGroup, ownSession bool }
	for name, c := range map[string]struct {
		change func(*subprocess.Cmd)
		want
	}{
		"default":       {func(*subprocess.Cmd) {}, want{true, false}},
		"session":       {func(c *subprocess.Cmd) { c.Unix.NewSession = true }, want{true, true}},
		"detached":      {func(c *subprocess.Cmd) { c.Detach = true }, want{true, true}},
		"its own group": {func(c *subprocess.Cmd) { c.Unix.ProcessGroup = &zero }, want{true, false}},
		"our group":     {func(c *subprocess.Cmd) { c.Unix.ProcessGroup = &join }, want{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := shell(who)
			c.change(&cmd)
			f := strings.Fields(output(t, cmd))
			if own := f[1] == f[0]; own != c.ownGroup || !own && f[1] != strconv.Itoa(join) {
				t.Errorf("process %s is in group %s; ours is %d", f[0], f[1], join)
			}
			if own := f[2] == f[0]; own != c.ownSession || !own && f[2] != strconv.Itoa(ours) {
				t.Errorf("process %s is in session %s; ours is %d", f[0], f[2], ours)
			}
		})
	}
}

func TestUser(t *testing.T) {
	root(t)
	leak.Check(t)
	for _, c := range []struct {
		unix subprocess.Unix
		want string // user, group, and all groups
	}{
		{subprocess.Unix{User: "nobody"}, "65534 0 "},
		{subprocess.Unix{User: "1234"}, "1234 0 "},
		{subprocess.Unix{Group: "daemon"}, "0 1 "},
		{subprocess.Unix{User: "1234", Group: "1235", ExtraGroups: []string{"daemon", "77"}}, "1234 1235 1235 1 77"},
		{subprocess.Unix{User: "1234", Group: "1235", ExtraGroups: []string{}}, "1234 1235 1235"},
	} {
		cmd := shell("echo $(id -u) $(id -g) $(id -G)")
		cmd.Unix, cmd.Dir = c.unix, "/"
		if got := output(t, cmd); !strings.HasPrefix(got+" ", c.want) || c.unix.ExtraGroups != nil && got != c.want {
			t.Errorf("%+v: %q, want %q", c.unix, got, c.want)
		}
	}
}

// TestArgument: what cannot be is an error that names the field, and leaves
// nothing behind.
func TestArgument(t *testing.T) {
	leak.Check(t)
	mode := fs.FileMode(0o1777)
	minus, huge := -1, 1<<30
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, c := range []struct {
		field string
		cmd   subprocess.Cmd
		is    error
	}{
		{"Unix.User", subprocess.Cmd{Unix: subprocess.Unix{User: "no such user"}}, nil},
		{"Unix.User", subprocess.Cmd{Unix: subprocess.Unix{User: "-1"}}, nil},
		{"Unix.User", subprocess.Cmd{Unix: subprocess.Unix{User: "4294967295"}}, nil},
		{"Unix.Group", subprocess.Cmd{Unix: subprocess.Unix{Group: "no such group"}}, nil},
		{"Unix.ExtraGroups[1]", subprocess.Cmd{Unix: subprocess.Unix{ExtraGroups: []string{"0", ""}}}, nil},
		{"Unix.Umask", subprocess.Cmd{Unix: subprocess.Unix{Umask: &mode}}, nil},
		{"Unix.ProcessGroup", subprocess.Cmd{Unix: subprocess.Unix{ProcessGroup: &minus}}, nil},
		{"Unix.ProcessGroup", subprocess.Cmd{Unix: subprocess.Unix{ProcessGroup: &huge}}, syscall.EPERM},
		{"Unix.ProcessGroup", subprocess.Cmd{Unix: subprocess.Unix{ProcessGroup: &minus, NewSession: true}}, nil},
		{"Unix.Cgroup", subprocess.Cmd{Unix: subprocess.Unix{Cgroup: "/tmp"}}, errors.ErrUnsupported},
		{"Unix.Cgroup", subprocess.Cmd{Unix: subprocess.Unix{Cgroup: "/no/such"}}, fs.ErrNotExist},
		{"Unix.Cgroup", subprocess.Cmd{Unix: subprocess.Unix{Cgroup: "/tmp"}, Detach: true}, nil},
		{"Limits.Files", subprocess.Cmd{Limits: subprocess.Limits{Files: -1}}, nil},
		{"Limits.CPU", subprocess.Cmd{Limits: subprocess.Limits{CPU: 1<<63 - 1}}, nil},
		{"Limits.Memory", subprocess.Cmd{Limits: subprocess.Limits{Memory: -1}}, nil},
		{"ExtraFiles[2]", subprocess.Cmd{ExtraFiles: map[int]*os.File{2: os.Stdin}}, nil},
		{"ExtraFiles[1073741824]", subprocess.Cmd{ExtraFiles: map[int]*os.File{huge: os.Stdin}}, nil},
		{"ExtraFiles[3]", subprocess.Cmd{ExtraFiles: map[int]*os.File{3: nil}}, nil},
		{"ExtraFiles[3]", subprocess.Cmd{ExtraFiles: map[int]*os.File{3: closed}}, os.ErrClosed},
		{"Args[1]", subprocess.Cmd{Args: []string{"/bin/true", strings.Repeat("x", 1<<17)}}, syscall.E2BIG},
		{"Args", subprocess.Cmd{Args: append([]string{"/bin/true"}, slices.Repeat([]string{strings.Repeat("x", 1<<16)}, 200)...)}, syscall.E2BIG},
		{"Env[0]", subprocess.Cmd{Env: []string{"A=" + strings.Repeat("x", 1<<17)}}, syscall.E2BIG},
	} {
		if c.cmd.Args == nil {
			c.cmd.Args = []string{"/bin/true"}
		}
		p, err := subprocess.Start(t.Context(), c.cmd)
		var bad *subprocess.ArgumentError
		if p != nil || !errors.As(err, &bad) || bad.Field != c.field || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v, %v", c.field, p, err)
		}
	}
}

// TestUnprivileged starts programs as others, as nobody.
func TestUnprivileged(t *testing.T) {
	root(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVar+"=unprivileged")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "Unix.User\nUnix.Group\nUnix.ExtraGroups\nLimits.Files\n" {
		t.Errorf("%s%v", out, err)
	}
}

func init() {
	roles["unprivileged"] = func() {
		var hard unix.Rlimit
		unix.Getrlimit(unix.RLIMIT_NOFILE, &hard)
		for _, c := range []subprocess.Cmd{
			{Unix: subprocess.Unix{User: "0"}},
			{Unix: subprocess.Unix{Group: "0"}},
			{Unix: subprocess.Unix{ExtraGroups: []string{"0"}}},
			{Limits: subprocess.Limits{Files: int(hard.Max) + 1}},
		} {
			c.Args = []string{"/bin/true"}
			_, err := subprocess.Start(context.Background(), c)
			var bad *subprocess.ArgumentError
			if !errors.As(err, &bad) || !errors.Is(err, syscall.EPERM) {
				fmt.Println(err)
				continue
			}
			fmt.Println(bad.Field)
		}
	}
}

func TestUmask(t *testing.T) {
	leak.Check(t)
	mine := unix.Umask(0o22)
	unix.Umask(mine)
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			mask := fs.FileMode(0o1 << (i % 9))
			cmd := shell("umask; pwd; cd ..; pwd")
			cmd.Unix.Umask = &mask
			if i%2 == 1 {
				cmd.Dir = dir
			}
			here, _ := os.Getwd()
			if cmd.Dir != "" {
				here = cmd.Dir
			}
			want := fmt.Sprintf("%04o\n%s\n%s", mask, here, filepath.Dir(here))
			if got := output(t, cmd); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
		all.Go(func() {
			if got, want := output(t, shell("umask")), fmt.Sprintf("%04o", mine); got != want {
				t.Errorf("%s, want %s: another one's", got, want)
			}
		})
	}
	all.Wait()
}

// TestUmaskFollows: we go to another directory, and so does the thread for
// masks.
func TestUmaskFollows(t *testing.T) {
	mask := fs.FileMode(0o27)
	dir := t.TempDir()
	t.Chdir(dir)
	cmd := shell("pwd")
	cmd.Unix.Umask = &mask
	if got := output(t, cmd); got != dir {
		t.Errorf("%q, want %q", got, dir)
	}
}

// descriptors runs a shell that lists its own, without 0 to 2 and that of the
// directory.
const descriptors = `for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -gt 2 ] && [ -e $f ] && echo $n; done; true`

// leaky opens something that is not close-on-exec, at or above a number.
func leaky(t *testing.T, from int) int {
	t.Helper()
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(n) })
	return n
}

func TestDescriptors(t *testing.T) {
	leak.Check(t)
	// What whoever runs the tests has left open.
	inherited := subprocess.Leaks()
	with := func(some []int, more ...int) []int {
		all := append(slices.Clone(some), more...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	a, b := leaky(t, 40), leaky(t, 50)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, c := range []struct {
		name  string
		keep  bool
		extra map[int]*os.File
		want  []int
	}{
		{"none", false, nil, nil},
		{"kept", true, nil, with(inherited, a, b)},
		{"extra", false, map[int]*os.File{3: null, 7: null}, []int{3, 7}},
		{"extra with its own number", false, map[int]*os.File{int(null.Fd()): null}, []int{int(null.Fd())}},
		{"extra above", false, map[int]*os.File{a: null, 60: null}, []int{a, 60}},
		{"kept and extra", true, map[int]*os.File{5: null, 45: null, 60: null}, with(inherited, 5, a, 45, b, 60)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					cmd := shell(descriptors)
					cmd.KeepFiles, cmd.ExtraFiles = c.keep, c.extra
					var got []int
					for _, s := range strings.Fields(output(t, cmd)) {
						n, _ := strconv.Atoi(s)
						got = append(got, n)
					}
					slices.Sort(got)
					if !slices.Equal(got, c.want) {
						t.Errorf("%v, want %v", got, c.want)
					}
				})
			}
			all.Wait()
			for _, fd := range []int{a, b} {
				if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags != 0 || err != nil {
					t.Errorf("descriptor %d has flags %d here: %v", fd, flags, err)
				}
			}
		})
	}
}

func TestSignals(t *testing.T) {
	leak.Check(t)
	defer signal.Reset(syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGUSR1)
	signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ, syscall.SIGUSR1)
	const ignored = `read -r name mask <<-END
		$(grep SigIgn /proc/$$/status)
	END
	echo $mask`
	bit := func(s syscall.Signal) uint64 { return 1 << (s - 1) }
	restored, other := bit(syscall.SIGPIPE)|bit(syscall.SIGXFSZ), bit(syscall.SIGUSR1)
	for _, keep := range []bool{false, true} {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				cmd := shell(ignored)
				cmd.Unix.KeepSignals = keep
				mask, err := strconv.ParseUint(output(t, cmd), 16, 64)
				want := other
				if keep {
					want |= restored
				}
				if err != nil || mask&(restored|other) != want {
					t.Errorf("keep %v: %x, want %x: %v", keep, mask, want, err)
				}
			})
		}
		all.Wait()
	}
	if !signal.Ignored(syscall.SIGPIPE) || !signal.Ignored(syscall.SIGXFSZ) {
		t.Error("we do not ignore them any more")
	}
}

func TestLimits(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		limits subprocess.Limits
		script string
		want   string
	}{
		{subprocess.Limits{Files: 17}, "ulimit -n", "17"},
		{subprocess.Limits{Memory: 64 << 20}, "ulimit -d", "65536"},
		{subprocess.Limits{CPU: 1500 * time.Millisecond}, "ulimit -St; ulimit -Ht", "2\n3"},
		{subprocess.Limits{FileSize: 1 << 20}, "ulimit -f", "2048"},
		{subprocess.Limits{Processes: 1000}, "grep processes /proc/self/limits", "Max processes             1000                 1000                 processes"},
		{subprocess.Limits{Core: -1}, "ulimit -c", "0"},
		{subprocess.Limits{Core: 1 << 20}, "ulimit -c", "2048"},
	} {
		cmd := shell(c.script)
		cmd.Limits = c.limits
		if got := output(t, cmd); got != c.want {
			t.Errorf("%+v: %q, want %q", c.limits, got, c.want)
		}
	}
	// They hold from the first instruction on.
	cmd := subprocess.Cmd{Args: []string{"/bin/sh", "-c", "while :; do :; done"}, Limits: subprocess.Limits{CPU: time.Second}}
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if code, _ := p.Poll(); code != -int(syscall.SIGXCPU) {
		t.Errorf("code %d", code)
	}
}

// TestFailures: a start that fails says what it failed of.
func TestFailures(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := file("plain", "x", 0o644)
	for _, c := range []struct {
		name string
		cmd  subprocess.Cmd
		path string
		is   error
	}{
		{"missing", subprocess.Cmd{Args: []string{dir + "/none"}}, dir + "/none", fs.ErrNotExist},
		{"directory", subprocess.Cmd{Args: []string{dir}}, dir, fs.ErrPermission},
		{"not executable", subprocess.Cmd{Args: []string{plain}}, plain, fs.ErrPermission},
		{"no program", subprocess.Cmd{Args: []string{file("text", "hello", 0o755)}}, dir + "/text", syscall.ENOEXEC},
		{"interpreter", subprocess.Cmd{Args: []string{file("script", "#! /no/such/program -x\n", 0o755)}}, "/no/such/program", fs.ErrNotExist},
		{"interpreter may not run", subprocess.Cmd{Args: []string{file("script2", "#!"+plain, 0o755)}}, plain, fs.ErrPermission},
		{"no dir", subprocess.Cmd{Args: []string{"/bin/true"}, Dir: dir + "/nowhere"}, dir + "/nowhere", fs.ErrNotExist},
		{"dir is a file", subprocess.Cmd{Args: []string{"/bin/true"}, Dir: plain}, plain, syscall.ENOTDIR},
		{"below a file", subprocess.Cmd{Args: []string{plain + "/x"}}, plain + "/x", syscall.ENOTDIR},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := subprocess.Start(t.Context(), c.cmd)
			var path *fs.PathError
			if p != nil || !errors.As(err, &path) || path.Path != c.path || !errors.Is(err, c.is) {
				t.Errorf("%v, %v; want the path %s", p, err, c.path)
			}
			t.Log(err)
		})
	}
}
