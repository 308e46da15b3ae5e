//go:build !unix

package child

import (
	"errors"
	"syscall"
)

// SignalGroup answers errors.ErrUnsupported: there are no groups to signal.
func (c *Child) SignalGroup(syscall.Signal) error { return errors.ErrUnsupported }
