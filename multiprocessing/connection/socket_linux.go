package connection

import (
	"encoding/binary"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A socket is the life line of one end of a pipe, and the way for descriptors.
// Only the processes that have this end have it, so the kernel reports its end
// at the other side when the last of them is gone. It keeps packets apart.
type socket struct {
	f  *os.File
	rc syscall.RawConn
}

func socketPair() (a, b *socket, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	x, y := os.NewFile(uintptr(fds[0]), "conex-pipe"), os.NewFile(uintptr(fds[1]), "conex-pipe")
	if a, err = openSocket(x); err == nil {
		b, err = openSocket(y)
	}
	if err != nil {
		x.Close()
		y.Close()
	}
	return a, b, err
}

func openSocket(f *os.File) (*socket, error) {
	rc, err := f.SyscallConn()
	return &socket{f, rc}, err
}

// gone reports whether nobody has the other end. A socket that this process has
// closed tells nothing.
func (s *socket) gone() (gone bool) {
	s.rc.Control(func(fd uintptr) { gone = hungUp(fd) })
	return gone
}

func hungUp(fd uintptr) bool {
	p := [1]unix.PollFd{{Fd: int32(fd)}}
	for {
		n, err := unix.Poll(p[:], 0)
		if err != unix.EINTR {
			return n == 1 && p[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0
		}
	}
}

// holds reports whether there is a packet.
func (s *socket) holds() (some bool) {
	s.rc.Control(func(fd uintptr) {
		p := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(p[:], 0)
		some = err == nil && n == 1 && p[0].Revents&unix.POLLIN != 0
	})
	return some
}

// untilGone waits until nobody has the other end. It returns an error when the
// socket was closed, or cannot be waited for.
func (s *socket) untilGone() error { return s.rc.Read(hungUp) }

// send sends one packet with descriptors. The error is unix.EAGAIN if there is
// no room now.
func (s *socket) send(packet []byte, files []syscall.RawConn) (err error) {
	e := s.rc.Control(func(fd uintptr) {
		err = withFds(files, nil, func(fds []int) error {
			for {
				err := unix.Sendmsg(int(fd), packet, unix.UnixRights(fds...), nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
				if err != unix.EINTR {
					return err
				}
			}
		})
	})
	if e != nil {
		return e
	}
	return err
}

// withFds calls f with the numbers of descriptors, which stay open meanwhile.
func withFds(files []syscall.RawConn, fds []int, f func(fds []int) error) (err error) {
	if len(files) == 0 {
		return f(fds)
	}
	e := files[0].Control(func(fd uintptr) { err = withFds(files[1:], append(fds, int(fd)), f) })
	if e != nil {
		return e
	}
	return err
}

// peek returns the next packet and descriptors of the files that came with it,
// and leaves it where it is. The error is unix.EAGAIN if there is none.
func (s *socket) peek(buf []byte) (n int, files []*os.File, err error) {
	oob := make([]byte, unix.CmsgSpace(4*maxFiles))
	var oobn, flags int
	e := s.rc.Control(func(fd uintptr) {
		for {
			n, oobn, flags, _, err = unix.Recvmsg(int(fd), buf, oob, unix.MSG_PEEK|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
			if err != unix.EINTR {
				return
			}
		}
	})
	if e != nil {
		return 0, nil, e
	}
	if err != nil {
		return 0, nil, err
	}
	if msgs, err := unix.ParseSocketControlMessage(oob[:oobn]); err == nil {
		for i := range msgs {
			fds, _ := unix.ParseUnixRights(&msgs[i])
			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "conex-received"))
			}
		}
	}
	if flags&unix.MSG_CTRUNC != 0 {
		closeAll(files)
		return n, nil, os.NewSyscallError("recvmsg", unix.EMFILE)
	}
	return n, files, nil
}

// discard takes the next packet away.
func (s *socket) discard() {
	s.rc.Control(func(fd uintptr) {
		for {
			var b [1]byte
			if _, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_DONTWAIT); err != unix.EINTR {
				return
			}
		}
	})
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// unblock makes sure that the socket does not block, whatever was done with the
// descriptor on its way.
func (s *socket) unblock() (err error) {
	if e := s.rc.Control(func(fd uintptr) { err = unix.SetNonblock(int(fd), true) }); e != nil {
		return e
	}
	return err
}

type rawConn = syscall.RawConn

// number numbers a packet.
func number(packet []byte, n uint32) { binary.NativeEndian.PutUint32(packet, n) }
