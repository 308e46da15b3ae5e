package subprocess

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/windows"

	"github.com/conexgo/conex/internal/child"
)

// start starts the program. The job that reaches all of its tree comes from
// package child, unless it is to be left alone.
func (l *plan) start() (process, error) {
	line, err := l.commandLine()
	if err != nil {
		return nil, err
	}
	if err := l.givenHandles(); err != nil {
		return nil, err
	}
	spec := l.spec()
	spec.Shared = l.cmd.Detach
	var attr *syscall.SysProcAttr
	spec.Adjust = func(a *syscall.SysProcAttr) {
		l.adjust(a, line)
		attr = a
	}
	if l.cmd.Windows.StartupInfo.beyondOS() {
		spec.Around = func(func() (*os.Process, error)) (*os.Process, error) { return l.create(attr) }
	}
	c, err := child.Start(spec)
	if err != nil {
		return nil, l.failed(err)
	}
	return &windowsProcess{c}, nil
}

// adjust tells the system what only Windows has.
func (l *plan) adjust(a *syscall.SysProcAttr, line string) {
	w := &l.cmd.Windows
	a.CmdLine = line
	a.CreationFlags |= w.CreationFlags
	if l.cmd.Detach {
		a.CreationFlags |= CreateNewProcessGroup
		if w.CreationFlags&(CreateNewConsole|CreateNoWindow) == 0 {
			a.CreationFlags |= DetachedProcess
		}
	}
	a.HideWindow = l.cmd.shell // as in Python
	if s := w.StartupInfo; s != nil {
		if s.Flags&StartfUseShowWindow != 0 {
			a.HideWindow = s.ShowWindow == SWHide
		}
		for _, h := range s.HandleList {
			a.AdditionalInheritedHandles = append(a.AdditionalInheritedHandles, syscall.Handle(h))
		}
	}
}

// commandLine is what the program gets, for on Windows it is one text. It may
// change the program to the shell that runs a batch file.
func (l *plan) commandLine() (string, error) {
	c := l.cmd
	switch {
	case c.Windows.CommandLine != "":
		return c.Windows.CommandLine, nil
	case c.shell:
		return shellLine(l.path, c.Args[0]), nil
	case isBatch(l.path):
		shell, err := comspec()
		if err != nil {
			return "", &fs.PathError{Op: "find program", Path: "cmd.exe", Err: because(err.Error(), syscall.ENOENT)}
		}
		line, err := batchLine(shell, l.path, c.Args[1:])
		l.path = shell
		return line, err
	}
	return List2Cmdline(l.args), nil
}

// givenHandles opens the standard handles of the StartupInfo for those streams of
// which the Cmd says nothing. The caller's own stay open.
func (l *plan) givenHandles() error {
	s := l.cmd.Windows.StartupInfo
	if s == nil || s.Flags&StartfUseStdHandles == 0 {
		return nil
	}
	for _, stream := range []struct {
		name   string
		handle uintptr
		given  bool
		file   **os.File
	}{
		{"StdInput", s.StdInput, l.cmd.Stdin != nil || l.cmd.Input != nil, &l.stdin},
		{"StdOutput", s.StdOutput, l.cmd.Stdout != nil, &l.stdout},
		{"StdError", s.StdError, l.cmd.Stderr != nil, &l.stderr},
	} {
		if stream.given || stream.handle == 0 {
			continue
		}
		self := windows.CurrentProcess()
		var copied windows.Handle
		err := windows.DuplicateHandle(self, windows.Handle(stream.handle), self, &copied, 0, false, windows.DUPLICATE_SAME_ACCESS)
		if err != nil {
			return bad("Windows.StartupInfo."+stream.name, "%#x is no handle of ours: %w", stream.handle, err)
		}
		*stream.file = l.own(os.NewFile(uintptr(copied), stream.name))
	}
	return nil
}

// A windowsProcess knows the signals of Python on Windows.
type windowsProcess struct{ *child.Child }

// Signal ends the process by SIGTERM, as by SIGKILL, and sends console events to
// its group.
func (p *windowsProcess) Signal(sig os.Signal) error {
	switch sig := sig.(type) {
	case CtrlEvent:
		select {
		case <-p.Done():
			return os.ErrProcessDone
		default:
			return windows.GenerateConsoleCtrlEvent(uint32(sig), uint32(p.PID()))
		}
	case syscall.Signal:
		if sig == syscall.SIGTERM {
			return p.Child.Signal(os.Kill)
		}
	}
	return p.Child.Signal(sig)
}
