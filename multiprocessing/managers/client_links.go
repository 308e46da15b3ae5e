package managers

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// stale is how long a link may have been idle without being looked at before it
// is used.
const stale = 100 * time.Millisecond

// dialTime is how long a connection may take to be made.
const dialTime = 30 * time.Second

// A linkWait is a call that waits for a link.
type linkWait struct {
	ch  chan struct{} // closed when one of the others is set
	l   *link
	err error
}

// take returns a link for a call: one that is idle, or a new one.
//
// A new one is made in the background: a call with little time must not be why
// the next one has to begin again.
func (m *Manager) take(ctx context.Context) (*link, error) {
	for {
		l, w, err := m.pop()
		if err != nil {
			return nil, err
		}
		if w != nil {
			return m.waitFor(ctx, w)
		}
		if l.since.IsZero() || time.Since(l.since) < stale || l.wire.Alive() {
			return l, nil
		}
		m.drop(l)
	}
}

// takeNear returns home if that is free, else any other link. It is for
// requests that do not wait.
func (m *Manager) takeNear(ctx context.Context) (*link, error) {
	select {
	case <-m.homes:
		if err := m.usable(); err != nil {
			m.homes <- struct{}{}
			return nil, err
		}
		return m.home, nil
	default:
		return m.take(ctx)
	}
}

// pop returns an idle link, or makes the caller wait for one.
func (m *Manager) pop() (*link, *linkWait, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return nil, nil, ErrClosed
	case m.lost != nil:
		return nil, nil, m.lost
	}
	if n := len(m.idle); n > 0 {
		l := m.idle[n-1]
		m.idle[n-1] = nil
		m.idle = m.idle[:n-1]
		return l, nil, nil
	}
	w := &linkWait{ch: make(chan struct{})}
	m.waits = append(m.waits, w)
	if m.dials < len(m.waits) {
		m.dials++
		m.refs.wg.Add(1)
		go m.more()
	}
	return nil, w, nil
}

func (m *Manager) waitFor(ctx context.Context, w *linkWait) (*link, error) {
	select {
	case <-w.ch:
		return w.l, w.err
	case <-ctx.Done():
	}
	m.mu.Lock()
	if i := slices.Index(m.waits, w); i >= 0 {
		m.waits = slices.Delete(m.waits, i, i+1)
		m.mu.Unlock()
		return nil, watch.Reason(ctx)
	}
	m.mu.Unlock()
	<-w.ch
	if w.l != nil {
		return w.l, nil // the call itself will find that ctx has ended
	}
	return nil, w.err
}

// more makes a link for who waits for one first, or for later.
func (m *Manager) more() {
	defer m.refs.wg.Done()
	ctx, cancel := context.WithTimeout(m.refs.ctx, dialTime)
	l, err := m.dial(ctx)
	cancel()
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) || err != nil && m.deserted() {
		err = gone(err, false) // it was there before
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dials--
	if err == nil && m.closed {
		l.wire.Close()
		l, err = nil, ErrClosed
	}
	if err != nil {
		if m.closed {
			err = ErrClosed
		}
		m.give(nil, err)
		return
	}
	m.links[l] = struct{}{}
	// since stays zero until the link was used: one that fails then is not
	// replaced by another one.
	if !m.give(l, nil) && !m.keep(l) {
		l.wire.Close()
		delete(m.links, l)
	}
}

// deserted reports whether home is known to have ended.
func (m *Manager) deserted() bool {
	if m.home == nil {
		return false
	}
	select {
	case <-m.homes:
		alive := m.home.wire.Alive()
		m.homes <- struct{}{}
		return !alive
	default:
		return false // who uses it will see
	}
}

// give gives a link, or an error, to who waits first. The caller holds m.mu.
func (m *Manager) give(l *link, err error) bool {
	if len(m.waits) == 0 {
		return false
	}
	w := m.waits[0]
	m.waits = slices.Delete(m.waits, 0, 1)
	w.l, w.err = l, err
	close(w.ch)
	return true
}

// keep makes a link idle. The caller holds m.mu.
func (m *Manager) keep(l *link) bool {
	if m.closed || m.lost != nil || len(m.idle) >= m.cfg.MaxIdle {
		return false
	}
	m.idle = append(m.idle, l)
	return true
}

// back returns a link that may be used again.
func (m *Manager) back(l *link) {
	if cap(l.in) > keep {
		l.in = nil
	}
	if cap(l.out) > keep {
		l.out = nil
	}
	if l == m.home {
		m.homes <- struct{}{}
		return
	}
	l.since = time.Now()
	m.mu.Lock()
	kept := !m.closed && m.give(l, nil) || m.keep(l)
	m.mu.Unlock()
	if !kept {
		m.drop(l)
	}
}

// drop closes a link that nobody uses. With home all references are lost.
func (m *Manager) drop(l *link) {
	l.wire.Close()
	m.mu.Lock()
	delete(m.links, l)
	m.mu.Unlock()
	if l == m.home {
		m.lose(gone(errHomeLost, false))
		m.homes <- struct{}{}
	}
}

var errHomeLost = errors.New("the first connection ended, and with it all references")

// lose says that nothing can be done with m any more.
func (m *Manager) lose(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost == nil {
		m.lost = err
	}
	for m.give(nil, err) {
	}
	for _, l := range m.idle {
		l.wire.Close()
		delete(m.links, l)
	}
	m.idle = nil
}
