//go:build !unix && !windows

package subprocess

const (
	separators  = "/"
	defaultPath = "/bin"
)

func mayExecute(string) error { return nil }

func extensions([]string) []string { return nil }

func findExtension(file string, _ []string) (string, error) { return file, nil }

func (l *plan) resolveSystem() error {
	if l.cmd.shell {
		l.args = l.cmd.shellArgs()
		l.path = l.args[0]
		return nil
	}
	l.path = l.cmd.program()
	return nil
}
