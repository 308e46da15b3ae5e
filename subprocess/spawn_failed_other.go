//go:build !unix

package subprocess

import "syscall"

func (l *plan) failedField(syscall.Errno) error         { return nil }
func (l *plan) closedDir(wrong func(error) error) error { return nil }
func notExecutable(string) bool                         { return false }
