//go:build unix

package subprocess

import (
	"os"
	"os/signal"
	"syscall"
)

// A program inherits which signals are ignored. Those that make its parent's
// life easier, but are the end of a program that writes where nobody reads or
// may not, have their default in it, as in Python. (Python's third one, SIGXFZ,
// is none of a system that Go runs on.)
var restored = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}

// anyIgnored says whether we ignore one of those.
func anyIgnored() bool {
	for _, s := range restored {
		if signal.Ignored(s) {
			return true
		}
	}
	return false
}

// unignore makes them not ignored for a moment, by a handler that does nothing,
// and returns which they were. The caller holds inheritance.
func unignore() (ignored []os.Signal) {
	for _, s := range restored {
		if signal.Ignored(s) {
			ignored = append(ignored, s)
		}
	}
	if len(ignored) > 0 {
		signal.Notify(nowhere, ignored...)
	}
	return ignored
}

// nowhere is where nobody looks: what does not fit is dropped.
var nowhere = make(chan os.Signal, 1)

// ignore undoes unignore.
func ignore(signals []os.Signal) {
	if len(signals) > 0 {
		signal.Stop(nowhere)
		signal.Ignore(signals...)
	}
}
