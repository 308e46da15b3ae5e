package subprocess_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"github.com/conexgo/conex/subprocess"
)

// self is a Cmd of this test program that plays something.
func self(t *testing.T, play string, args ...string) subprocess.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := subprocess.Command(exe, args...)
	cmd.Env = append(os.Environ(), "CONEX_SUBPROCESS_PLAY="+play)
	return cmd
}

// tempDir is like t.TempDir. Some wines cannot remove files as Go does, which is
// no reason to fail.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func output(t *testing.T, cmd subprocess.Cmd) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd.Capture = true
	done, err := subprocess.Run(ctx, cmd)
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	return string(done.Stdout), done.Code
}

func TestWindowsShell(t *testing.T) {
	for command, want := range map[string]string{
		"echo hello& exit 3":        "hello\r\n 3",
		`echo "a b"`:                "\"a b\"\r\n 0",
		`"%COMSPEC%" /c echo "x y"`: "\"x y\"\r\n 0",
		"exit 259":                  " 259",
	} {
		out, code := output(t, subprocess.Shell(command))
		if got := out + " " + strconv.Itoa(code); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	if _, err := subprocess.Run(t.Context(), subprocess.Shell("echo", "x")); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

// Arguments arrive as they were, whatever is in them.
func TestWindowsArgs(t *testing.T) {
	pieces := []string{"a", " ", "\t", `\`, `\\`, `"`, `""`, "'", "%PATH%", "&", "^", "é", "日", "\n", "$x", "*", "/"}
	args := []string{"", " ", `\`, `"`, `a\`, `a b\`, `\"`, `a"b c`}
	for range 500 {
		arg := ""
		for range rand.IntN(6) {
			arg += pieces[rand.IntN(len(pieces))]
		}
		args = append(args, arg)
	}
	out, _ := output(t, self(t, "args", args...))
	var got []string
	if err := json.Unmarshal([]byte(out), &got); err != nil || !slices.Equal(got, args) {
		t.Errorf("%q became %q, %v", args, got, err)
	}

	cmd := self(t, "args")
	cmd.Windows.CommandLine = `x one "two three" "fo""ur"`
	if out, _ := output(t, cmd); out != `["one","two three","fo\"ur"]`+"\n" {
		t.Errorf("a command line as it is: %s", out)
	}
}

func TestWindowsBatch(t *testing.T) {
	dir := filepath.Join(tempDir(t), "a dir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "hand on.bat")
	if err := os.WriteFile(script, []byte("@\""+exe+"\" %*\r\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"plain", "a b", "a&exit 7", "x|y", "<in", "^", "!a!", "(b)", `C:\dir`, `C:\a dir\`, "a,b;c=d"}
	for _, name := range []string{script, strings.TrimSuffix(script, ".bat")} {
		cmd := self(t, "args")
		cmd.Args = append([]string{name}, args...)
		out, code := output(t, cmd)
		var got []string
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || !slices.Equal(got, args) {
			t.Errorf("%s: %q became %q, %d, %v", name, args, out, code, err)
		}
	}
	for _, evil := range []string{`"&exit 7&"`, "%PATH%", "a\r\nexit 7"} {
		_, err := subprocess.Run(t.Context(), subprocess.Command(script, evil))
		var bad *subprocess.ArgumentError
		if !errors.As(err, &bad) || bad.Field != "Args[1]" {
			t.Errorf("%q: %v", evil, err)
		}
	}
}

func TestWindowsLookPath(t *testing.T) {
	dir := tempDir(t)
	for _, name := range []string{"one.exe", "two.cmd", "both.cmd", "both.exe", "three.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := []string{"Path=" + dir, "PATHEXT=.COM;.EXE;.CMD"}
	for _, test := range []struct {
		name, want string
		env        []string
		is         error
	}{
		{"one", "one.exe", env, nil},
		{"one.exe", "one.exe", env, nil},
		{"ONE", "one.exe", env, nil},
		{"two", "two.cmd", env, nil},
		{"both", "both.exe", env, nil},
		{"three", "", env, fs.ErrNotExist},
		{"three.txt", "three.txt", env, nil}, // not for Windows to run, but there
		{"one", "", []string{"PATH=C:\\none"}, fs.ErrNotExist},
		{"one", "", []string{"PATH=."}, exec.ErrDot},
		{".\\one", "one.exe", []string{"PATH="}, nil},
		{"./one.exe", "one.exe", []string{"PATH="}, nil},
	} {
		got, err := subprocess.LookPath(test.name, test.env, dir)
		if !errors.Is(err, test.is) || err == nil && !strings.EqualFold(got, filepath.Join(dir, test.want)) {
			t.Errorf("LookPath(%q, %q) = %q, %v", test.name, test.env, got, err)
		}
	}
}

func TestWindowsStartErrors(t *testing.T) {
	dir := tempDir(t)
	for _, test := range []struct {
		cmd subprocess.Cmd
		is  error
	}{
		{subprocess.Command("nosuch-program"), fs.ErrNotExist},
		{subprocess.Command(`C:\no\such.exe`), fs.ErrNotExist},
		{subprocess.Command(dir), fs.ErrPermission},
		{subprocess.Cmd{Args: []string{"cmd"}, Dir: dir + `\none`}, fs.ErrNotExist},
		{subprocess.Cmd{Args: []string{"cmd"}, KeepFiles: true}, errors.ErrUnsupported},
		{subprocess.Cmd{Args: []string{"cmd"}, Windows: subprocess.Windows{StartupInfo: &subprocess.StartupInfo{
			Flags: subprocess.StartfUseStdHandles, StdOutput: 0xdead0}}}, subprocess.ErrInvalidArgument},
	} {
		if p, err := subprocess.Start(t.Context(), test.cmd); p != nil || !errors.Is(err, test.is) {
			t.Errorf("%v: %v, %v", test.cmd, p, err)
		}
	}
}

// Much goes in and comes out, whatever the streams are.
func TestWindowsStreams(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	cmd := self(t, "echo")
	cmd.Input, cmd.Capture = data, true
	done, err := subprocess.Run(t.Context(), cmd)
	if !bytes.Equal(done.Stdout, data) || !bytes.Equal(done.Stderr, data) || err != nil {
		t.Errorf("captured %d and %d bytes of %d: %v", len(done.Stdout), len(done.Stderr), len(data), err)
	}

	var both bytes.Buffer
	cmd = self(t, "echo")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &both, subprocess.Stdout
	if _, err := subprocess.Run(t.Context(), cmd); both.Len() != 2*len(data) || err != nil {
		t.Errorf("%d bytes of 2 × %d: %v", both.Len(), len(data), err)
	}

	cmd = self(t, "echo")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.DevNull
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if out, _, err := p.Communicate(t.Context(), data); !bytes.Equal(out, data) || err != nil {
		t.Errorf("%d bytes of %d: %v", len(out), len(data), err)
	}
}

func TestWindowsTimeout(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("enough")
	cmd := self(t, "tree")
	cmd.Grace = time.Hour // there is no SIGTERM
	cmd.Stdout = writerFunc(func(b []byte) (int, error) {
		cancel(enough)
		return len(b), nil
	})
	_, err := subprocess.Run(ctx, cmd)
	var timeout *subprocess.TimeoutError
	if !errors.As(err, &timeout) || !timeout.Ended || timeout.Code != 1 || !errors.Is(err, enough) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// The end of the context reaches what the program has started: its pipe ends.
func TestWindowsKillTree(t *testing.T) {
	for _, how := range []string{"context", "kill"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cmd := self(t, "tree")
		cmd.Stdout = subprocess.Pipe
		p, err := subprocess.Start(ctx, cmd)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(p.Stdout)
		if line, err := r.ReadString('\n'); line != "grown\n" {
			t.Fatal(line, err)
		}
		if how == "context" {
			cancel()
		} else if err := p.Kill(); err != nil {
			t.Error(err)
		}
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		if code, err := p.Wait(t.Context()); code != 1 || err != nil {
			t.Error(code, err)
		}
	}
}

// What is detached lives when its context ends, until it is killed.
func TestWindowsDetach(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := self(t, "echo")
	cmd.Detach = true
	cmd.Stdin, cmd.Stdout, cmd.Stderr = subprocess.Pipe, subprocess.Pipe, subprocess.DevNull
	p, err := subprocess.Start(ctx, cmd)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.WriteString(p.Stdin, "alive"); err != nil {
		t.Error(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(p.Stdout, b); string(b) != "alive" {
		t.Errorf("%q, %v", b, err)
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	if code, err := p.Wait(t.Context()); code != 1 || err != nil {
		t.Error(code, err)
	}
}

func TestWindowsSignals(t *testing.T) {
	cmd := self(t, "leaf")
	cmd.Stdout = subprocess.Pipe
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(p.Stdout).ReadString('\n'); line != "grown\n" {
		t.Fatal(line, err)
	}
	if err := p.SendSignal(syscall.SIGHUP); err == nil {
		t.Error("there is no SIGHUP on Windows")
	}
	if err := p.SendSignal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if code, err := p.Wait(t.Context()); code != 1 || err != nil {
		t.Error(code, err)
	}
	if err := p.SendSignal(subprocess.CtrlBreak); err != nil {
		t.Error(err)
	}
}

func TestWindowsStartupInfo(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	info := subprocess.StartupInfo{
		Flags:      subprocess.StartfUseStdHandles | subprocess.StartfUseShowWindow,
		StdOutput:  w.Fd(),
		ShowWindow: subprocess.SWHide,
	}
	before := info
	cmd := subprocess.Shell("echo hidden")
	cmd.Windows = subprocess.Windows{StartupInfo: &info, CreationFlags: subprocess.CreateNoWindow | subprocess.IdlePriorityClass}
	done, err := subprocess.Run(t.Context(), cmd)
	if done.Code != 0 || err != nil {
		t.Error(done, err)
	}
	if _, err := w.Write([]byte("still ours")); err != nil {
		t.Error(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); string(got) != "hidden\r\nstill ours" {
		t.Errorf("%q, %v", got, err)
	}
	if info.Flags != before.Flags || info.StdOutput != before.StdOutput || info.StdInput != 0 {
		t.Errorf("it was changed: %+v", info)
	}
}

func init() {
	if os.Getenv("CONEX_SUBPROCESS_PLAY") == "window" { // says how its window is to be
		var si windows.StartupInfo
		if err := windows.GetStartupInfo(&si); err != nil {
			fmt.Println(err)
		}
		wd, _ := os.Getwd()
		fmt.Println(si.Flags&^windows.STARTF_USESTDHANDLES, si.ShowWindow, os.Getenv("ONE"), filepath.Base(wd), os.Args[1:])
		os.Exit(7)
	}
}

// What package os cannot say is said all the same, and the rest with it.
func TestWindowsShowWindow(t *testing.T) {
	const minimized = 6
	for _, test := range []struct {
		info subprocess.StartupInfo
		want string
	}{
		{subprocess.StartupInfo{}, "0 0"},
		{subprocess.StartupInfo{Flags: subprocess.StartfUseShowWindow}, "1 0"},
		{subprocess.StartupInfo{ShowWindow: minimized}, "0 0"},
		{subprocess.StartupInfo{Flags: subprocess.StartfUseShowWindow, ShowWindow: minimized}, "1 6"},
		{subprocess.StartupInfo{Flags: subprocess.StartfForceOffFeedback, ShowWindow: minimized}, "128 0"},
	} {
		cmd := self(t, "window", "a b", `"`)
		cmd.Dir = tempDir(t)
		cmd.Env = append(cmd.Env, "ONE=1", "one=2")
		cmd.Windows.StartupInfo = &test.info
		out, code := output(t, cmd)
		if want := test.want + " 2 " + filepath.Base(cmd.Dir) + " [a b \"]\n"; out != want || code != 7 {
			t.Errorf("%+v: %q, %d, want %q", test.info, out, code, want)
		}
	}

	// Its tree is in a job, too.
	cmd := self(t, "tree")
	cmd.Stdout = subprocess.Pipe
	cmd.Windows.StartupInfo = &subprocess.StartupInfo{Flags: subprocess.StartfUseShowWindow, ShowWindow: minimized}
	p, err := subprocess.Start(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(p.Stdout)
	if line, err := r.ReadString('\n'); line != "grown\n" {
		t.Fatal(line, err)
	}
	if err := p.Kill(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestWindowsHandleList(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := windows.SetHandleInformation(windows.Handle(w.Fd()), windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
		t.Fatal(err)
	}
	cmd := self(t, "handle", strconv.FormatUint(uint64(w.Fd()), 10))
	cmd.Windows.StartupInfo = &subprocess.StartupInfo{HandleList: []uintptr{w.Fd()}}
	if out, _ := output(t, cmd); out != "<nil>\n" {
		t.Errorf("the child says %q", out)
	}
	w.Close()
	if got, err := io.ReadAll(r); string(got) != "through the handle" {
		t.Errorf("%q, %v", got, err)
	}
}
