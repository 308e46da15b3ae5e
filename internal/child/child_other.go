//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd && !windows

package child

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

const selfImage = ""

type system struct{}

// supported refuses everything: without a way to learn of a death before the
// process is reaped, a process group could only be killed by a number that may
// have been reused.
func supported(Spec) error {
	return fmt.Errorf("child: processes are not supported on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// What follows is never reached, since there is no Child.

func sysProcAttr(bool) *syscall.SysProcAttr { return nil }
func (c *Child) adopt() error               { return supported(Spec{}) }
func (c *Child) awaitDeath()                {}
func (c *Child) reap() Status               { return Status{} }
func (c *Child) killTree() error            { return supported(Spec{}) }
func (c *Child) rss() (int64, error)        { return 0, supported(Spec{}) }
