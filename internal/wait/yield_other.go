//go:build !linux

package wait

import "runtime"

// yield lets other goroutines run, the most that can be had everywhere.
func yield() { runtime.Gosched() }

// core is the core that this thread runs on: nobody says.
func core() int { return -1 }

func leave(int) {}
