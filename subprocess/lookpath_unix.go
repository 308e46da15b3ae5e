//go:build unix

package subprocess

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// separators make a name one of a file.
	separators = "/"
	// defaultPath is what execvp takes if there is no PATH, but without the
	// current directory, which some systems have in it.
	defaultPath = "/bin:/usr/bin"
)

// mayExecute says what keeps us from executing a file.
func mayExecute(file string) error {
	err := unix.Faccessat(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS)
	if err != unix.ENOSYS && err != unix.EPERM {
		return err
	}
	// The kernel has no such call, or a container's filter refuses it.
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return bare(err)
	case info.Mode()&0o111 == 0:
		return syscall.EACCES
	}
	return nil
}

// extensions are none: a name is a file's name.
func extensions([]string) []string { return nil }

// findExtension is for systems with extensions.
func findExtension(file string, _ []string) (string, error) { return file, nil }
