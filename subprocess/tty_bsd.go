//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package subprocess

import "golang.org/x/sys/unix"

const ioctlGetTermios = unix.TIOCGETA
