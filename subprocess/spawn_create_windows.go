package subprocess

import (
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// beyondOS reports whether a StartupInfo says what os.StartProcess cannot: it
// knows of windows only that there may be none.
func (s *StartupInfo) beyondOS() bool {
	return s != nil && (s.Flags&(StartfForceOnFeedback|StartfForceOffFeedback) != 0 ||
		s.Flags&StartfUseShowWindow != 0 && s.ShowWindow != SWHide)
}

// create starts the process in the place of os.StartProcess, as that does, but
// with all of the StartupInfo.
func (l *plan) create(a *syscall.SysProcAttr) (p *os.Process, err error) {
	defer func() {
		if err != nil {
			err = &os.PathError{Op: "fork/exec", Path: l.path, Err: err} // its words
		}
	}()
	handles, release, err := l.inheritable(a)
	if err != nil {
		return nil, err
	}
	defer release()
	list, err := windows.NewProcThreadAttributeList(1)
	if err != nil {
		return nil, err
	}
	defer list.Delete()
	if err := list.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&handles[0]),
		uintptr(len(handles))*unsafe.Sizeof(handles[0])); err != nil {
		return nil, err
	}

	info := l.cmd.Windows.StartupInfo
	si := windows.StartupInfoEx{
		StartupInfo: windows.StartupInfo{
			Flags:     info.Flags | windows.STARTF_USESTDHANDLES,
			StdInput:  handles[0],
			StdOutput: handles[1],
			StdErr:    handles[2],
		},
		ProcThreadAttributeList: list.List(),
	}
	if info.Flags&StartfUseShowWindow != 0 {
		si.ShowWindow = info.ShowWindow
	}
	si.Cb = uint32(unsafe.Sizeof(si))

	path, err := windows.UTF16PtrFromString(l.path)
	if err != nil {
		return nil, err
	}
	line, err := windows.UTF16PtrFromString(a.CmdLine)
	if err != nil {
		return nil, err
	}
	var dir *uint16
	if l.cmd.Dir != "" {
		if dir, err = windows.UTF16PtrFromString(l.cmd.Dir); err != nil {
			return nil, err
		}
	}
	var pi windows.ProcessInformation
	flags := a.CreationFlags | windows.CREATE_UNICODE_ENVIRONMENT | windows.EXTENDED_STARTUPINFO_PRESENT
	if err := windows.CreateProcess(path, line, nil, nil, true, flags, envBlock(l.env), dir, &si.StartupInfo, &pi); err != nil {
		return nil, err
	}
	// While its handle is open the number is its own.
	defer windows.CloseHandle(pi.Process)
	defer windows.CloseHandle(pi.Thread)
	return os.FindProcess(int(pi.ProcessId))
}

// inheritable are the handles that the program gets, the standard ones first: its
// own copies of these, which are closed by release.
func (l *plan) inheritable(a *syscall.SysProcAttr) (handles []windows.Handle, release func(), err error) {
	release = func() {
		for _, h := range handles[:min(3, len(handles))] {
			windows.CloseHandle(h)
		}
	}
	self := windows.CurrentProcess()
	for _, f := range []*os.File{l.stdin, l.stdout, l.stderr} {
		var h windows.Handle
		if err := windows.DuplicateHandle(self, windows.Handle(f.Fd()), self, &h, 0, true, windows.DUPLICATE_SAME_ACCESS); err != nil {
			release()
			return nil, nil, err
		}
		handles = append(handles, h)
	}
	for _, h := range a.AdditionalInheritedHandles {
		handles = append(handles, windows.Handle(h))
	}
	return handles, release, nil
}

// envBlock is an environment as CreateProcess takes it. Of several values for one
// name the last one counts.
func envBlock(env []string) *uint16 {
	if env == nil {
		env = os.Environ()
	}
	last := map[string]int{}
	name := func(entry string) string {
		if entry == "" {
			return ""
		}
		i := strings.IndexByte(entry[1:], '=') // there are names like "=C:"
		return strings.ToUpper(entry[:1+i])
	}
	for i, entry := range env {
		last[name(entry)] = i
	}
	var block []uint16
	for i, entry := range env {
		if last[name(entry)] == i {
			block = append(block, windows.StringToUTF16(entry)...)
		}
	}
	if block == nil {
		block = append(block, 0)
	}
	return &append(block, 0)[0]
}
