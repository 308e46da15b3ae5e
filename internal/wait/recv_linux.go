package wait

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const noSignal = unix.MSG_NOSIGNAL

// An input receives from the socket. It calls recvmsg itself: the wrapper
// allocates for an address that a connected socket does not have, which costs
// as much as the call.
type input struct {
	data [4096]byte
	oob  [64]byte
	iov  unix.Iovec
	msg  unix.Msghdr

	n, oobn int
	err     error
}

func (in *input) recv(fd uintptr, block bool) {
	in.iov.Base = &in.data[0]
	in.iov.SetLen(len(in.data))
	in.msg = unix.Msghdr{Iov: &in.iov, Control: &in.oob[0]}
	in.msg.SetIovlen(1)
	in.msg.SetControllen(len(in.oob))
	flags := uintptr(unix.MSG_DONTWAIT | unix.MSG_CMSG_CLOEXEC)
	if block {
		flags = unix.MSG_CMSG_CLOEXEC
	}
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&in.msg)), flags)
	in.n, in.oobn, in.err = int(n), 0, nil
	if errno != 0 {
		in.err = errno
		return
	}
	in.oobn = int(in.msg.Controllen)
}
