package pywire

import "golang.org/x/sys/unix"

const noSignal = unix.MSG_NOSIGNAL

// quickAck makes the system acknowledge what has come at once. A CPython client
// sends two small frames in a row at the end of the handshake and leaves Nagle's
// algorithm on, so that the second one waits for the acknowledgement of the
// first one, which else is put off by 40 ms. The option lasts for a few packets,
// so it is set after each frame of a handshake.
func (c *Conn) quickAck() {
	if c.tcp {
		c.raw.Control(func(fd uintptr) {
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
		})
	}
}

// PeerPID returns the number of the process at the other side of an AF_UNIX
// socket: that which connected, or which listens.
func (c *Conn) PeerPID() (pid int, ok bool) {
	if c.rc == nil || c.nc.RemoteAddr() == nil || c.nc.RemoteAddr().Network() != "unix" {
		return 0, false
	}
	c.rc.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid, ok = int(cred.Pid), cred.Pid > 0
		}
	})
	return pid, ok
}
