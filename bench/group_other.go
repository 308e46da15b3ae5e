//go:build !unix

package main

import "os/exec"

// endWithItsGroup leaves cmd as it is: without process groups, only the process itself is ended with its context. Our
// workers end with their parent by themselves.
func endWithItsGroup(cmd *exec.Cmd) {}
