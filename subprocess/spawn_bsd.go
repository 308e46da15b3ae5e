//go:build unix && !linux

package subprocess

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"errors"

	"github.com/conexgo/conex/internal/child"
)

type launchSystem struct{}

// prepareSystem refuses what only Linux has.
func (n *launch) prepareSystem() error {
	u := &n.cmd.Unix
	switch {
	case u.Umask != nil && u.PreExec == nil:
		return only("Unix.Umask")
	case u.Cgroup != "":
		return only("Unix.Cgroup")
	case n.cmd.Limits != Limits{}:
		return only("Limits")
	}
	return nil
}

func only(field string) error {
	return bad(field, "not on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func (n *launch) adjustSystem(*syscall.SysProcAttr) {}

func (n *launch) launch() (process, error) {
	n.spec.Around = n.around
	c, err := child.Start(n.spec)
	if err != nil {
		return nil, n.failed(err)
	}
	return c, nil
}

// limit is never called.
func (l Limits) apply() error { return fmt.Errorf("limits: %w", errors.ErrUnsupported) }

var _ = os.Getpid
