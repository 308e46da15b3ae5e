package subproc

import (
	"os"

	"golang.org/x/sys/windows"
)

// Dup returns a second handle for f, as a process that was started with f has
// one.
func Dup(f *os.File, alone bool) (*os.File, error) {
	rc, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var h windows.Handle
	var dupErr error
	if err := rc.Control(func(n uintptr) {
		self := windows.CurrentProcess()
		dupErr = windows.DuplicateHandle(self, windows.Handle(n), self, &h, 0, false, windows.DUPLICATE_SAME_ACCESS)
	}); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("DuplicateHandle", dupErr)
	}
	return os.NewFile(uintptr(h), f.Name()), nil
}
