package mpring

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/handle"
)

// A Mail carries what memory cannot: parcels of descriptors, each under the
// number that its record names. It is a pair of sockets that belongs to the
// ring; every process has both ends.
//
// A parcel is sent before its record is committed, and removed after the record
// was taken. So a process that dies in between leaves a parcel without a record,
// never a record without its parcel; parcels with numbers before the one looked
// for are thrown away.
type Mail struct{ in, out *os.File }

// NewMail makes the sockets.
func NewMail() (*Mail, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	return &Mail{os.NewFile(uintptr(fds[0]), "conex-mail"), os.NewFile(uintptr(fds[1]), "conex-mail")}, nil
}

// Append writes m to e, for ReadMail.
func (m *Mail) Append(e *codec.Encoder) error {
	if err := handle.AppendFile(e, m.in); err != nil {
		return err
	}
	return handle.AppendFile(e, m.out)
}

// ReadMail reads what Append wrote.
func ReadMail(d *codec.Decoder) (*Mail, error) {
	in, err := handle.ReadFile(d)
	if err != nil {
		return nil, err
	}
	out, err := handle.ReadFile(d)
	if err != nil {
		in.Close()
		return nil, err
	}
	return &Mail{in, out}, nil
}

// Close closes this process's ends.
func (m *Mail) Close() {
	m.in.Close()
	m.out.Close()
}

// numberSize is the size of a message, which is only the parcel's number.
const numberSize = 8

func control(f *os.File, fn func(fd int) error) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if e := rc.Control(func(fd uintptr) { err = fn(int(fd)) }); e != nil {
		return e
	}
	return err
}

// Send sends a parcel: some descriptors, which stay the caller's. It does not
// wait. The caller holds the ring's PutLock.
func (m *Mail) Send(number uint64, files []*os.File) error {
	fds := make([]int, len(files))
	var with func(i int) error // holds each descriptor open while it is used
	with = func(i int) error {
		if i < len(files) {
			return control(files[i], func(fd int) error {
				fds[i] = fd
				return with(i + 1)
			})
		}
		var b [numberSize]byte
		binary.LittleEndian.PutUint64(b[:], number)
		return control(m.in, func(fd int) error { return post(fd, b[:], unix.UnixRights(fds...)) })
	}
	return with(0)
}

func post(fd int, b, rights []byte) error {
	for {
		err := unix.Sendmsg(fd, b, rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		case unix.EAGAIN, unix.ETOOMANYREFS, unix.ENOBUFS:
			return fmt.Errorf("%w: %w", ErrMailFull, os.NewSyscallError("sendmsg", err))
		}
		return os.NewSyscallError("sendmsg", err)
	}
}

// Look returns the descriptors of the parcel with that number, which the caller
// owns, and leaves the parcel where it is. Parcels with numbers before it are
// thrown away. The caller holds the ring's GetLock. If this process has too many
// descriptors the error says so, and nothing is lost.
func (m *Mail) Look(number uint64, n int) (files []*os.File, err error) {
	err = control(m.out, func(fd int) error {
		for {
			found, got, err := look(fd)
			switch d := int64(found - number); {
			case err == nil && d < 0:
				closeAll(got)
				drop(fd)
				continue
			case err == nil && (d > 0 || len(got) != n):
				err = ErrNoMail
			}
			files = got
			return err
		}
	})
	if err != nil {
		closeAll(files)
		return nil, err
	}
	return files, nil
}

// Drop removes the parcel that Look has returned. The caller still holds
// GetLock.
func (m *Mail) Drop() {
	control(m.out, func(fd int) error { drop(fd); return nil })
}

// Clear throws all parcels away, when there are no records. The caller holds
// both locks.
func (m *Mail) Clear() {
	control(m.out, func(fd int) error {
		for drop(fd) {
		}
		return nil
	})
}

// drop receives a message without its descriptors, which the kernel closes.
func drop(fd int) bool {
	var b [numberSize]byte
	for {
		n, _, _, _, err := unix.Recvmsg(fd, b[:], nil, unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// look receives the first message and leaves it where it is.
func look(fd int) (number uint64, files []*os.File, err error) {
	var b [numberSize]byte
	oob := make([]byte, unix.CmsgSpace(4*(MaxFiles+3)))
	var n, oobn, flags int
	for {
		n, oobn, flags, _, err = unix.Recvmsg(fd, b[:], oob, unix.MSG_PEEK|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err == unix.EAGAIN || err == nil && n == 0 {
		return 0, nil, ErrNoMail
	}
	if err != nil {
		return 0, nil, os.NewSyscallError("recvmsg", err)
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
		return 0, files, fmt.Errorf("conex: a record comes with descriptors: %w", os.NewSyscallError("recvmsg", unix.EMFILE))
	}
	return binary.LittleEndian.Uint64(b[:]), files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
