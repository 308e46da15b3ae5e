package subprocesstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	"github.com/conexgo/conex/subprocess"
	"github.com/conexgo/conex/subprocess/subprocesstest"
)

// A recorder is a TB whose failures are looked at.
type recorder struct {
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// end runs the cleanups, and returns the failures.
func (r *recorder) end() []string {
	for _, f := range r.cleanups {
		f()
	}
	return r.failures
}

// set returns a set for a test, and its context.
func set(t *testing.T) (*subprocesstest.Commands, context.Context) {
	leak.Check(t)
	cmds := subprocesstest.New(t)
	return cmds, cmds.Context(t.Context())
}

func cat(c *subprocesstest.Call) int {
	if _, err := io.Copy(c.Stdout, c.Stdin); err != nil {
		return 1
	}
	return 0
}

func TestUnknown(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("true", func(*subprocesstest.Call) int { return 0 })
	for _, cmd := range []subprocess.Cmd{
		subprocess.Command("sh", "-c", "exit 0"), // it is on every machine
		{Args: []string{"true"}, Executable: "/bin/false"},
	} {
		p, err := subprocess.Start(ctx, cmd)
		var pathErr *fs.PathError
		if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pathErr) || p != nil {
			t.Errorf("%v: %v, %v", cmd, p, err)
		}
	}
	if calls := cmds.Calls(); len(calls) != 0 {
		t.Errorf("calls %v", calls)
	}
}

func TestWhatAProgramIsTold(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("prog", func(c *subprocesstest.Call) int {
		fmt.Fprintf(c.Stdout, "%q %q %s", c.Args, c.Dir, c.Getenv("A"))
		fmt.Fprint(c.Stderr, "err")
		return 3
	})
	c, err := subprocess.Run(ctx, subprocess.Cmd{
		Args: []string{"/usr/bin/prog", "x y"}, Dir: "/nowhere", Env: []string{"A=1", "A=2"},
		Capture: true,
	})
	want := `["/usr/bin/prog" "x y"] "/nowhere" 2`
	if string(c.Stdout) != want || string(c.Stderr) != "err" || c.Code != 3 || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
	call := cmds.Calls()[0]
	if code, ended := call.Result(); code != 3 || !ended || call.Real() || call.Getenv("B") != "" {
		t.Errorf("%d %v %v", code, ended, call.Real())
	}
	if call.PID() <= 1<<22 || call.Program != "/usr/bin/prog" || !slices.Equal(call.Cmd.Args, []string{"/usr/bin/prog", "x y"}) {
		t.Errorf("%+v", call)
	}
}

// A shell is a program like others. What it is to do nobody reads.
func TestShell(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("sh", func(c *subprocesstest.Call) int {
		fmt.Fprintf(c.Stdout, "%q", c.Args[1:])
		return 0
	})
	cmds.Handle("fish", func(c *subprocesstest.Call) int { return 7 })
	if runtime.GOOS == "windows" {
		cmds.Handle("cmd", func(c *subprocesstest.Call) int { t.Error("sh is its name everywhere"); return 1 })
	}
	cmd := subprocess.Shell("echo $0")
	cmd.Capture = true
	c, err := subprocess.Run(ctx, cmd)
	if string(c.Stdout) != `["-c" "echo $0"]` || err != nil {
		t.Errorf("%v, %q, %v", c, c.Stdout, err)
	}
	cmd.Executable = "/usr/bin/fish"
	if c, err := subprocess.Run(ctx, cmd); c.Code != 7 || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}

func TestEnvironmentIsOursIfNil(t *testing.T) {
	t.Setenv("CONEX_SUBPROCESSTEST", "here")
	cmds, ctx := set(t)
	cmds.Handle("prog", func(c *subprocesstest.Call) int {
		fmt.Fprint(c.Stdout, c.Getenv("CONEX_SUBPROCESSTEST"))
		return 0
	})
	for want, env := range map[string][]string{"here": nil, "": {}} {
		c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"prog"}, Env: env, Capture: true})
		if string(c.Stdout) != want || err != nil {
			t.Errorf("%q, %v, want %q", c.Stdout, err, want)
		}
	}
}

func TestStreams(t *testing.T) {
	cmds, ctx := set(t)
	cmds.Handle("cat", cat)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"cat"}, Input: big, Capture: true})
	if !bytes.Equal(c.Stdout, big) || c.Code != 0 || err != nil {
		t.Errorf("%d bytes of %d, code %d, %v", len(c.Stdout), len(big), c.Code, err)
	}
	if got := cmds.Calls()[0].Input(); !bytes.Equal(got, big) {
		t.Errorf("%d bytes were read", len(got))
	}
	var out bytes.Buffer
	c, err = subprocess.Run(ctx, subprocess.Cmd{Args: []string{"cat"}, Stdin: strings.NewReader("reader"), Stdout: &out})
	if out.String() != "reader" || c.Code != 0 || err != nil {
		t.Errorf("%q, %+v, %v", out.String(), c, err)
	}
	// Both streams in one.
	cmds.Handle("both", func(c *subprocesstest.Call) int {
		fmt.Fprint(c.Stdout, "a")
		fmt.Fprint(c.Stderr, "b")
		fmt.Fprint(c.Stdout, "c")
		return 0
	})
	c, err = subprocess.Run(ctx, subprocess.Cmd{Args: []string{"both"}, Stdout: subprocess.Pipe, Stderr: subprocess.Stdout})
	if string(c.Stdout) != "abc" || err != nil {
		t.Errorf("%q, %v", c.Stdout, err)
	}
}

func TestFailingHandlers(t *testing.T) {
	leak.Check(t)
	r := &recorder{}
	cmds := subprocesstest.New(r)
	ctx := cmds.Context(t.Context())
	cmds.Handle("panics", func(*subprocesstest.Call) int { panic("ouch") })
	cmds.Handle("fails", func(*subprocesstest.Call) int {
		(&testing.T{}).SkipNow() // what FailNow does, too
		return 0
	})
	for _, program := range []string{"panics", "fails"} {
		if c, err := subprocess.Run(ctx, subprocess.Command(program)); c.Code != 2 || err != nil {
			t.Errorf("%s: %+v, %v", program, c, err)
		}
	}
	if f := r.end(); len(f) != 1 || !strings.Contains(f[0], "plays panics panicked: ouch") || !strings.Contains(f[0], "commands_test.go") {
		t.Errorf("%q", f)
	}
}

func TestFunctionThatDoesNotReturn(t *testing.T) {
	subprocesstest.SetPatience(t, time.Millisecond)
	leak.Check(t)
	r := &recorder{}
	cmds := subprocesstest.New(r)
	stop := make(chan struct{})
	cmds.Handle("deaf", func(*subprocesstest.Call) int { <-stop; return 0 })
	p, err := subprocess.Start(cmds.Context(t.Context()), subprocess.Command("deaf"))
	if err != nil {
		t.Fatal(err)
	}
	f := r.end()
	if len(f) != 1 || !strings.Contains(f[0], "plays deaf has not returned") {
		t.Errorf("%q", f)
	}
	if code, err := p.Wait(t.Context()); code != -9 || err != nil {
		t.Errorf("%d, %v: its process is dead nevertheless", code, err)
	}
	close(stop)
}

// What runs at the end of the test is killed.
func TestEnd(t *testing.T) {
	leak.Check(t)
	r := &recorder{}
	cmds := subprocesstest.New(r)
	cmds.Handle("daemon", subprocesstest.Hang)
	p, err := subprocess.Start(cmds.Context(context.Background()), subprocess.Command("daemon"))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.end(); len(f) != 0 {
		t.Errorf("%q", f)
	}
	if code, err := p.Wait(t.Context()); code != -9 || err != nil {
		t.Errorf("%d, %v", code, err)
	}
}

// Sets know nothing of each other.
func TestParallel(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			cmds := subprocesstest.New(t)
			ctx := cmds.Context(t.Context())
			cmds.Handle("id", func(c *subprocesstest.Call) int { fmt.Fprint(c.Stdout, i); return 0 })
			for range 20 {
				c, err := subprocess.Run(ctx, subprocess.Cmd{Args: []string{"id"}, Capture: true})
				if string(c.Stdout) != fmt.Sprint(i) || err != nil {
					t.Errorf("%q, %v", c.Stdout, err)
				}
			}
		})
	}
}
