package subprocess_test

import "github.com/conexgo/conex/subprocess"

// sh is a script for the shell. Its arguments begin with its name.
func sh(script string, args ...string) subprocess.Cmd {
	return subprocess.Command("sh", append([]string{"-c", script}, args...)...)
}
