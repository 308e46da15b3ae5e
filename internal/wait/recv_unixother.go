//go:build unix && !linux

package wait

import "golang.org/x/sys/unix"

// An input receives from the socket.
type input struct {
	data [4096]byte
	oob  [64]byte

	n, oobn int
	err     error
}

func (in *input) recv(fd uintptr) {
	in.n, in.oobn, _, _, in.err = unix.Recvmsg(int(fd), in.data[:], in.oob[:], unix.MSG_DONTWAIT)
}
