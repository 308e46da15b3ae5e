//go:build unix && !linux

package wait

import "golang.org/x/sys/unix"

// noSignal is not needed: the Go runtime ignores SIGPIPE but for standard
// output and error.
const noSignal = 0

// An input receives from the socket.
type input struct {
	data [4096]byte
	oob  [64]byte

	n, oobn int
	err     error
}

func (in *input) recv(fd uintptr, block bool) {
	flags := unix.MSG_DONTWAIT
	if block {
		flags = 0
	}
	in.n, in.oobn, _, _, in.err = unix.Recvmsg(int(fd), in.data[:], in.oob[:], flags)
}
