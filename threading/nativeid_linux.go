package threading

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func osThreadID() int { return unix.Gettid() }

func setOSName(name string) error {
	var b [16]byte // the last one stays zero
	copy(b[:15], name)
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&b[0])), 0, 0, 0)
}
