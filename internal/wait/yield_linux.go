package wait

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// yield lets another thread run on this core. It does not tell the Go
// scheduler: it takes a microsecond at most if nobody else wants the core.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// core is the core that this thread runs on, -1 if that cannot be told.
func core() int {
	var cpu uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); errno != 0 {
		return -1
	}
	return int(cpu)
}

// leave makes this thread run on another core than the given one, for now: the
// set of cores it may use stays as it is.
func leave(core int) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all unix.CPUSet
	if unix.SchedGetaffinity(0, &all) != nil {
		return
	}
	others := all
	others.Clear(core)
	if others.Count() == 0 || unix.SchedSetaffinity(0, &others) != nil {
		return
	}
	unix.SchedSetaffinity(0, &all)
}
