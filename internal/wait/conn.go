//go:build unix

package wait

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bell is the type of the frame that only wakes.
const Bell = 0

// MaxFrame is the largest payload of a frame.
const MaxFrame = 64 << 20

// A Conn is one end of the socket between two processes. Frames are a type
// and a payload; a Bell is a single byte. Send, Ring and Close may be used
// from any goroutine, Recv from one at a time.
type Conn struct {
	f  *os.File
	rc syscall.RawConn // but if blocking is set, fd is used directly

	blocking bool
	fd       int

	wmu sync.Mutex // one frame at a time

	// The reading side, used by one goroutine at a time. Nothing is
	// allocated for a bell.
	buf   []byte // received and not yet parsed
	files []*os.File
	in    input
	block bool
	read  func(fd uintptr) bool // receives into in

	ring func(fd uintptr) bool
}

// A Frame is what Recv returns.
type Frame struct {
	Type    byte
	Payload []byte // valid until the next Recv
}

// Pair makes a socket. The file is the end to give to the other process.
func Pair() (*Conn, *os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "conex-socket")
	ours, err := Open(os.NewFile(uintptr(fds[0]), "conex-socket"))
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// OpenBlocking is Open for a process with little else to do than to wait for
// this socket: Recv blocks in the kernel instead of in the runtime's poller,
// which saves half of a round trip, and costs a thread.
func OpenBlocking(f *os.File) (*Conn, error) {
	if err := unix.SetNonblock(int(f.Fd()), false); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	unix.CloseOnExec(int(f.Fd()))
	return &Conn{f: f, fd: int(f.Fd()), blocking: true}, nil
}

// Open makes a Conn of the end that this process was given. The Conn owns
// the descriptor.
func Open(f *os.File) (*Conn, error) {
	fd := int(f.Fd()) // makes it blocking; a new File puts it into the poller
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	f.Close()
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := unix.SetNonblock(dup, true); err != nil {
		unix.Close(dup)
		return nil, os.NewSyscallError("fcntl", err)
	}
	f = os.NewFile(uintptr(dup), "conex-socket")
	rc, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	c := &Conn{f: f, rc: rc, ring: ringOnce}
	c.read = func(fd uintptr) bool {
		c.in.recv(fd, false)
		return !(c.block && c.in.err == unix.EAGAIN)
	}
	return c, nil
}

// Close closes this end; the other side reads end of file.
func (c *Conn) Close() error { return c.f.Close() }

var bell = []byte{Bell}

// Ring wakes the other side. It never blocks: if the socket is full, the other
// side has something to wake up for.
func (c *Conn) Ring() error {
	if c.blocking {
		ringOnce(uintptr(c.fd))
		return nil
	}
	return c.rc.Write(c.ring)
}

// ringOnce ignores errors: an interrupted or impossible write means that the
// other side is awake, or dead, which the reader finds out.
func ringOnce(fd uintptr) bool {
	unix.Send(int(fd), bell, unix.MSG_DONTWAIT|noSignal)
	return true
}

// Send sends a frame, blocking while the socket is full. A file, if given,
// goes along as a descriptor; the caller keeps its own.
func (c *Conn) Send(typ byte, payload []byte, file *os.File) error {
	if typ == Bell || len(payload) > MaxFrame {
		return fmt.Errorf("wait: frame of type %d with %d bytes", typ, len(payload))
	}
	msg := make([]byte, 5, 5+len(payload))
	msg[0] = typ
	binary.LittleEndian.PutUint32(msg[1:], uint32(len(payload)))
	msg = append(msg, payload...)
	if file != nil {
		// Not by Fd, which would make the descriptor block, here and there.
		rc, err := file.SyscallConn()
		if err != nil {
			return err
		}
		sent := error(nil)
		if err := rc.Control(func(fd uintptr) { sent = c.send(msg, unix.UnixRights(int(fd))) }); err != nil {
			return err
		}
		return sent
	}
	return c.send(msg, nil)
}

func (c *Conn) send(msg, rights []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	for len(msg) > 0 {
		var n int
		var err error
		if c.blocking {
			n, err = unix.SendmsgN(c.fd, msg, rights, nil, noSignal)
		} else if e := c.rc.Write(func(fd uintptr) bool {
			n, err = unix.SendmsgN(int(fd), msg, rights, nil, unix.MSG_DONTWAIT|noSignal)
			return err != unix.EAGAIN
		}); e != nil {
			return e
		}
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("sendmsg", err)
		}
		rights = nil // they went with the first byte
		msg = msg[n:]
	}
	return nil
}

// Recv returns the next frame, several bells in a row as one. If block is
// false and there is none it returns ok false. The error is io.EOF once the
// other side has closed its end or is dead.
func (c *Conn) Recv(block bool) (fr Frame, ok bool, err error) {
	for {
		if fr, ok = c.parse(); ok {
			return fr, true, nil
		}
		if n := c.announced(); n > MaxFrame {
			return Frame{}, false, fmt.Errorf("wait: frame of %d bytes", n)
		}
		more, err := c.fill(block)
		if err != nil || !more {
			return Frame{}, false, err
		}
	}
}

// File returns the descriptor that came with a frame, in order of arrival, or
// nil.
func (c *Conn) File() *os.File {
	if len(c.files) == 0 {
		return nil
	}
	f := c.files[0]
	c.files = c.files[1:]
	return f
}

func (c *Conn) announced() int {
	if len(c.buf) < 5 || c.buf[0] == Bell {
		return 0
	}
	return int(binary.LittleEndian.Uint32(c.buf[1:]))
}

func (c *Conn) parse() (Frame, bool) {
	if len(c.buf) == 0 {
		return Frame{}, false
	}
	if c.buf[0] == Bell {
		for len(c.buf) > 0 && c.buf[0] == Bell {
			c.buf = c.buf[1:]
		}
		return Frame{Type: Bell}, true
	}
	if len(c.buf) < 5 || len(c.buf)-5 < c.announced() {
		return Frame{}, false
	}
	n := c.announced()
	fr := Frame{c.buf[0], c.buf[5 : 5+n]}
	c.buf = c.buf[5+n:]
	return fr, true
}

// fill reads once.
func (c *Conn) fill(block bool) (bool, error) {
	c.block = block
	if c.blocking {
		c.in.recv(uintptr(c.fd), block)
	} else if e := c.rc.Read(c.read); e != nil {
		if errors.Is(e, os.ErrClosed) {
			return false, io.EOF
		}
		return false, e
	}
	in := &c.in
	switch {
	case in.err == unix.EAGAIN:
		return false, nil
	case in.err == unix.EINTR:
		return true, nil
	case in.err == unix.ECONNRESET:
		return false, io.EOF
	case in.err != nil:
		return false, os.NewSyscallError("recvmsg", in.err)
	case in.n == 0:
		return false, io.EOF
	}
	if in.oobn > 0 {
		c.takeFiles(in.oob[:in.oobn])
	}
	if len(c.buf) == 0 && in.n == 1 && in.data[0] == Bell {
		c.buf = bell // by far the most frequent message
	} else {
		c.buf = append(c.buf[:len(c.buf):len(c.buf)], in.data[:in.n]...)
	}
	return true, nil
}

func (c *Conn) takeFiles(oob []byte) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range msgs {
		fds, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			c.files = append(c.files, os.NewFile(uintptr(fd), "conex-received"))
		}
	}
}
