package pywire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"syscall"
	"time"
)

// A newcomer is a connection that has not shown the key yet.
type newcomer struct {
	nc         net.Conn
	since      time.Time
	prev, next *newcomer
	why        error // it was closed; protected by the Listener's mu
}

// A queue has the newcomers, the oldest first.
type queue struct {
	head, tail *newcomer
	n          int
}

func (q *queue) add(p *newcomer) {
	p.prev = q.tail
	if q.tail != nil {
		q.tail.next = p
	} else {
		q.head = p
	}
	q.tail = p
	q.n++
}

func (q *queue) remove(p *newcomer) {
	if p.prev == nil && p.next == nil && q.head != p {
		return // it is not there any more
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		q.head = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		q.tail = p.prev
	}
	p.prev, p.next = nil, nil
	q.n--
}

// all are its members; the queue must not change meanwhile.
func (q *queue) all(yield func(*newcomer) bool) {
	for p := q.head; p != nil; p = p.next {
		if !yield(p) {
			return
		}
	}
}

var _ iter.Seq[*newcomer] = (*queue)(nil).all

// evict closes the one that has had the longest time to show the key. The
// caller holds l.mu.
func (l *Listener) evict() bool {
	p := l.pending.head
	if p == nil {
		return false
	}
	l.refuse(p, ErrEvicted)
	return true
}

// refuse closes a newcomer. The caller holds l.mu.
func (l *Listener) refuse(p *newcomer, why error) {
	l.pending.remove(p)
	p.why = why
	p.nc.Close()
}

// hurry sees to it that newcomers that take too long are closed: there is one
// timer for all, since nearly none does. The caller holds l.mu.
func (l *Listener) hurry() {
	if l.hurried {
		return
	}
	l.hurried = true
	l.wg.Add(1)
	if l.timer == nil {
		l.timer = time.AfterFunc(l.cfg.HandshakeTimeout, l.overdue)
	} else {
		l.timer.Reset(l.cfg.HandshakeTimeout)
	}
}

// overdue closes those whose time is over.
func (l *Listener) overdue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := l.pending.head; p != nil && !l.over(); p = l.pending.head {
		if left := l.cfg.HandshakeTimeout - time.Since(p.since); left > 0 {
			l.timer.Reset(left)
			return
		}
		l.refuse(p, errSlow)
	}
	l.hurried = false
	l.wg.Done()
}

// over reports whether Close was called.
func (l *Listener) over() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// unhurry stops the timer. The caller holds l.mu, and l is over.
func (l *Listener) unhurry() {
	if l.hurried && l.timer.Stop() {
		l.hurried = false
		l.wg.Done()
	}
}

// serve accepts connections until the Listener is closed.
func (l *Listener) serve() {
	pause := time.Duration(0)
	for l.roomy() {
		nc, err := l.nl.Accept()
		if err == nil {
			pause = 0
			l.admit(nc)
			continue
		}
		select {
		case <-l.closed:
			return
		default:
		}
		l.mu.Lock()
		switch {
		case errors.Is(err, net.ErrClosed):
			l.failed = fmt.Errorf("pywire: %w", err)
			l.announce()
			l.mu.Unlock()
			return
		case exhausted(err) && l.evict():
			// There is a descriptor again in a moment.
			pause = max(pause, time.Millisecond)
		default:
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
		}
		l.mu.Unlock()
		select {
		case <-l.closed:
			return
		case <-time.After(pause):
		}
	}
}

// exhausted reports whether there was no descriptor left.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// roomy waits until there are fewer connections that nobody has accepted than
// may be; the next ones wait in the system's backlog. It reports false once the
// Listener is closed.
func (l *Listener) roomy() bool {
	for {
		l.mu.Lock()
		full := len(l.ready) >= l.cfg.MaxPending
		l.mu.Unlock()
		if !full {
			return true
		}
		select {
		case <-l.closed:
			return false
		case <-l.taken:
		}
	}
}

// grace is how old a newcomer must be to be closed for the sake of another: so
// long the others wait in a burst of honest ones.
const grace = 100 * time.Millisecond

// admit begins the handshake of a newcomer.
func (l *Listener) admit(nc net.Conn) {
	p := &newcomer{nc: nc, since: time.Now()}
	if !l.makeRoom() {
		nc.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		nc.Close()
		return
	}
	if l.cfg.NoAuth && l.cfg.TLS == nil {
		l.ready = append(l.ready, l.conn(nc))
		l.announce()
		return
	}
	l.pending.add(p)
	l.hurry()
	l.wg.Go(func() { l.welcome(p) })
}

// makeRoom waits until there is room for a newcomer, and makes it if need be. It
// reports false once the Listener is closed.
func (l *Listener) makeRoom() bool {
	for {
		l.mu.Lock()
		if l.pending.n < l.cfg.MaxPending {
			l.mu.Unlock()
			return true
		}
		left := grace - time.Since(l.pending.head.since)
		if left <= 0 {
			l.evict()
		}
		l.mu.Unlock()
		if left > 0 && !l.pause(left) {
			return false
		}
	}
}

// pause waits for a while, or until something was taken from one of the queues.
// It reports false once the Listener is closed.
func (l *Listener) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.closed:
		return false
	case <-l.taken:
	case <-t.C:
	}
	return true
}

// welcome runs the handshake of a newcomer.
func (l *Listener) welcome(p *newcomer) {
	c, err := l.handshake(p.nc)
	l.mu.Lock()
	why := p.why
	l.pending.remove(p)
	signal(l.taken)
	if err == nil && why == nil && l.failed == nil {
		l.ready = append(l.ready, c)
		l.announce()
		l.mu.Unlock()
		return
	}
	over := l.failed != nil
	l.mu.Unlock()
	from := remote(p.nc)
	p.nc.Close()
	if over || l.cfg.OnRefused == nil {
		return
	}
	if why != nil {
		err = why
	}
	l.cfg.OnRefused(from, err)
}

// handshake is what a newcomer has to do. It needs no context of its own, which
// costs more than the handshake: nc is closed when its time is over, and with
// the Listener.
func (l *Listener) handshake(nc net.Conn) (*Conn, error) {
	ctx := context.Background()
	if l.cfg.TLS != nil {
		t := tls.Server(nc, l.cfg.TLS)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("pywire: TLS: %w", err)
		}
		nc = t
	}
	c := l.conn(nc)
	if l.cfg.NoAuth {
		return c, nil
	}
	if l.cfg.Files > 0 {
		// What comes right behind the last frame of the handshake is read with
		// it.
		c.KeepFiles(1)
	}
	err := deliver(ctx, c, l.key, l.cfg.Policy)
	if err == nil {
		err = answer(ctx, c, l.key, l.cfg.Policy)
	}
	if err != nil {
		c.Close() // with the descriptors that may have come
		return nil, err
	}
	if l.cfg.Files > 0 {
		c.KeepFiles(l.cfg.Files)
	}
	return c, nil
}

func (l *Listener) conn(nc net.Conn) *Conn {
	c := NewConn(nc, l.cfg.Max)
	if l.cfg.Files > 0 {
		c.KeepFiles(l.cfg.Files)
	}
	return c
}

var errSlow = fmt.Errorf("pywire: the handshake took too long (or only one side uses TLS, or a key): %w", context.DeadlineExceeded)
