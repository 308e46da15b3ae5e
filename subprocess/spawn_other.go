//go:build !unix && !windows

package subprocess

import "github.com/conexgo/conex/internal/child"

// start says that there are no programs to be started here.
func (l *plan) start() (process, error) {
	c, err := child.Start(l.spec())
	if err != nil {
		return nil, l.failed(err)
	}
	return c, nil
}
