package meter

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Cores returns the numbers of the cores this thread may run on, lowest first.
func Cores() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("sched_getaffinity: %w", err)
	}
	var cores []int
	for c := 0; len(cores) < set.Count(); c++ {
		if set.IsSet(c) {
			cores = append(cores, c)
		}
	}
	return cores, nil
}

func only(core int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(core)
	return &set
}

// Start starts cmd with everything it will ever be bound to one core, from before its first instruction: a Go or Python
// program started so believes in a machine of one core. The calling process stays where it was.
func Start(cmd *exec.Cmd, core int) error {
	// A child inherits the affinity of the thread that forks it, so one thread goes there, forks, and comes back.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("sched_getaffinity: %w", err)
	}
	if err := unix.SchedSetaffinity(0, only(core)); err != nil {
		return fmt.Errorf("sched_setaffinity: %w", err)
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &before))
}

// PinSelf binds all threads of this process to one core, and lets GOMAXPROCS follow at once (the runtime would find
// out by itself, but some time in the middle of the measurement).
func PinSelf(core int) error {
	if err := Pin(os.Getpid(), core); err != nil {
		return err
	}
	runtime.SetDefaultGOMAXPROCS()
	return nil
}

// Pin binds all threads of a process to one core. A thread made by a bound thread is bound; one that an unbound
// thread makes meanwhile is found by the next look.
func Pin(pid, core int) error {
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	for range 100 {
		tasks, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		moved := false
		for _, t := range tasks {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				continue
			}
			var now unix.CPUSet
			if unix.SchedGetaffinity(tid, &now) != nil {
				continue // ended since
			}
			if now == *only(core) {
				continue
			}
			moved = true
			if err := unix.SchedSetaffinity(tid, only(core)); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("sched_setaffinity of thread %d: %w", tid, err)
			}
		}
		if !moved {
			return nil
		}
	}
	return fmt.Errorf("process %d starts threads faster than they can be bound to core %d", pid, core)
}

// CPUTime returns the processor time process pid has used so far, in nanoseconds, by the clock the kernel keeps for it
// (/proc/PID/stat counts in hundredths of a second, too coarse for a sleeper).
func CPUTime(pid int) (int64, error) {
	// The id of a process's clock: the pid, inverted, above three bits that say "whole process, as scheduled".
	const wholeProcess = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|wholeProcess), &t); err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return t.Nano(), nil
}
