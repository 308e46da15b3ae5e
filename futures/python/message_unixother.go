//go:build unix && !linux

package python

import "golang.org/x/sys/unix"

// A message is what has been received last from a socket.
type message struct {
	data [maxMessage]byte
	oob  [maxRights]byte

	n, oobn int
}

// receive receives a message, without waiting.
func (m *message) receive(fd int) error {
	for {
		n, oobn, _, _, err := unix.Recvmsg(fd, m.data[:], m.oob[:], unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			m.n, m.oobn = n, oobn
			return err
		}
	}
}
