//go:build !linux

package pywire

const noSignal = 0

func (c *Conn) quickAck() {}

// PeerPID is known on Linux only.
func (c *Conn) PeerPID() (pid int, ok bool) { return 0, false }
