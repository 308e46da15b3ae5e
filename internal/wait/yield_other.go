//go:build !linux

package wait

import "runtime"

// yield lets other goroutines run, the most that can be had everywhere.
func yield() { runtime.Gosched() }
