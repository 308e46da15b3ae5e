package subprocess

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conexgo/conex"
)

func TestCheck(t *testing.T) {
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	group := func(n int) *int { return &n }
	mask := func(m fs.FileMode) *fs.FileMode { return &m }
	ok := []string{"true"}
	for _, test := range []struct {
		field string // that the error names; empty for no error
		about string // in its text
		cmd   Cmd
	}{
		{"", "", Cmd{Args: ok}},
		{"", "", Shell("")},
		{"", "", Cmd{Args: []string{""}, Executable: "true"}},
		{"Args", "program", Cmd{}},
		{"Args", "program", Cmd{Args: []string{}, Executable: "true"}},
		{"Args[0]", "name", Cmd{Args: []string{"", "x"}}},
		{"Args[0]", "byte 2", Cmd{Args: []string{"tr\x00ue"}}},
		{"Args[2]", "byte 0", Cmd{Args: []string{"true", "a", "\x00"}}},
		{"Executable", "NUL", Cmd{Args: ok, Executable: "a\x00"}},
		{"Dir", "NUL", Cmd{Args: ok, Dir: "/\x00"}},

		{"", "", Cmd{Args: ok, Env: []string{}}},
		{"", "", Cmd{Args: ok, Env: []string{"A=", "B=1=2", "A=2"}}},
		{"Env[1]", "NAME=value", Cmd{Args: ok, Env: []string{"A=1", "B"}}},
		{"Env[0]", "NAME=value", Cmd{Args: ok, Env: []string{"=1"}}},
		{"Env[0]", "NAME=value", Cmd{Args: ok, Env: []string{""}}},
		{"Env[0]", "NUL", Cmd{Args: ok, Env: []string{"A\x00=1"}}},
		{"Env[1]", "NUL", Cmd{Args: ok, Env: []string{"A=1", "B=\x00"}}},

		{"", "", Cmd{Args: ok, Stdin: Pipe, Stdout: Pipe, Stderr: Pipe}},
		{"", "", Cmd{Args: ok, Stdin: DevNull, Stdout: DevNull, Stderr: DevNull}},
		{"", "", Cmd{Args: ok, Stderr: Stdout}},
		{"", "", Cmd{Args: ok, Input: []byte("x"), Capture: true}},
		{"Input", "Stdin", Cmd{Args: ok, Input: []byte{}, Stdin: Pipe}},
		{"Capture", "Stdout", Cmd{Args: ok, Capture: true, Stdout: Pipe}},
		{"Capture", "Stderr", Cmd{Args: ok, Capture: true, Stderr: Stdout}},
		{"Stdin", "for Stderr only", Cmd{Args: ok, Stdin: Stdout}},
		{"Stdout", "for Stderr only", Cmd{Args: ok, Stdout: Stdout}},
		{"Stdin", "Special(0)", Cmd{Args: ok, Stdin: Special(0)}},
		{"Stdout", "Special(7)", Cmd{Args: ok, Stdout: Special(7)}},
		{"Stderr", "Special(-9)", Cmd{Args: ok, Stderr: Special(-9)}},
		{"Stdin", "nil *os.File", Cmd{Args: ok, Stdin: (*os.File)(nil)}},
		{"Stdout", "nil *bytes.Buffer", Cmd{Args: ok, Stdout: (*bytes.Buffer)(nil)}},
		{"Stderr", "nil *os.File", Cmd{Args: ok, Stderr: (*os.File)(nil)}},
		{"Stdin", "not open", Cmd{Args: ok, Stdin: closed}},
		{"Stdout", "not open", Cmd{Args: ok, Stdout: closed}},
		{"Stderr", "not open", Cmd{Args: ok, Stderr: closed}},

		{"MaxCapture", "-1", Cmd{Args: ok, MaxCapture: -1}},
		{"Grace", "negative", Cmd{Args: ok, Grace: -time.Second}},
		{"", "", Cmd{Args: ok, Drain: -1, BufSize: -1}},
		{"PipeSize", "-1", Cmd{Args: ok, PipeSize: -1}},
		{"Limits.Memory", "-1", Cmd{Args: ok, Limits: Limits{Memory: -1}}},
		{"Limits.CPU", "negative", Cmd{Args: ok, Limits: Limits{CPU: -1}}},
		{"Limits.Files", "negative", Cmd{Args: ok, Limits: Limits{Files: -1}}},
		{"Limits.FileSize", "negative", Cmd{Args: ok, Limits: Limits{FileSize: -1}}},
		{"Limits.Processes", "negative", Cmd{Args: ok, Limits: Limits{Processes: -1}}},
		{"", "", Cmd{Args: ok, Limits: Limits{Core: -1}}},

		{"", "", Cmd{Args: ok, ExtraFiles: map[int]*os.File{3: os.Stdin, 9: os.Stdin}}},
		{"ExtraFiles[2]", "from 3 on", Cmd{Args: ok, ExtraFiles: map[int]*os.File{2: os.Stdin}}},
		{"ExtraFiles[-1]", "from 3 on", Cmd{Args: ok, ExtraFiles: map[int]*os.File{-1: os.Stdin}}},
		{"ExtraFiles[3]", "nil file", Cmd{Args: ok, ExtraFiles: map[int]*os.File{3: nil}}},
		{"ExtraFiles[4]", "not open", Cmd{Args: ok, ExtraFiles: map[int]*os.File{4: closed}}},
		{"ExtraFiles[1048576]", "below", Cmd{Args: ok, ExtraFiles: map[int]*os.File{1 << 20: os.Stdin}}},

		{"", "", Cmd{Args: ok, PTY: &PTY{}, Stdin: Pipe, Stdout: Pipe}},
		{"", "", Cmd{Args: ok, PTY: &PTY{}, Input: []byte("x"), Capture: true, Text: &Text{}}},
		{"Stdin", "terminal", Cmd{Args: ok, PTY: &PTY{}, Stdin: os.Stdin}},
		{"Stdout", "terminal", Cmd{Args: ok, PTY: &PTY{}, Stdout: DevNull}},
		{"Stderr", "terminal", Cmd{Args: ok, PTY: &PTY{}, Stderr: Stdout}},
		{"Unix.ProcessGroup", "PTY", Cmd{Args: ok, PTY: &PTY{}, Unix: Unix{ProcessGroup: group(0)}}},
		{"PTY", "Detach", Cmd{Args: ok, PTY: &PTY{}, Detach: true}},

		{"", "", Cmd{Args: ok, Unix: Unix{ProcessGroup: group(0), User: "0", Group: "root", ExtraGroups: []string{}, Umask: mask(0o777)}}},
		{"Unix.ProcessGroup", "negative", Cmd{Args: ok, Unix: Unix{ProcessGroup: group(-1)}}},
		{"Unix.ProcessGroup", "too big", Cmd{Args: ok, Unix: Unix{ProcessGroup: group(1<<31 - 1 + one)}}},
		{"Unix.ProcessGroup", "NewSession", Cmd{Args: ok, Unix: Unix{ProcessGroup: group(0), NewSession: true}}},
		{"Unix.ProcessGroup", "Detach", Cmd{Args: ok, Detach: true, Unix: Unix{ProcessGroup: group(0)}}},
		{"Unix.User", "-1", Cmd{Args: ok, Unix: Unix{User: "-1"}}},
		{"Unix.User", "4294967295", Cmd{Args: ok, Unix: Unix{User: "4294967295"}}},
		{"Unix.Group", "-1", Cmd{Args: ok, Unix: Unix{Group: "-1"}}},
		{"Unix.Group", "NUL", Cmd{Args: ok, Unix: Unix{Group: "a\x00"}}},
		{"Unix.ExtraGroups[1]", "-5", Cmd{Args: ok, Unix: Unix{ExtraGroups: []string{"0", "-5"}}}},
		{"Unix.ExtraGroups[0]", "empty", Cmd{Args: ok, Unix: Unix{ExtraGroups: []string{""}}}},
		{"Unix.ProcessGroup", "Detach", Cmd{Args: ok, Detach: true, Unix: Unix{ProcessGroup: group(0)}}},
		{"Unix.Cgroup", "Detach", Cmd{Args: ok, Detach: true, Unix: Unix{Cgroup: "/sys/fs/cgroup/x"}}},
		{"Limits.CPU", "too long", Cmd{Args: ok, Limits: Limits{CPU: math.MaxInt64}}},
		{"Unix.Umask", "01000", Cmd{Args: ok, Unix: Unix{Umask: mask(0o1000)}}},
		{"Unix.Umask", "0777", Cmd{Args: ok, Unix: Unix{Umask: mask(fs.ModeDir)}}},
		{"Unix.PreExec", "Bind", Cmd{Args: ok, Unix: Unix{PreExec: new(conex.Bound)}}},
		{"Unix.Cgroup", "NUL", Cmd{Args: ok, Unix: Unix{Cgroup: "\x00"}}},
	} {
		t.Run(test.field+" "+test.about, func(t *testing.T) {
			err := test.cmd.checkFor("linux")
			if test.field == "" {
				if err != nil {
					t.Errorf("%+v: %v", test.cmd.Args, err)
				}
				return
			}
			var bad *ArgumentError
			if !errors.As(err, &bad) || bad.Field != test.field || !strings.Contains(bad.Error(), test.about) {
				t.Fatalf("%#v: it should be about %s and say %q", err, test.field, test.about)
			}
			if !errors.Is(err, ErrInvalidArgument) || !errors.Is(err, ErrSubprocess) || errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%v matches the wrong errors", err)
			}
			if strings.Contains(test.about, "not open") && !errors.Is(err, os.ErrClosed) {
				t.Errorf("%v does not match os.ErrClosed", err)
			}
		})
	}
}

// one is no constant: an int may be too short for the sum.
var one = 1

func TestCheckWindows(t *testing.T) {
	for _, test := range []struct {
		field string
		w     Windows
	}{
		{"", Windows{CreationFlags: CreateNewConsole | HighPriorityClass, CommandLine: "a b"}},
		{"", Windows{StartupInfo: &StartupInfo{Flags: StartfUseShowWindow | StartfUseStdHandles, ShowWindow: SWHide, HandleList: []uintptr{4}}}},
		{"Windows.CreationFlags", Windows{CreationFlags: CreateNewConsole | DetachedProcess}},
		{"Windows.CreationFlags", Windows{CreationFlags: IdlePriorityClass | NormalPriorityClass}},
		{"Windows.CreationFlags", Windows{CreationFlags: 4}},
		{"Windows.CommandLine", Windows{CommandLine: "a\x00"}},
		{"Windows.StartupInfo.Flags", Windows{StartupInfo: &StartupInfo{Flags: 1 << 20}}},
		{"Windows.StartupInfo.Flags", Windows{StartupInfo: &StartupInfo{Flags: StartfForceOnFeedback | StartfForceOffFeedback}}},
		{"Windows.StartupInfo.ShowWindow", Windows{StartupInfo: &StartupInfo{Flags: StartfUseShowWindow, ShowWindow: 10}}},
		{"Windows.StartupInfo.HandleList", Windows{StartupInfo: &StartupInfo{HandleList: []uintptr{8, 0}}}},
		{"Windows.StartupInfo.HandleList", Windows{StartupInfo: &StartupInfo{HandleList: []uintptr{^uintptr(0)}}}},
	} {
		c := Cmd{Args: []string{"x"}, Windows: test.w}
		err := c.checkFor("windows")
		var bad *ArgumentError
		if test.field == "" {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &bad) || bad.Field != test.field {
			t.Errorf("%v: it should be about %s", err, test.field)
		}
	}
}

// What is for Run alone is refused by Start, which would have to ignore it.
func TestCheckForRun(t *testing.T) {
	for field, cmd := range map[string]Cmd{
		"Input":   {Args: []string{"true"}, Input: []byte{}},
		"Capture": {Args: []string{"true"}, Capture: true},
	} {
		_, err := Start(t.Context(), cmd)
		var bad *ArgumentError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// What a system has not got is refused there, and only there.
func TestCheckUnsupported(t *testing.T) {
	zero, mask := 0, fs.FileMode(0)
	all := []string{"linux", "darwin", "windows"}
	for _, test := range []struct {
		field string
		here  string
		cmd   Cmd
	}{
		{"ExtraFiles", "linux darwin", Cmd{ExtraFiles: map[int]*os.File{3: os.Stdin}}},
		{"KeepFiles", "linux darwin", Cmd{KeepFiles: true}},
		{"PTY", "linux", Cmd{PTY: &PTY{}}},
		{"PipeSize", "linux darwin windows", Cmd{PipeSize: 1}}, // a wish, as in Python
		{"Limits.Memory", "linux", Cmd{Limits: Limits{Memory: 1}}},
		{"Limits.CPU", "linux", Cmd{Limits: Limits{CPU: 1}}},
		{"Limits.Files", "linux", Cmd{Limits: Limits{Files: 1}}},
		{"Limits.FileSize", "linux", Cmd{Limits: Limits{FileSize: 1}}},
		{"Limits.Processes", "linux", Cmd{Limits: Limits{Processes: 1}}},
		{"Limits.Core", "linux", Cmd{Limits: Limits{Core: -1}}},
		{"Unix.NewSession", "linux darwin", Cmd{Unix: Unix{NewSession: true}}},
		{"Unix.ProcessGroup", "linux darwin", Cmd{Unix: Unix{ProcessGroup: &zero}}},
		{"Unix.User", "linux darwin", Cmd{Unix: Unix{User: "x"}}},
		{"Unix.Group", "linux darwin", Cmd{Unix: Unix{Group: "x"}}},
		{"Unix.ExtraGroups", "linux darwin", Cmd{Unix: Unix{ExtraGroups: []string{}}}},
		{"Unix.Umask", "linux", Cmd{Unix: Unix{Umask: &mask}}},
		{"Unix.KeepSignals", "linux darwin", Cmd{Unix: Unix{KeepSignals: true}}},
		{"Unix.Cgroup", "linux", Cmd{Unix: Unix{Cgroup: "/x"}}},
		{"Windows.CommandLine", "windows", Cmd{Windows: Windows{CommandLine: "x"}}},
		{"Windows.CreationFlags", "windows", Cmd{Windows: Windows{CreationFlags: CreateNoWindow}}},
		{"Windows.StartupInfo", "windows", Cmd{Windows: Windows{StartupInfo: &StartupInfo{}}}},
		{"Args[1]", "linux darwin", Shell("x", "sh")},
	} {
		if test.cmd.Args == nil {
			test.cmd.Args = []string{"x"}
		}
		for _, system := range all {
			err := test.cmd.checkFor(system)
			if strings.Contains(test.here, system) {
				if err != nil {
					t.Errorf("%s on %s: %v", test.field, system, err)
				}
				continue
			}
			var bad *ArgumentError
			if !errors.As(err, &bad) || bad.Field != test.field || !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, ErrInvalidArgument) {
				t.Errorf("%s on %s: %v", test.field, system, err)
			}
		}
	}
}

// A check leaves files in the mode in which they are.
func TestCheckKeepsMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes have no deadlines there, by which the mode is seen")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	c := Cmd{Args: []string{"x"}, Stdin: r}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Now()); err != nil {
		t.Errorf("the pipe is blocking now: %v", err)
	}
}
