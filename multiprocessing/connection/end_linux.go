package connection

import (
	"context"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/handle"
	"github.com/conexgo/conex/internal/wait"
)

// maxFiles is how many descriptors the kernel takes in one packet.
const maxFiles = 253

// An end is one end of a pipe, as one Connection of this process has it.
type end struct {
	sh      *shared
	side    int
	in, out *lane // nil if it cannot receive, or send
	sock    *socket

	shut   atomic.Bool   // closed by this process
	eof    atomic.Bool   // nobody has the other side
	closes atomic.Uint32 // how often the other side was closed when we last looked whether anybody is left

	receiver, sender sleeper

	mu       sync.Mutex
	wg       sync.WaitGroup // what watches this end
	watching bool           // protected by mu: somebody waits for the end of the socket
	hub      hub

	stash stash
}

// A sleeper is where goroutines of this process wait for the same thing: one
// polls and then sleeps in the kernel, the others stand in line behind it.
type sleeper struct {
	turn  futex.Turn
	spins wait.Backoff
	place wait.Place // used by who has the turn
}

// newPipe makes a pipe of one or two lanes.
func newPipe(lanes int) (a, b *end, err error) {
	if err := futex.Supported(); err != nil {
		return nil, nil, err
	}
	a, b, err = makePipe(lanes)
	if err != nil {
		// Memory and descriptors of pipes that were closed go with the
		// collector, which does not know that they are scarce.
		runtime.GC()
		a, b, err = makePipe(lanes)
	}
	return a, b, err
}

func makePipe(lanes int) (a, b *end, err error) {
	block, err := handle.New(pipeSize(lanes))
	if err != nil {
		return nil, nil, err
	}
	x, y, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	if a, err = openEnd(block, lanes, 0, x); err == nil {
		b, err = openEnd(block, lanes, 1, y)
	}
	if err != nil {
		x.f.Close()
		y.f.Close()
	}
	return a, b, err
}

// openEnd makes an end of what belongs to it. It owns the socket if it
// succeeds.
func openEnd(block *handle.Block, lanes, side int, sock *socket) (*end, error) {
	sh, err := pipes.Get(block, func() (*shared, error) { return openShared(block, lanes), nil })
	if err != nil {
		return nil, err
	}
	if sh.n != lanes {
		return nil, handle.ErrCorrupt
	}
	e := &end{sh: sh, side: side, sock: sock}
	if side < lanes {
		e.in = &sh.lanes[side]
	}
	if 1-side < lanes {
		e.out = &sh.lanes[1-side]
	}
	place := wait.Place{Mine: sh.core[side], Theirs: sh.core[1-side], Mover: side == 1}
	e.receiver.place, e.sender.place = place, place
	return e, nil
}

func (e *end) readable() bool { return e.in != nil }
func (e *end) writable() bool { return e.out != nil }
func (e *end) closed() bool   { return e.shut.Load() }

// String is what those who wait in it are said to wait for.
func (e *end) String() string { return (&Connection{t: e}).String() }

// gone reports whether nobody has the other side, as far as that is known. It
// is known at once when the other side was closed; when it died, the socket
// has to be looked at.
func (e *end) gone() bool {
	if e.eof.Load() {
		return true
	}
	n := e.sh.closes[1-e.side].Load()
	if n == e.closes.Load() {
		return false
	}
	e.closes.Store(n)
	return e.look()
}

// look looks at the socket.
func (e *end) look() bool {
	if !e.eof.Load() && e.sock.gone() {
		e.eof.Store(true)
	}
	return e.eof.Load()
}

// quick reports whether recv need not wait, as far as memory tells.
func (e *end) quick() bool {
	return e.in != nil && e.in.pending() || e.shut.Load() || e.gone()
}

// ready reports whether recv need not wait.
func (e *end) ready() bool { return e.quick() || e.look() }

// wake wakes all who sleep until an event.
func (ev event) wake() {
	ev.waiters.Store(0) // first: who sleeps now has seen the old number, or says so again
	ev.seq.Add(1)
	futex.Wake(ev.seq, math.MaxInt32)
}

// wakeAll makes all look again who wait at this end, here and elsewhere.
func (e *end) wakeAll() {
	if e.in != nil {
		e.in.filled.wake()
	}
	if e.out != nil {
		e.out.freed.wake()
	}
	e.hub.notify()
}

// close is the end of this end, for this process.
func (e *end) close() error {
	e.mu.Lock()
	if e.shut.Swap(true) {
		e.mu.Unlock()
		e.wg.Wait()
		return nil
	}
	e.mu.Unlock()
	err := e.sock.f.Close()
	e.sh.closes[e.side].Add(1) // the other side looks at its socket
	e.wakeAll()
	for i := range e.sh.n {
		e.sh.lanes[i].filled.wake()
		e.sh.lanes[i].freed.wake()
	}
	e.wg.Wait()
	e.stash.clear()
	runtime.KeepAlive(e)
	return err
}

// watch sees to it that the end of the socket wakes those who wait.
func (e *end) watch() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watching || e.shut.Load() {
		return
	}
	e.watching = true
	e.wg.Go(func() {
		// A socket that the poller does not take is looked at by those who
		// wait, from time to time.
		if e.sock.untilGone() == nil {
			e.eof.Store(true)
			e.wakeAll()
		}
		runtime.KeepAlive(e)
	})
}

// send puts a message into the ring.
func (e *end) send(ctx context.Context, m message) error {
	r := record{length: uint32(len(m.data)), kind: m.kind, hash: m.hash}
	if len(m.files) == 0 && len(m.data) <= e.out.mostInRing() {
		_, err := e.sendRecord(ctx, r, m.data, nil, nil)
		return err
	}
	if len(m.files) > 0 {
		r.flags |= flagFiles
	}
	if len(m.data) <= e.out.mostInRing() {
		packet, files, err := pack(&m, nil)
		if err == nil {
			_, err = e.sendRecord(ctx, r, m.data, packet, files)
		}
		return err
	}
	r.flags |= flagLarge
	seg, err := e.stash.get(len(m.data), e.out.head.Load())
	if err != nil {
		return err
	}
	at := uint64(0) // unless it is sent, the file is free
	if err = writeLarge(ctx, seg, m.data); err == nil {
		var packet []byte
		var files []rawConn
		if packet, files, err = pack(&m, seg.File()); err == nil {
			at, err = e.sendRecord(ctx, r, nil, packet, files)
		}
	}
	e.stash.put(seg, at)
	return err
}

// sendRecord puts a record into the ring when there is room, and returns where
// it ends.
func (e *end) sendRecord(ctx context.Context, r record, data, packet []byte, files []rawConn) (uint64, error) {
	for {
		if e.shut.Load() {
			return 0, ErrClosed
		}
		if e.gone() {
			return 0, ErrBrokenPipe
		}
		at, ok, full, err := e.put(ctx, r, data, packet, files)
		if err != nil {
			return 0, err
		}
		if ok {
			return at + r.room(), nil
		}
		if err := e.waitRoom(ctx, r, full); err != nil {
			return 0, err
		}
	}
}

// put puts a record into the ring if there is room. full says that there is,
// but not for its packet.
func (e *end) put(ctx context.Context, r record, data, packet []byte, files []rawConn) (at uint64, ok, full bool, err error) {
	l := e.out
	if _, err := l.send.Lock(ctx); err != nil {
		return 0, false, false, err
	}
	at, ok, err = l.fits(r)
	if ok && packet != nil {
		r.packet = l.packets.Add(1)
		number(packet, r.packet)
		switch err = e.sock.send(packet, files); err {
		case nil:
		case unix.EAGAIN:
			ok, full, err = false, true, nil
		case unix.EPIPE, unix.ECONNRESET:
			e.eof.Store(true)
			ok, err = false, ErrBrokenPipe
		default:
			ok = false
			if e.shut.Load() {
				err = ErrClosed
			} else if errno, is := err.(unix.Errno); is {
				err = os.NewSyscallError("sendmsg", errno)
			}
		}
	}
	if ok {
		l.put(at, r, data)
	}
	l.send.Unlock()
	if ok && l.filled.waiters.Load() != 0 {
		l.filled.wake()
	}
	return at, ok, full, err
}

// recv takes a message out of the ring.
func (e *end) recv(ctx context.Context, w want) (message, error) {
	for {
		if e.shut.Load() {
			return message{}, ErrClosed
		}
		if !e.in.pending() {
			if e.gone() {
				if !e.in.pending() { // what was sent before the end comes first
					return message{}, io.EOF
				}
				continue
			}
			if err := e.wait(ctx); err != nil {
				return message{}, err
			}
			continue
		}
		m, ok, err := e.take(ctx, w)
		if ok || err != nil {
			return m, err
		}
	}
}

// take takes the next message, if there still is one and it is wanted.
func (e *end) take(ctx context.Context, w want) (m message, ok bool, err error) {
	l := e.in
	if _, err := l.recv.Lock(ctx); err != nil {
		return m, false, err
	}
	r, at, ok, err := l.front()
	if ok {
		if err = w.check(r.kind, r.hash, int(r.length)); err == nil {
			m, err = e.contents(r, at, w.into)
		}
	}
	if !ok || err != nil {
		l.recv.Unlock()
		return message{}, false, err
	}
	wake := l.drop(at, r)
	if r.flags != 0 {
		e.sock.discard() // its packet; if we die before, it is thrown away later
	}
	l.recv.Unlock()
	if wake {
		l.freed.wake()
	}
	if raceEnabled {
		l.order.Load()
	}
	return m, true, nil
}

// contents copies what a record stands for. The caller holds recv.
func (e *end) contents(r record, at uint64, into []byte) (m message, err error) {
	m.kind = r.kind
	n := int(r.length)
	if r.flags == 0 {
		m.data = e.in.copyOut(at, n, into)
		return m, nil
	}
	large, refs, err := e.sock.unpack(r.packet, r.flags&flagLarge != 0)
	if err != nil {
		if e.shut.Load() {
			err = ErrClosed
		}
		return m, err
	}
	m.files = refs
	if large == nil {
		m.data = e.in.copyOut(at, n, into)
		return m, nil
	}
	m.data, err = readLarge(large, n, into)
	large.Close()
	if err != nil {
		m.release()
	}
	return m, err
}
