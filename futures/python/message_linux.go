package python

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const receiveFlags = unix.MSG_DONTWAIT | unix.MSG_CMSG_CLOEXEC

// A message is what has been received last from a socket. It calls recvmsg itself:
// the wrapper allocates for an address that a connected socket does not have.
type message struct {
	data [maxMessage]byte
	oob  [maxRights]byte
	iov  unix.Iovec
	msg  unix.Msghdr

	n, oobn int
}

// receive receives a message, without waiting.
func (m *message) receive(fd int) error {
	m.iov.Base = &m.data[0]
	m.iov.SetLen(len(m.data))
	m.msg = unix.Msghdr{Iov: &m.iov, Control: &m.oob[0]}
	m.msg.SetIovlen(1)
	m.msg.SetControllen(len(m.oob))
	for {
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&m.msg)), receiveFlags)
		switch errno {
		case 0:
			m.n, m.oobn = int(n), int(m.msg.Controllen)
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}
