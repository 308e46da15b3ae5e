//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// endWithItsGroup has cmd be ended together with all processes it started, when its context ends.
func endWithItsGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
