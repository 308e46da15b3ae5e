package pywire

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Lot is where connections are parked that nobody writes to: one goroutine
// waits for all of them, where else each would need its own. It begins with the
// first of them. A Lot is safe for concurrent use.
type Lot struct {
	patience time.Duration

	mu     sync.Mutex
	epoll  *os.File // protected by mu: nil until it is needed
	closed bool     // protected by mu
	slots  []slot   // protected by mu
	free   []int32  // protected by mu: those of slots that are
	wg     sync.WaitGroup
}

// A slot is where a connection is parked. Its generation tells an event for
// it from one for who was there before.
type slot struct {
	c   *Conn
	w   Waker
	gen uint32
}

// parked says where a Conn is.
type parked struct {
	lot    atomic.Pointer[Lot] // where it is, or was
	at     int32               // its slot; protected by the Lot's mu
	in     bool                // it is parked; protected by the Lot's mu
	listed bool                // epoll knows the socket; for the reader
}

// NewLot returns a Lot. Its Wait has so much patience.
func NewLot(patience time.Duration) *Lot { return &Lot{patience: patience} }

// Wait waits until c is Ready, and reports true then; or until nothing has
// come for a while, and reports false: then Park it. It is for the reader. What
// cannot be parked is said to be ready.
func (l *Lot) Wait(c *Conn) (ready bool) {
	if c.rc == nil || c.tls || c.Buffered() > 0 || c.rerr != nil {
		return true
	}
	for {
		// A deadline is set once, not for each frame: when it comes, and frames
		// have come before it, it is set again.
		if !c.due {
			c.dueAt = time.Now().Add(l.patience)
			if c.nc.SetReadDeadline(c.dueAt) != nil {
				return true // closed
			}
			c.due, c.came = true, false
		}
		c.room(1)
		n, err := c.read(c.buf[c.w:])
		if timedOut(err) {
			// The deadline may have come before it was looked at the socket.
			c.undue()
			n, err = c.tryRead(c.buf[c.w:])
		}
		switch {
		case n > 0:
			c.w += n
			c.came = true
			return true
		case err == nil:
			return true
		case !timedOut(err):
			c.rerr = err
			if c.closed.Load() {
				c.in.Load().release()
			}
			return true
		}
		if !c.came {
			return false
		}
	}
}

// Park leaves c, which gives its buffers away, to the Lot: w's Wake is called
// once, in a goroutine of somebody else who must not be kept, when there is
// something to read, or the end, or c was closed. Until then nobody must read.
// Park reports false if it cannot: then go on reading. It is for the reader;
// after true, who called it may find that Wake runs already.
func (l *Lot) Park(c *Conn, w Waker) bool {
	if c.Buffered() > 0 || c.rerr != nil || c.closed.Load() {
		return false
	}
	l.mu.Lock()
	if l.closed || l.open() != nil {
		l.mu.Unlock()
		return false
	}
	c.shed()
	at := l.take()
	s := &l.slots[at]
	s.c, s.w = c, w
	c.parked.lot.Store(l)
	c.parked.at, c.parked.in = at, true
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: at, Pad: int32(s.gen)}
	err := l.watch(c, &event)
	if err != nil || c.closed.Load() {
		// Close may not have seen it here.
		l.leave(at)
		l.mu.Unlock()
		return false
	}
	l.mu.Unlock()
	return true
}

// open makes what waits. The caller holds l.mu.
func (l *Lot) open() error {
	if l.epoll != nil {
		return nil
	}
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that the runtime's poller takes it
		unix.Close(fd)
		return err
	}
	l.epoll = os.NewFile(uintptr(fd), "epoll")
	rc, err := l.epoll.SyscallConn()
	if err == nil {
		err = l.epoll.SetReadDeadline(time.Time{}) // is it in the poller?
	}
	if err != nil {
		l.epoll.Close()
		l.epoll = nil
		l.closed = true
		return err
	}
	l.wg.Go(func() { l.serve(rc) })
	return nil
}

// watch tells epoll of c. The caller holds l.mu.
func (l *Lot) watch(c *Conn, event *unix.EpollEvent) error {
	rc, err := l.epoll.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = rc.Control(func(epoll uintptr) {
		failed = c.rc.Control(func(fd uintptr) {
			op := unix.EPOLL_CTL_ADD
			if c.parked.listed {
				op = unix.EPOLL_CTL_MOD
			}
			err = unix.EpollCtl(int(epoll), op, int(fd), event)
			c.parked.listed = c.parked.listed || err == nil
		})
		failed = errors.Join(failed, err)
	})
	return errors.Join(err, failed)
}

// take returns a free slot. The caller holds l.mu.
func (l *Lot) take() int32 {
	if n := len(l.free); n > 0 {
		at := l.free[n-1]
		l.free = l.free[:n-1]
		return at
	}
	l.slots = append(l.slots, slot{})
	return int32(len(l.slots) - 1)
}

// leave frees a slot, and returns who is to be woken. The caller holds l.mu.
func (l *Lot) leave(at int32) Waker {
	s := &l.slots[at]
	w := s.w
	s.c.parked.in = false
	*s = slot{gen: s.gen + 1}
	l.free = append(l.free, at)
	return w
}

// unpark wakes who has parked c, if it is.
func (c *Conn) unpark() {
	l := c.parked.lot.Load()
	if l == nil {
		return
	}
	var w Waker
	l.mu.Lock()
	if c.parked.in {
		w = l.leave(c.parked.at)
	}
	l.mu.Unlock()
	if w != nil {
		w.Wake()
	}
}

// serve wakes those for whom something has come.
func (l *Lot) serve(rc syscall.RawConn) {
	var events [64]unix.EpollEvent
	var wake []Waker
	for {
		n := 0
		err := rc.Read(func(fd uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(fd), events[:], 0)
			return n > 0 || err != nil && err != unix.EINTR
		})
		if err != nil {
			return // closed
		}
		l.mu.Lock()
		for _, e := range events[:max(n, 0)] {
			if s := &l.slots[e.Fd]; s.c != nil && s.gen == uint32(e.Pad) {
				wake = append(wake, l.leave(e.Fd))
			}
		}
		l.mu.Unlock()
		for i, w := range wake {
			w.Wake()
			wake[i] = nil
		}
		wake = wake[:0]
	}
}

// Len is how many are parked.
func (l *Lot) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.slots) - len(l.free)
}

// Close ends the Lot's goroutine, and waits for it. Who is parked is woken by the
// end of its connection only.
func (l *Lot) Close() {
	l.mu.Lock()
	l.closed = true
	if l.epoll != nil {
		l.epoll.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}
