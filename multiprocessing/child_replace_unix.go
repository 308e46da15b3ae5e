//go:build unix && !linux

package multiprocessing

import "golang.org/x/sys/unix"

// replace makes descriptor to another name of from.
func replace(from, to int) error { return unix.Dup2(from, to) }
