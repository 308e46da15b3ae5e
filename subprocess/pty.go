package subprocess

import (
	"errors"
	"fmt"
	"os"
)

// openPTY opens a terminal: the program's three streams go into l, the result is
// our end.
func (p *Popen) openPTY(l *plan) (*os.File, error) {
	size := *l.cmd.PTY
	if size.Rows == 0 && size.Cols == 0 {
		size = PTY{Rows: 24, Cols: 80}
	}
	master, slave, err := openTerminal()
	if err != nil {
		return nil, err
	}
	l.own(slave)
	l.stdin, l.stdout, l.stderr = slave, slave, slave
	if err := resize(master, size.Rows, size.Cols); err != nil {
		master.Close()
		return nil, fmt.Errorf("subprocess: size of a terminal: %w", err)
	}
	p.master = master
	return master, nil
}

// Resize tells the program that its terminal has another size now, by SIGWINCH.
// The error matches errors.ErrUnsupported if it has none, and os.ErrClosed if
// Stdout was closed. It does not block.
func (p *Popen) Resize(rows, cols uint16) error {
	if p.master == nil {
		return fmt.Errorf("subprocess: Resize: the program has no terminal: set Cmd.PTY: %w", errors.ErrUnsupported)
	}
	return resize(p.master, rows, cols)
}
