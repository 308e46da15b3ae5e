package python

import "golang.org/x/sys/unix"

// messageSocket keeps the bounds of messages, and their order, and tells the worker
// when we close our end.
const messageSocket = unix.SOCK_SEQPACKET

const noSignal = unix.MSG_NOSIGNAL
