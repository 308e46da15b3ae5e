//go:build unix

package python

import (
	"os"

	"golang.org/x/sys/unix"
)

// maxRights is room for as many descriptors as a message can bring, 253 on Linux.
const maxRights = 1088

// bytes is what was received.
func (m *message) bytes() []byte { return m.data[:m.n] }

// files takes the descriptors that came along.
func (m *message) files() (files []*os.File) {
	if m.oobn == 0 {
		return nil
	}
	msgs, err := unix.ParseSocketControlMessage(m.oob[:m.oobn])
	m.oobn = 0
	if err != nil {
		return nil
	}
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "conex-received"))
		}
	}
	return files
}
