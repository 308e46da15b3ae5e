//go:build unix

package main

import (
	"errors"
	"syscall"
)

// isRefused reports whether err says that nobody listens.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
