package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary plays all the children: roleVar names the part, with its
// arguments after colons.
const roleVar = "CONEX_CHILD_TEST_ROLE"

var roles = map[string]func(args []string){
	// exit:N ends with exit code N.
	"exit": func(args []string) { os.Exit(atoi(args[0])) },

	// block says so and waits until it is killed or its stdin ends.
	"block": func([]string) {
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
	},

	// deaf blocks and ignores what can be ignored.
	"deaf": func([]string) {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		fmt.Println("ready")
		select {}
	},

	// burn keeps one processor busy.
	"burn": func([]string) {
		fmt.Println("ready")
		for x := uint64(1); ; x = x*6364136223846793005 + 1 {
			sink = x
		}
	},
}

var sink uint64

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		// Whatever goes wrong with a test, its processes go away.
		time.AfterFunc(time.Minute, func() { os.Exit(99) })
		args := strings.Split(role, ":")
		roles[args[0]](args[1:])
		os.Exit(0)
	}
	code := m.Run()
	if left := leftovers(); code == 0 && len(left) > 0 {
		fmt.Println("FAIL: children left behind, dead or alive:", left)
		code = 1
	}
	os.Exit(code)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// asRole is the environment in which the test binary plays a part. Built with
// the race detector it would otherwise sleep for a second before it exits.
func asRole(role string) []string {
	return append(os.Environ(), roleVar+"="+role, "GORACE=atexit_sleep_ms=0")
}

// start starts a role; the child is killed at the end of the test.
func start(t testing.TB, role string, spec Spec) *Child {
	t.Helper()
	spec.Env = asRole(role)
	c, err := Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Kill(); err != nil {
			t.Error(err)
		}
		<-c.Done()
	})
	return c
}

// startReady starts a role and returns once it has said that it is ready, with
// the rest of its output.
func startReady(t testing.TB, role string, spec Spec) (*Child, *output) {
	t.Helper()
	out := newOutput(t)
	spec.Stdout = out.w
	c := start(t, role, spec)
	out.w.Close()
	out.expect("ready")
	return c, out
}

// An output is a pipe that a child and its whole tree write to. It ends when
// the last of them is dead, which is how tests learn that a tree is gone.
type output struct {
	t    testing.TB
	r, w *os.File
	in   *bufio.Reader
}

func newOutput(t testing.TB) *output {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	r.SetReadDeadline(time.Now().Add(30 * time.Second))
	return &output{t: t, r: r, w: w, in: bufio.NewReader(r)}
}

func (o *output) line() string {
	o.t.Helper()
	s, err := o.in.ReadString('\n')
	if err != nil {
		o.t.Fatalf("reading from the child: %v (got %q)", err, s)
	}
	return strings.TrimSuffix(s, "\n")
}

func (o *output) expect(want string) {
	o.t.Helper()
	if got := o.line(); got != want {
		o.t.Fatalf("the child says %q, want %q", got, want)
	}
}

// end reads until every process that writes here is dead.
func (o *output) end() string {
	o.t.Helper()
	b, err := io.ReadAll(o.in)
	if err != nil {
		o.t.Fatalf("some process of the tree is still alive: %v", err)
	}
	return string(b)
}

// await returns the status once the child is dead.
func await(t testing.TB, c *Child) Status {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(30 * time.Second):
		t.Fatalf("child %d does not die", c.PID())
	}
	return c.Status()
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1, 2, 77, 255} {
		c := start(t, fmt.Sprintf("exit:%d", code), Spec{})
		s := await(t, c)
		if s.ExitCode != code || s.Signal != 0 || s.CoreDumped || s.Lost {
			t.Errorf("exit %d gives %+v", code, s)
		}
		if want := fmt.Sprintf("exit code %d", code); s.String() != want {
			t.Errorf("String: %q, want %q", s, want)
		}
	}
}

func TestKillIsIdempotent(t *testing.T) {
	t.Parallel()
	c, out := startReady(t, "deaf", Spec{})
	if s := c.Status(); s != (Status{}) {
		t.Errorf("status of a living child: %+v", s)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := c.Kill(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	await(t, c)
	out.end()
	if _, open := <-c.Done(); open {
		t.Error("Done delivers a value instead of being closed")
	}
	if err := c.Kill(); err != nil {
		t.Errorf("Kill of a dead child: %v", err)
	}
	if err := c.Signal(os.Interrupt); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("Signal to a dead child: %v, want ErrProcessDone", err)
	}
	if _, err := c.RSS(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("RSS of a dead child: %v, want ErrProcessDone", err)
	}
	if err := c.SetMemoryLimit(1 << 30); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("SetMemoryLimit of a dead child: %v, want ErrProcessDone", err)
	}
}

// Several goroutines may kill while the child dies by itself.
func TestKillRacesWithDeath(t *testing.T) {
	t.Parallel()
	for range 10 {
		c := start(t, "exit:3", Spec{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := c.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
		s := await(t, c)
		wg.Wait()
		if s.Lost {
			t.Errorf("status lost: %+v", s)
		}
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	closed, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	w.Close()
	for _, test := range []struct {
		name string
		spec Spec
		want error
	}{
		{"no such program", Spec{Path: "/no/such/program"}, os.ErrNotExist},
		{"no such directory", Spec{Dir: "/no/such/directory"}, os.ErrNotExist},
		{"not a program", Spec{Path: os.TempDir()}, os.ErrPermission},
		{"closed stdout", Spec{Stdout: closed}, os.ErrClosed},
		{"no argv", Spec{Args: []string{}}, nil},
	} {
		c, err := Start(test.spec)
		if err == nil {
			c.Kill()
			<-c.Done()
			t.Errorf("%s: no error", test.name)
			continue
		}
		if test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if test.spec.Dir != "" && !strings.Contains(err.Error(), test.spec.Dir) {
			t.Errorf("%s: %q does not name the directory", test.name, err)
		}
	}
}

// A child costs one goroutine as long as it lives, nothing after.
func TestNoGoroutineLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	children := make([]*Child, 20)
	for i := range children {
		children[i] = start(t, "exit:0", Spec{})
	}
	if n := runtime.NumGoroutine(); n > before+len(children) {
		t.Errorf("%d children cost %d goroutines", len(children), n-before)
	}
	for _, c := range children {
		await(t, c)
	}
	// Done is closed by the goroutine's last statement, not after it.
	if !eventually(func() bool { return runtime.NumGoroutine() <= before }) {
		t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
	}
}

// eventually asks until the answer is yes, for 30 seconds.
func eventually(ask func() bool) bool {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		if ask() {
			return true
		}
	}
	return false
}

func TestStatusString(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status Status
		want   string
	}{
		{Status{}, "exit code 0"},
		{Status{ExitCode: 2}, "exit code 2"},
		{Status{ExitCode: -1, Signal: syscall.SIGKILL}, "signal: killed"},
		{Status{ExitCode: -1, Signal: syscall.SIGKILL, CoreDumped: true}, "signal: killed (core dumped)"},
		{Status{ExitCode: -1, Lost: true}, "unknown: reaped by other code"},
	} {
		if got := test.status.String(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.status, got, test.want)
		}
	}
}

func TestLastValues(t *testing.T) {
	t.Parallel()
	got := lastValues([]string{"A=1", "B=2", "A=3", "=C:=x", "=C:=y", "EMPTY", "B="})
	if want := []string{"A=3", "=C:=y", "EMPTY", "B="}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if lastValues(nil) != nil || lastValues([]string{}) == nil {
		t.Error("nil and empty are confused")
	}
}
