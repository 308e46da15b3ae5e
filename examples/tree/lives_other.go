//go:build unix && !linux

package main

import "syscall"

// lives says whether there is a process, dead ones included that are not yet reaped.
func lives(pid int) bool { return syscall.Kill(pid, 0) == nil }
