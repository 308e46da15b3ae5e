package python

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/cpython"
	"github.com/conexgo/conex/internal/shm"
)

// An arrayPeer is a Python that has what a worker has of arrays, and no more.
type arrayPeer struct {
	t     testing.TB
	fd    int
	cmd   *exec.Cmd
	table memoryTable
	buf   [1 << 17]byte
}

func newArrayPeer(t testing.TB, python string) *arrayPeer {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<20)
	theirs := os.NewFile(uintptr(fds[1]), "peer")
	p := &arrayPeer{t: t, fd: fds[0], cmd: exec.Command(python, "testdata/array_peer.py", "worker.py", "3")}
	p.cmd.ExtraFiles = []*os.File{theirs}
	p.cmd.Stderr = os.Stderr
	err = p.cmd.Start()
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// close ends the peer, and waits for it.
func (p *arrayPeer) close() {
	if p.fd >= 0 {
		unix.Close(p.fd)
		p.cmd.Wait()
		p.fd = -1
	}
}

func (p *arrayPeer) send(b []byte, files ...*os.File) {
	p.t.Helper()
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(int(files[0].Fd()))
	}
	if err := unix.Sendmsg(p.fd, b, rights, nil, 0); err != nil {
		p.t.Fatal(err)
	}
}

// start sends an expression and its x, with the memory of that.
func (p *arrayPeer) start(expr string, x any) error {
	p.t.Helper()
	var e codec.Encoder
	if err := marshal(&e, x); err != nil {
		return err
	}
	p.forget()
	for _, s := range p.table.add(e.Handles) {
		b := binary.LittleEndian.AppendUint64([]byte("S"), s.ID)
		p.send(binary.LittleEndian.AppendUint64(b, uint64(s.Size)), s.File())
	}
	b := binary.LittleEndian.AppendUint32([]byte("X"), uint32(len(expr)))
	p.send(append(append(b, expr...), e.Buf...))
	for _, h := range e.Handles {
		h.(*shm.Shared).Release()
	}
	return nil
}

// forget tells of memory that is gone.
func (p *arrayPeer) forget() {
	for _, id := range p.table.gone() {
		p.send(binary.LittleEndian.AppendUint64([]byte("F"), id))
	}
}

var errPeer = errors.New("the peer failed")

// finish receives the result.
func (p *arrayPeer) finish(y any) error {
	buf, oob := p.buf[:], make([]byte, 4096)
	n, on, _, _, err := unix.Recvmsg(p.fd, buf, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return err
	}
	if n == 0 {
		return errPeer
	}
	var files []*os.File
	if on > 0 {
		msgs, err := unix.ParseSocketControlMessage(oob[:on])
		if err != nil {
			return err
		}
		for _, m := range msgs {
			fds, err := unix.ParseUnixRights(&m)
			if err != nil {
				return err
			}
			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "result"))
			}
		}
	}
	if buf[0] != 'R' {
		return errors.New(string(buf[:n]))
	}
	find, release, err := openResult(files)
	if err != nil {
		return err
	}
	defer release()
	return unmarshal(&codec.Decoder{Buf: slices.Clone(buf[1:n]), Handles: find}, y)
}

// run is both.
func (p *arrayPeer) run(expr string, x, y any) {
	p.t.Helper()
	err := p.start(expr, x)
	if err == nil {
		err = p.finish(y)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", expr, err)
	}
}

// fails returns the error.
func (p *arrayPeer) fails(expr string, x, y any) error {
	p.t.Helper()
	err := p.start(expr, x)
	if err == nil {
		err = p.finish(y)
	}
	if err == nil {
		p.t.Fatalf("%s succeeded", expr)
	}
	return err
}

// arrayPythons returns interpreters, and which of them has numpy.
func arrayPythons(t testing.TB) (all []string, numpy map[string]bool) {
	t.Helper()
	numpy = make(map[string]bool)
	all = cpython.NeedAny(t, 8)
	const system = "/usr/bin/python3"
	if exec.Command(system, "-c", "import sys; assert sys.version_info >= (3, 8)").Run() == nil {
		all = append(all, system)
	}
	for _, python := range all {
		numpy[python] = exec.Command(python, "-c", "import numpy").Run() == nil
	}
	return all, numpy
}

// withPythons runs a test for each interpreter.
func withPythons(t *testing.T, numpy bool, f func(t *testing.T, p *arrayPeer)) {
	all, has := arrayPythons(t)
	n := 0
	for i, python := range all {
		if !numpy || has[python] {
			n++
			t.Run(strconv.Itoa(i)+"-"+cpython.Name(python), func(t *testing.T) { f(t, newArrayPeer(t, python)) })
		}
	}
	if n == 0 {
		t.Skip("no Python here has numpy")
	}
}
