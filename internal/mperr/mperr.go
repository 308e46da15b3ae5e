// Package mperr has the errors that package multiprocessing shares with the
// packages below it, which it imports: errors.Is finds the one under the name of
// the other.
package mperr

import (
	"errors"
	"slices"
)

// ErrProcess is multiprocessing.ErrProcess.
var ErrProcess = errors.New("multiprocessing: error")

// Those that several packages have.
var (
	ErrClosed         = New("multiprocessing: closed by this process")
	ErrCorrupt        = New("multiprocessing: corrupt shared memory: another program has written to it")
	ErrAuthentication = New("multiprocessing: authentication failed: both sides need the same key")
)

// New returns an error that matches ErrProcess and what else is given.
func New(text string, also ...error) error { return &shared{text, append(also, ErrProcess)} }

type shared struct {
	text string
	also []error
}

func (e *shared) Error() string        { return e.text }
func (e *shared) Is(target error) bool { return slices.Contains(e.also, target) }
