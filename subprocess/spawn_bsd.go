//go:build unix && !linux

package subprocess

import (
	"syscall"

	"github.com/conexgo/conex/internal/child"
)

// launchSystem is empty: what only Linux has was refused by check.
type launchSystem struct{}

func (n *launch) prepareSystem() error { return nil }

func (n *launch) adjustSystem(*syscall.SysProcAttr) {}

func (n *launch) launch() (process, error) {
	n.spec.Around = n.around
	c, err := child.Start(n.spec)
	if err != nil {
		return nil, n.failed(err)
	}
	return c, nil
}

// apply has nothing to do: there are no limits here.
func (l *Limits) apply() error { return nil }
