//go:build !windows

package subprocess

// resolveSystem finds the program of a Cmd of Shell.
func (l *plan) resolveSystem() error {
	if l.cmd.shell {
		l.args = l.cmd.shellArgs()
		l.path = l.args[0]
		return nil
	}
	l.path = l.cmd.program()
	return nil
}
