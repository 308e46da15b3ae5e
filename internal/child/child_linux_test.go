package child

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	// die:N kills itself by signal N.
	roles["die"] = func(args []string) {
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
		syscall.Kill(os.Getpid(), syscall.Signal(atoi(args[0])))
		select {}
	}
	// pipes lists the pipes that it has inherited.
	roles["pipes"] = func([]string) {
		entries, _ := os.ReadDir("/proc/self/fd")
		for _, e := range entries {
			if link, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(link, "pipe:") {
				fmt.Println(e.Name(), link)
			}
		}
	}
	// respawn starts itself once it has got a byte, to exit with code 7.
	roles["respawn"] = func([]string) {
		fmt.Println("ready")
		os.Stdin.Read(make([]byte, 1))
		c, err := Start(Spec{Env: asRole("exit:7")})
		if err != nil {
			fmt.Println(err)
			return
		}
		<-c.Done()
		fmt.Println(c.Status())
	}
	// where reports directory, arguments and environment.
	roles["where"] = func([]string) {
		dir, _ := os.Getwd()
		fmt.Println(dir)
		fmt.Println(strings.Join(os.Args, " "))
		fmt.Println(len(os.Environ()))
	}
}

// eachKernel runs the test on this kernel and as on lesser ones.
func eachKernel(t *testing.T, test func(t *testing.T)) {
	for _, kernel := range []struct {
		name                     string
		noPidfd, noChildrenFiles bool
	}{
		{"all features", false, false},
		{"no pidfd", true, false},
		{"no children files", false, true},
		{"neither", true, true},
	} {
		t.Run(kernel.name, func(t *testing.T) {
			t.Cleanup(func() { noPidfd, noChildrenFiles = false, false })
			noPidfd, noChildrenFiles = kernel.noPidfd, kernel.noChildrenFiles
			test(t)
		})
	}
}

func TestSignals(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP} {
			if signal.Ignored(sig) {
				continue // as nohup leaves it, to children too
			}
			c := start(t, fmt.Sprintf("die:%d", sig), Spec{})
			if s := await(t, c); s.ExitCode != -1 || s.Signal != sig {
				t.Errorf("death by %v gives %+v", sig, s)
			}
			c, _ = startReady(t, "burn", Spec{})
			if err := c.Signal(sig); err != nil {
				t.Error(err)
			}
			if s := await(t, c); s.ExitCode != -1 || s.Signal != sig {
				t.Errorf("death by Signal(%v) gives %+v", sig, s)
			}
		}
	})
}

// Stopped and continued children are not dead ones.
func TestStopIsNotDeath(t *testing.T) {
	t.Parallel()
	c, out := startReady(t, "deaf", Spec{})
	for range 3 {
		if err := c.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if !eventually(func() bool { s, _ := readStat(statPath(c.PID())); return s.state == 'T' }) {
			t.Fatal("the child does not stop")
		}
		if err := c.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if !eventually(func() bool { s, _ := readStat(statPath(c.PID())); return s.state != 'T' }) {
			t.Fatal("the child does not continue")
		}
	}
	c.Signal(syscall.SIGSTOP)
	select {
	case <-c.Done():
		t.Fatal("Done is closed for a stopped child")
	default:
	}
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	if s := await(t, c); s.Signal != syscall.SIGKILL {
		t.Errorf("status %+v", s)
	}
	out.end()
}

func TestProcessorTime(t *testing.T) {
	t.Parallel()
	c, _ := startReady(t, "burn", Spec{})
	if !eventually(func() bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.PID()))
		f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		return atoi(f[11]) >= 5 // ticks of user time, 10 ms each
	}) {
		t.Fatal("the child does not burn")
	}
	c.Kill()
	if s := await(t, c); s.User < 40*time.Millisecond || s.User > time.Minute {
		t.Errorf("user time %v", s.User)
	}
}

// stuck returns an input that never ends during the test.
func stuck(t testing.TB) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r
}

func TestSpec(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out := newOutput(t)
	c, err := Start(Spec{
		Args:   []string{"somebody", "a b", ""},
		Env:    []string{roleVar + "=where"},
		Dir:    dir,
		Stdout: out.w,
	})
	if err != nil {
		t.Fatal(err)
	}
	out.w.Close()
	out.expect(dir)
	out.expect("somebody a b ")
	out.expect("1")
	await(t, c)
	// An environment that is empty, not nil, is empty.
	out = newOutput(t)
	c, err = Start(Spec{Path: "/proc/self/exe", Args: []string{"x", "-test.run=^$"}, Env: []string{}, Stdout: out.w})
	if err != nil {
		t.Fatal(err)
	}
	out.w.Close()
	if s := await(t, c); s.ExitCode != 0 {
		t.Errorf("a test run of nothing: %v", s)
	}
	if got := out.end(); !strings.Contains(got, "PASS") {
		t.Errorf("without a role the binary runs tests, got %q", got)
	}
}

// However many start at the same time, each child has what was listed for it.
func TestNoDescriptorLeaksToSiblings(t *testing.T) {
	t.Parallel()
	// What this process was itself given without close-on-exec passes through.
	var inherited string
	for _, fd := range numbersIn("/proc/self/fd") {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		link, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && fd > 5 && flags&unix.FD_CLOEXEC == 0 && strings.HasPrefix(link, "pipe:") {
			inherited += fmt.Sprintf("%d %s\n", fd, link)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				out, extra := newOutput(t), newOutput(t)
				want := fmt.Sprintf("1 %s\n3 %s\n5 %s\n", pipeName(t, out.w), pipeName(t, extra.w), pipeName(t, out.w))
				c, err := Start(Spec{Env: asRole("pipes"), Stdout: out.w, Files: []*os.File{extra.w, nil, out.w}})
				if err != nil {
					t.Error(err)
					return
				}
				out.w.Close()
				extra.w.Close()
				b, err := io.ReadAll(out.r)
				var got string
				for line := range strings.Lines(string(b)) {
					if !strings.Contains(inherited, line) {
						got += line
					}
				}
				if err != nil || sorted(got) != want {
					t.Errorf("inherited pipes:\n%swant:\n%s(%v)", got, want, err)
				}
				<-c.Done()
			}
		})
	}
	wg.Wait()
}

func sorted(lines string) string {
	l := strings.SplitAfter(lines, "\n")
	slices.Sort(l)
	return strings.Join(l, "")
}

func pipeName(t testing.TB, f *os.File) string {
	t.Helper()
	rc, err := f.SyscallConn()
	if err != nil {
		t.Error(err)
		return ""
	}
	var name string
	rc.Control(func(fd uintptr) { name, err = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)) })
	if err != nil {
		t.Error(err)
	}
	return name
}

func TestNoDescriptorLeakHere(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		count := func() int { return len(numbersIn("/proc/self/fd")) }
		await(t, start(t, "exit:0", Spec{})) // the runtime opens its poller once
		before := count()
		for range 25 {
			await(t, start(t, "exit:0", Spec{}))
			c := start(t, "burn", Spec{})
			c.Kill()
			await(t, c)
			if c, err := Start(Spec{Path: "/no/such/program"}); err == nil {
				t.Errorf("started %d", c.PID())
			}
		}
		if after := count(); after > before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

func TestNoZombies(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		var pids []int
		for range 10 {
			c := start(t, "exit:0", Spec{})
			await(t, c)
			pids = append(pids, c.PID())
		}
		for _, pid := range newLister()(os.Getpid()) {
			if slices.Contains(pids, pid) {
				t.Errorf("child %d was not reaped", pid)
			}
		}
	})
}

// Waiting for a child takes no thread.
func TestManyChildrenFewThreads(t *testing.T) {
	const n = 200
	threads := func() int { return len(numbersIn("/proc/self/task")) }
	before := threads()
	in := stuck(t)
	children := make([]*Child, n)
	for i := range children {
		children[i] = start(t, "block", Spec{Stdin: in})
	}
	if alive := len(Descendants(os.Getpid())); alive != n {
		t.Errorf("%d of %d children alive", alive, n)
	}
	if now := threads(); now > before+20 {
		t.Errorf("%d threads before, %d with %d children", before, now, n)
	}
	for _, c := range children {
		c.Kill()
	}
	for _, c := range children {
		await(t, c)
	}
}

// Somebody who calls wait4(-1) spoils the status, but hangs nobody.
func TestStolenStatus(t *testing.T) {
	c, _ := startReady(t, "burn", Spec{})
	c.mu.Lock() // hold off our own reaping
	c.Signal(syscall.SIGKILL)
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(c.PID(), &ws, 0, nil); err != nil {
		t.Error(err)
	}
	c.mu.Unlock()
	if s := await(t, c); !s.Lost || s.ExitCode != -1 {
		t.Errorf("status %+v", s)
	}
	if err := c.Kill(); err != nil {
		t.Error(err)
	}
}

// A program goes on starting itself when its file was replaced or deleted.
func TestBinaryReplaced(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(path string) error
	}{
		{"deleted", os.Remove},
		{"replaced", func(path string) error {
			if err := os.WriteFile(path+".new", []byte("#!/no/such\n"), 0o755); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "program")
			if err := os.WriteFile(path, self, 0o755); err != nil {
				t.Fatal(err)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			c, out := startReady(t, "respawn", Spec{Path: path, Stdin: r})
			r.Close()
			if err := test.change(path); err != nil {
				t.Fatal(err)
			}
			w.Write([]byte{0})
			out.expect("exit code 7")
			await(t, c)
		})
	}
}
