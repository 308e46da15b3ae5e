package pywire

import (
	"io"
	"math"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// files are the descriptors that came beside the bytes of a Conn over AF_UNIX.
type files struct {
	most int // of the reader

	mu   sync.Mutex
	q    []arrived // protected by mu
	shut bool      // protected by mu

	oob  [64]byte // room for a few at a time
	iov  unix.Iovec
	msg  unix.Msghdr
	f    func(fd uintptr) bool
	wait bool
	n    int
	errn unix.Errno
}

// An arrived is a descriptor, and the place in the stream of the last byte that
// was read together with it.
type arrived struct {
	f   *os.File
	end uint64
}

// KeepFiles makes c keep descriptors that come beside the bytes, for RecvFile:
// at most n at a time, what is more is closed. Else the system drops them. It
// reports false if c is not over AF_UNIX. It is for the reader.
func (c *Conn) KeepFiles(n int) bool {
	if c.rc == nil || c.nc.LocalAddr().Network() != "unix" {
		return false
	}
	f := c.files.Load()
	if f == nil {
		f = new(files)
		c.files.Store(f)
		if c.closed.Load() {
			f.close()
		}
	}
	f.most = n
	return true
}

// readFiles is a read that takes descriptors, too. It calls recvmsg itself,
// since the wrappers allocate for an address that there is not.
func (c *Conn) readFiles(s *files, p []byte, wait bool) (int, error) {
	if s.f == nil {
		s.f = func(fd uintptr) bool {
			for {
				s.msg = unix.Msghdr{Iov: &s.iov, Control: &s.oob[0]}
				s.msg.SetIovlen(1)
				s.msg.SetControllen(len(s.oob))
				n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&s.msg)),
					unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
				s.n, s.errn = int(n), errno
				if errno != unix.EINTR {
					return errno != unix.EAGAIN || !s.wait
				}
			}
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	s.wait = wait
	s.iov.Base = &p[0]
	s.iov.SetLen(len(p))
	err := c.rc.Read(s.f)
	s.iov.Base = nil
	switch {
	case err != nil:
		return 0, err
	case s.errn == unix.EAGAIN:
		return 0, os.ErrDeadlineExceeded
	case s.errn != 0:
		return 0, os.NewSyscallError("recvmsg", s.errn)
	case s.n == 0:
		return 0, io.EOF
	}
	if s.msg.Controllen > 0 {
		s.take(s.oob[:s.msg.Controllen], c.pos+uint64(c.w-c.r)+uint64(s.n))
	}
	return s.n, nil
}

// take keeps the descriptors that came with bytes that end at a place.
func (s *files) take(oob []byte, end uint64) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if s.shut || len(s.q) >= s.most {
				unix.Close(fd)
				continue
			}
			s.q = append(s.q, arrived{os.NewFile(uintptr(fd), "received"), end})
		}
	}
}

// drop closes those whose bytes have been taken.
func (s *files) drop(pos uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.q) > 0 && s.q[0].end <= pos {
		s.q[0].f.Close()
		s.q = s.q[1:]
	}
}

// close closes all, and those that will come.
func (s *files) close() {
	s.drop(math.MaxUint64)
	s.mu.Lock()
	s.shut = true
	s.mu.Unlock()
}

// recvFile receives one descriptor, as CPython's reduction.send_handle sends
// it: beside a single byte.
func (c *Conn) recvFile() (*os.File, error) {
	if c.head || c.w == c.r {
		return nil, ErrNoFile
	}
	s := c.files.Load()
	s.drop(c.pos)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.q) == 0 || s.q[0].end != c.pos+1 || c.buf[c.r] != 1 {
		return nil, ErrNoFile
	}
	f := s.q[0].f
	s.q = s.q[1:]
	c.skip(1)
	return f, nil
}

// sendFile sends a descriptor beside a byte that says how many they are.
func (c *Conn) sendFile(fd int, wait func() bool) (err error) {
	rights := unix.UnixRights(fd)
	e := c.rc.Write(func(s uintptr) bool {
		for {
			_, err = unix.SendmsgN(int(s), []byte{1}, rights, nil, unix.MSG_DONTWAIT|noSignal)
			if err != unix.EINTR {
				return err != unix.EAGAIN || !wait()
			}
		}
	})
	if e != nil {
		return e
	}
	if err == unix.EAGAIN {
		return os.ErrDeadlineExceeded
	}
	return os.NewSyscallError("sendmsg", err)
}
