//go:build unix && !linux

package python

import "golang.org/x/sys/unix"

// messageSocket keeps the bounds of messages. The worker learns from C when we
// close our end.
const messageSocket = unix.SOCK_DGRAM

// The runtime ignores SIGPIPE for what is not standard output or error.
const noSignal = 0
