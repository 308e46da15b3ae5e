package connection

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/shm"
)

// A packet goes over the socket before its record is put into the ring, and has
// the descriptors for it: the file of a large message first, then what the
// value refers to, each once. The bytes:
//
//	u32 number, which the record has, too
//	u32 n, then n × (u64 identity, u64 size) of what the value refers to
//	u32 m, then m × u32: which of the n each reference means
//
// A packet whose sender was killed before it could put in the record has a
// number that no record has, and is thrown away by who comes next.
const (
	largestPacket = 48 << 10
	mostStale     = 10_000 // packets thrown away for one record: more are no accident
)

// pack makes the packet of a message, but for its number.
func pack(m *message, large *os.File) (packet []byte, files []syscall.RawConn, err error) {
	add := func(f *os.File) error {
		if f == nil {
			return errGoneFile
		}
		rc, err := f.SyscallConn()
		files = append(files, rc)
		return err
	}
	if large != nil {
		if err := add(large); err != nil {
			return nil, nil, err
		}
	}
	index := make(map[uint64]uint32)
	var refs []byte
	packet = make([]byte, 8, 64)
	for _, s := range m.files {
		i, ok := index[s.ID]
		if !ok {
			i = uint32(len(index))
			index[s.ID] = i
			if err := add(s.File()); err != nil {
				return nil, nil, err
			}
			packet = binary.NativeEndian.AppendUint64(packet, s.ID)
			packet = binary.NativeEndian.AppendUint64(packet, uint64(s.Size))
		}
		refs = binary.NativeEndian.AppendUint32(refs, i)
	}
	binary.NativeEndian.PutUint32(packet[4:], uint32(len(index)))
	packet = binary.NativeEndian.AppendUint32(packet, uint32(len(m.files)))
	packet = append(packet, refs...)
	if len(files) > maxFiles || len(packet) > largestPacket {
		return nil, nil, ErrTooManyHandles
	}
	return packet, files, nil
}

var errGoneFile = fmt.Errorf("connection: memory that the value refers to: %w", os.ErrClosed)

// unpack finds the packet with a number, and returns the file of the large
// message, if there is one, and what the value refers to. The packet stays the
// next one. Nothing is returned with an error.
func (s *socket) unpack(number uint32, hasLarge bool) (large *os.File, refs []*shm.Shared, err error) {
	buf := make([]byte, largestPacket)
	var n int
	var files []*os.File
	for i := 0; ; i++ {
		if n, files, err = s.peek(buf); err == unix.EAGAIN || i == mostStale {
			closeAll(files)
			return nil, nil, fmt.Errorf("%w: the descriptors of a message are missing", ErrCorrupt)
		} else if err != nil {
			return nil, nil, err
		}
		if n == 0 && len(files) == 0 { // the end of the file
			return nil, nil, fmt.Errorf("%w: the descriptors of a message are missing", ErrCorrupt)
		}
		if n >= 8 && binary.NativeEndian.Uint32(buf) == number {
			break
		}
		closeAll(files)
		s.discard()
	}
	defer closeAll(files)
	rest := files
	if hasLarge {
		if len(files) == 0 {
			return nil, nil, fmt.Errorf("%w: the file of a large message is missing", ErrCorrupt)
		}
		defer func() {
			if err != nil {
				large.Close()
			}
		}()
		large, files[0] = files[0], nil
		rest = files[1:]
	}
	refs, err = openRefs(buf[4:n], rest)
	return large, refs, err
}

// sweep throws away a packet whose sender was killed before it could put in the
// record, when nothing else comes that would. The descriptors in it may be what
// somebody waits for the end of: even this very end.
func (e *end) sweep() {
	l := e.in
	if l == nil || l.pending() || !e.sock.holds() {
		return
	}
	if ok, _ := l.recv.TryLock(); !ok {
		return
	}
	// A sender holds its lock from before the packet until after the record, so
	// the order matters: a packet, then nobody who sends, then no record.
	if e.sock.holds() {
		if owner := l.send.Owner(); (owner == 0 || !owner.Alive()) && !l.pending() {
			e.sock.discard()
		}
	}
	l.recv.Unlock()
}

// openRefs reads the rest of a packet. The files that it takes it sets to nil.
func openRefs(b []byte, files []*os.File) (refs []*shm.Shared, err error) {
	bad := fmt.Errorf("%w: a packet of descriptors", ErrCorrupt)
	if len(b) < 4 {
		return nil, bad
	}
	n := int(binary.NativeEndian.Uint32(b))
	if b = b[4:]; n != len(files) || len(b) < 16*n+4 {
		return nil, bad
	}
	all := make([]*shm.Shared, 0, n)
	defer func() { // the references that the message has are its own
		for _, s := range all {
			s.Release()
		}
	}()
	for i, f := range files {
		id, size := binary.NativeEndian.Uint64(b[16*i:]), binary.NativeEndian.Uint64(b[16*i+8:])
		files[i] = nil
		s, err := openRef(id, size, f)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	b = b[16*n:]
	m := int(binary.NativeEndian.Uint32(b))
	if b = b[4:]; len(b) != 4*m {
		return nil, bad
	}
	for i := range m {
		j := binary.NativeEndian.Uint32(b[4*i:])
		if j >= uint32(n) {
			for _, s := range refs {
				s.Release()
			}
			return nil, bad
		}
		all[j].Retain()
		refs = append(refs, all[j])
	}
	return refs, nil
}

// openRef opens one thing that a value refers to. It owns f.
func openRef(id, size uint64, f *os.File) (*shm.Shared, error) {
	if size == 0 {
		return shm.NewFile(f), nil
	}
	// Memory beyond the end of its file is a fault when it is touched.
	if st, err := f.Stat(); err != nil || size > uint64(max(st.Size(), 0)) {
		f.Close()
		return nil, fmt.Errorf("%w: shared memory is smaller than announced", ErrCorrupt)
	}
	return shm.OpenShared(id, f, int(size))
}

// readLarge reads a message from its file into memory of its own, or into buf
// if it fits.
func readLarge(f *os.File, n int, buf []byte) ([]byte, error) {
	if st, err := f.Stat(); err != nil || st.Size() < int64(n) {
		return nil, fmt.Errorf("%w: the file of a large message is too short", ErrCorrupt)
	}
	if n > len(buf) {
		buf = make([]byte, n)
	}
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(n)), buf[:n])
	if err != nil {
		return nil, fmt.Errorf("connection: a message of %d bytes: %w", n, err)
	}
	return buf[:n], nil
}
