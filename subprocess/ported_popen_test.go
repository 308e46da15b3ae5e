//go:build unix

package subprocess_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
	. "github.com/conexgo/conex/subprocess"
)

func TestPortedPollAndWait(t *testing.T) {
	leak.Check(t)
	cmd := shCmd("read x; exit 3")
	cmd.Stdin = Pipe
	p := begun(t, cmd)
	if code, over := p.Poll(); code != 0 || over {
		t.Error(code, over)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	var timeout *TimeoutError
	if _, err := p.Wait(ctx); !errors.As(err, &timeout) || timeout.Ended || !timeout.Timeout() {
		t.Error(err)
	}
	io.WriteString(p.Stdin, "x\n")
	p.Stdin.Close()
	for range 2 {
		ended(t, p, 3)
	}
	if code, over := p.Poll(); code != 3 || !over {
		t.Error(code, over)
	}
	// What need not wait succeeds although the time is over.
	if code, err := p.Wait(ctx); code != 3 || err != nil {
		t.Error(code, err)
	}
}

// Several may wait, and one kill.
func TestPortedWaitTogether(t *testing.T) {
	leak.Check(t)
	p := begun(t, Command("sleep", "1000"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { ended(t, p, -9) })
	}
	if _, over := p.Poll(); over {
		t.Error("it has ended")
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	ended(t, p, -9)
	all.Wait()
	ended(t, p, -9)
}

func TestPortedSignals(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct {
		name string
		send func(*Popen) error
		code int
	}{
		{"SendSignal", func(p *Popen) error { return p.SendSignal(syscall.SIGINT) }, -2},
		{"Terminate", (*Popen).Terminate, -15},
		{"Kill", (*Popen).Kill, -9},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := Command("sh", "-c", "echo x; exec sleep 1000")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = Pipe, Pipe, Pipe
			p := begun(t, cmd)
			if _, err := p.Stdout.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := c.send(p); err != nil {
				t.Error(err)
			}
			if _, stderr, err := p.Communicate(soon(t), nil); len(stderr) > 0 || err != nil {
				t.Errorf("%q, %v", stderr, err)
			}
			ended(t, p, c.code)
			// To the dead nothing happens.
			if err := c.send(p); err != nil {
				t.Error("after the end:", err)
			}
			ended(t, p, c.code)
		})
	}
}

// A shell's line, as it is and with arguments, and the name that the shell has.
func TestPortedShell(t *testing.T) {
	env := append(os.Environ(), "FRUIT=apple")
	for _, c := range []struct {
		cmd  Cmd
		want string
	}{
		{Shell("echo $FRUIT"), "apple\n"},
		{Shell(`echo "$0" "$1" "$2"`, "name", "a b", "$FRUIT; exit 1"), "name a b $FRUIT; exit 1\n"},
		{Shell("echo $0"), "/bin/sh\n"},
	} {
		c.cmd.Env, c.cmd.Capture = env, true
		if got, err := Run(soon(t), c.cmd); string(got.Stdout) != c.want || err != nil {
			t.Errorf("%v: %q, %v", c.cmd, got.Stdout, err)
		}
	}
	for _, shell := range []string{"/bin/bash", "/usr/bin/bash", "/bin/ksh", "/bin/dash"} {
		if _, err := os.Stat(shell); err != nil {
			continue
		}
		cmd := Shell("echo $0")
		cmd.Executable, cmd.Capture = shell, true
		if got, err := Run(soon(t), cmd); string(got.Stdout) != shell+"\n" || err != nil {
			t.Errorf("%s: %q, %v", shell, got.Stdout, err)
		}
	}
}

// A script runs by its first line, and a name that has no arguments is no command line.
func TestPortedScript(t *testing.T) {
	script := filepath.Join(t.TempDir(), "a script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec sh -c 'exit 47'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, err := Call(soon(t), Command(script)); code != 47 || err != nil {
		t.Error(code, err)
	}
	if _, err := Call(soon(t), Command("sh -c true")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Executable is what runs, Args[0] what it is called; both, and Dir, may be relative.
func TestPortedExecutableAndDir(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wrong := t.TempDir()
	if err := os.Symlink(shell, filepath.Join(dir, "shell")); err != nil {
		t.Fatal(err)
	}
	const where = "pwd -P; exit 47"
	for _, c := range []struct {
		name string
		cmd  Cmd
		dir  string // where it runs; empty: it is not found
	}{
		{"absolute", Cmd{Args: []string{shell, "-c", where}, Dir: dir}, dir},
		{"absolute, another directory", Cmd{Args: []string{shell, "-c", where}, Dir: wrong}, wrong},
		{"relative", Cmd{Args: []string{"./shell", "-c", where}, Dir: dir}, dir},
		{"relative, another directory", Cmd{Args: []string{"./shell", "-c", where}, Dir: wrong}, ""},
		{"relative, no directory", Cmd{Args: []string{"./shell", "-c", where}}, ""},
		{"executable", Cmd{Args: []string{"somethingyoudonthave", "-c", where}, Executable: shell, Dir: dir}, dir},
		{"executable, relative", Cmd{Args: []string{"somethingyoudonthave", "-c", where}, Executable: "./shell", Dir: dir}, dir},
		{"executable, relative, another directory", Cmd{Args: []string{"x", "-c", where}, Executable: "./shell", Dir: wrong}, ""},
		{"executable goes first", Cmd{Args: []string{shell, "-c", where}, Executable: "/nonexisting"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cmd.Capture = true
			got, err := Run(soon(t), c.cmd)
			if c.dir == "" {
				var path *fs.PathError
				if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &path) {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			want, _ := filepath.EvalSymlinks(c.dir)
			if got.Code != 47 || strings.TrimSpace(string(got.Stdout)) != want || err != nil {
				t.Errorf("%+v, %v; want %s", got, err, want)
			}
		})
	}
	cmd := Cmd{Args: []string{"my name", "-c", "echo $0"}, Executable: shell, Capture: true}
	if got, err := Run(soon(t), cmd); string(got.Stdout) != "my name\n" || err != nil {
		t.Errorf("%q, %v", got.Stdout, err)
	}
}

func TestPortedEnv(t *testing.T) {
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env  []string
		want string
	}{
		{[]string{}, ""},
		{[]string{"fruit=orange"}, "fruit=orange\n"},
		{[]string{"test=abc\xff"}, "test=abc\xff\n"},
		{[]string{"test\xff=42"}, "test\xff=42\n"},
		{[]string{"fruit=lemon", "fruit=banana"}, "fruit=banana\n"},
	} {
		if got, err := Run(soon(t), Cmd{Args: []string{env}, Env: c.env, Capture: true}); string(got.Stdout) != c.want || err != nil {
			t.Errorf("%q: %q, %v", c.env, got.Stdout, err)
		}
	}
	// PATH is that of the program's own environment.
	dir, name := filepath.Split(env)
	if code, err := Call(soon(t), Cmd{Args: []string{name}, Env: []string{"PATH=" + dir}, Stdout: DevNull}); code != 0 || err != nil {
		t.Error(code, err)
	}
	if _, err := Call(soon(t), Cmd{Args: []string{name}, Env: []string{"PATH=" + t.TempDir()}}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A start that fails says what was not there, and leaves nothing.
func TestPortedStartErrors(t *testing.T) {
	leak.Check(t)
	const no = "/_this/pa.th/does/not/exist"
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cmd  Cmd
		path string
		err  error
	}{
		{Cmd{Args: []string{"true"}, Dir: no}, no, fs.ErrNotExist},
		{Cmd{Args: []string{"exit", "0"}, Dir: "/some/nonexistent/directory"}, "", fs.ErrNotExist},
		{Cmd{Args: []string{"true"}, Executable: no}, no, fs.ErrNotExist},
		{Cmd{Args: []string{no}}, no, fs.ErrNotExist},
		{Cmd{Args: []string{"/opt/nonexistent_binary", "with", "some", "args"}}, "/opt/nonexistent_binary", fs.ErrNotExist},
		{Cmd{Args: []string{dir}}, dir, nil},
		{Cmd{Args: []string{plain}}, plain, fs.ErrPermission},
		{Cmd{Args: []string{"true"}, Dir: plain}, plain, syscall.ENOTDIR},
	} {
		for range 20 {
			c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = Pipe, Pipe, Pipe
			_, err := Start(t.Context(), c.cmd)
			var path *fs.PathError
			if !errors.As(err, &path) || c.path != "" && path.Path != c.path || c.err != nil && !errors.Is(err, c.err) {
				t.Fatalf("%v in %q: %v", c.cmd, c.cmd.Dir, err)
			}
		}
	}
}

// No descriptor is closed twice: others that were opened meanwhile stay open.
func TestPortedNoDoubleClose(t *testing.T) {
	leak.Check(t)
	var files []*os.File
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if len(files) == 400 {
				return
			}
			if r, w, err := os.Pipe(); err == nil {
				files = append(files, r, w)
			}
		}
	}()
	for range 50 {
		if _, err := Start(t.Context(), Cmd{Args: []string{"/nonexisting"}, Stdin: Pipe, Stdout: Pipe, Stderr: Pipe}); err == nil {
			t.Error("started")
		}
		if c, err := Run(soon(t), Cmd{Args: []string{"true"}, Capture: true}); c.Code != 0 || err != nil {
			t.Error(c, err)
		}
	}
	close(stop)
	<-done
	for _, f := range files {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Nobody keeps the Popen, nobody waits: still there is no zombie.
func TestPortedForgotten(t *testing.T) {
	leak.Check(t)
	for _, script := range []string{"exit 0", "kill -9 $$"} {
		p, err := Start(t.Context(), shCmd(script))
		if err != nil {
			t.Fatal(err)
		}
		pid, done := p.PID(), p.Done()
		p = nil
		<-done
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("after the end of %q: %v", script, err)
		}
	}
}

func TestPortedString(t *testing.T) {
	long := strings.Repeat("a", 1000)
	cmd := Command("sh", "-c", "read x; exit 7", long)
	cmd.Stdin = Pipe
	p := begun(t, cmd)
	if s := p.String(); !strings.Contains(s, strconv.Itoa(p.PID())) || !strings.Contains(s, "running") || len(s) > 300 {
		t.Error(s)
	}
	p.Stdin.Close()
	ended(t, p, 7)
	if s := p.String(); !strings.Contains(s, "7") || !strings.Contains(s, "sh") || strings.Contains(s, long) {
		t.Error(s)
	}
}

// The words for a code and for signals, known and unknown.
func TestPortedErrorTexts(t *testing.T) {
	for _, c := range []struct {
		code int
		want []string
	}{
		{2, []string{"exit status 2"}},
		{-6, []string{"SIGABRT"}},
		{-9876543, []string{"signal 9876543"}},
	} {
		err := &CalledProcessError{Completed: Completed{Args: []string{"fake", "cmd"}, Code: c.code}}
		for _, want := range append(c.want, "fake cmd") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%d: %v does not say %q", c.code, err, want)
			}
		}
	}
}

// Who closes the pipes and waits has what with does in Python.
func TestPortedWith(t *testing.T) {
	leak.Check(t)
	cmd := shCmd("printf stdout; printf stderr >&2; exit 100")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = Pipe, Pipe, Pipe
	p := begun(t, cmd)
	out, _ := io.ReadAll(p.Stdout)
	errs, _ := io.ReadAll(p.Stderr)
	if string(out)+string(errs) != "stdoutstderr" {
		t.Errorf("%q, %q", out, errs)
	}
	// A pipe that nobody reads any more is an error of the write, not of the wait.
	<-p.Done()
	if _, err := p.Stdin.Write(megabyte); !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	for _, c := range []io.Closer{p.Stdout, p.Stderr, p.Stdin} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	ended(t, p, 100)
}

// The arguments are the Cmd's own, in a copy, and without its secrets.
func TestPortedPopenArgs(t *testing.T) {
	cmd := shCmd("exit 0", "--password=geheim")
	cmd.Secrets = []string{"geheim"}
	p := begun(t, cmd)
	ended(t, p, 0)
	if got := strings.Join(p.Args(), " "); got != "sh -c exit 0 sh --password=***" {
		t.Error(got)
	}
	if cmd.Args[4] != "--password=geheim" || strings.Contains(p.String(), "geheim") {
		t.Error(cmd.Args[4], p)
	}
}
