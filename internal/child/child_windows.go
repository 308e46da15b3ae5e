package child

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A running program's file cannot be replaced here, so its name will do.
const selfImage = ""

// system holds the job object that the child and all it starts belong to.
type system struct {
	job windows.Handle // closed by reap, under Child.mu
}

// supported refuses what CreateProcess, as the os package calls it, cannot do.
func supported(s Spec) error {
	if len(s.Files) > 0 {
		return fmt.Errorf("child: Spec.Files: windows has no numbered descriptors to inherit: %w", errors.ErrUnsupported)
	}
	return nil
}

// sysProcAttr starts the child suspended, for it to start nothing before it is
// in its job.
func sysProcAttr(shared bool) *syscall.SysProcAttr {
	if shared {
		return new(syscall.SysProcAttr)
	}
	return &syscall.SysProcAttr{
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_SUSPENDED,
	}
}

// adopt puts the new child into a job of its own, which dies with the last
// handle on it, that is with us, and lets the child run. On an error the child
// is killed.
func (c *Child) adopt() (err error) {
	if c.shared {
		return nil
	}
	defer func() {
		if err != nil {
			c.proc.Kill()
			c.proc.Wait()
			if c.sys.job != 0 {
				windows.CloseHandle(c.sys.job)
			}
		}
	}()
	if c.sys.job, err = windows.CreateJobObject(nil, nil); err != nil {
		return fmt.Errorf("create job object: %w", err)
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if _, err = windows.SetInformationJobObject(c.sys.job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return fmt.Errorf("configure job object: %w", err)
	}
	// The handle in c.proc keeps the number its own, but may have too few rights,
	// if Around has got it by os.FindProcess.
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(c.PID()))
	if err != nil {
		return fmt.Errorf("open process: %w", err)
	}
	defer windows.CloseHandle(handle)
	if err = windows.AssignProcessToJobObject(c.sys.job, handle); err != nil {
		return fmt.Errorf("assign process to job object: %w", err)
	}
	return resume(uint32(c.PID()))
}

// resume starts the one thread of a process that was created suspended. The os
// package does not give us the thread's handle, so it is looked up.
func resume(pid uint32) error {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(snapshot, &entry); err == nil; err = windows.Thread32Next(snapshot, &entry) {
		if entry.OwnerProcessID != pid {
			continue
		}
		thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, entry.ThreadID)
		if err != nil {
			return fmt.Errorf("open thread: %w", err)
		}
		defer windows.CloseHandle(thread)
		if _, err := windows.ResumeThread(thread); err != nil {
			return fmt.Errorf("resume thread: %w", err)
		}
		return nil
	}
	return fmt.Errorf("find the new process's thread: %w", err)
}

// awaitDeath returns once the child is dead. Its handle keeps the number from
// being reused until reap. It blocks a thread for the child's whole life.
func (c *Child) awaitDeath() {
	c.proc.WithHandle(func(h uintptr) {
		windows.WaitForSingleObject(windows.Handle(h), windows.INFINITE)
	})
}

// reap ends what is left of the job. The caller holds mu.
func (c *Child) reap() Status {
	if !c.shared {
		windows.TerminateJobObject(c.sys.job, killedCode)
		windows.CloseHandle(c.sys.job)
	}
	return newStatus(c.proc.Wait())
}

// killedCode is the exit code of a killed child, the one os.Process.Kill uses.
const killedCode = 1

// killTree ends all processes of the job. The caller holds mu.
func (c *Child) killTree() error {
	if c.shared {
		return c.proc.Kill()
	}
	return windows.TerminateJobObject(c.sys.job, killedCode)
}

func (c *Child) rss() (int64, error) {
	return 0, fmt.Errorf("child: memory of another process is not read on windows: %w", errors.ErrUnsupported)
}
