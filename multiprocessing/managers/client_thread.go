package managers

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/threading"
)

// A threadLink is the link of one thread, for what has an owner: to the server
// a connection is a thread. It ends with the thread.
type threadLink struct {
	m    *Manager
	turn chan struct{} // holds a token while no call is under way
	stop func()        // it need not end with the thread any more

	// For who has the token.
	l *link

	mu    sync.Mutex
	ended bool
	wire  interface{ Close() error } // of l
}

// performAs is perform on the link of ctx's thread. A link that was lost is not
// replaced without saying so: what its thread held is lost.
func (m *Manager) performAs(ctx context.Context, t *task) (any, error) {
	thread := threading.Current(ctx)
	if thread == nil {
		return nil, threading.ErrNoThread
	}
	if ctx.Err() != nil {
		return nil, watch.Reason(ctx)
	}
	tl, err := m.threadLink(thread)
	if err != nil {
		return nil, err
	}
	select {
	case <-tl.turn:
	case <-ctx.Done():
		return nil, watch.Reason(ctx)
	}
	defer func() { tl.turn <- struct{}{} }()
	if tl.l == nil {
		if err := tl.open(ctx); err != nil {
			return nil, err
		}
	}
	l := tl.l
	if err := l.send(ctx, t); err != nil {
		var e *encodeError
		if errors.As(err, &e) {
			return nil, e.err
		}
		if !l.wire.Closed() && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil, watch.Reason(ctx)
		}
		tl.lose()
		return nil, l.failed(ctx, err, false)
	}
	v, ok, err := l.result(ctx, t)
	if !ok {
		tl.lose()
	}
	runtime.KeepAlive(t)
	return v, err
}

// threadLink returns that of a thread.
func (m *Manager) threadLink(t *threading.Thread) (*threadLink, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return nil, ErrClosed
	case m.lost != nil:
		return nil, m.lost
	}
	if tl := m.threads[t]; tl != nil {
		return tl, nil
	}
	tl := &threadLink{m: m, turn: make(chan struct{}, 1)}
	tl.turn <- struct{}{}
	stop, ok := current.AtEnd(t, func() {
		m.mu.Lock()
		if m.threads[t] == tl {
			delete(m.threads, t)
		}
		m.mu.Unlock()
		tl.end()
	})
	if !ok {
		return nil, threading.ErrNoThread
	}
	tl.stop = stop
	m.threads[t] = tl
	return tl, nil
}

// open connects. The caller has the turn.
func (tl *threadLink) open(ctx context.Context) error {
	l, err := tl.m.take(ctx)
	if err != nil {
		return err
	}
	tl.mu.Lock()
	defer tl.mu.Unlock()
	if tl.ended {
		tl.m.drop(l)
		return ErrClosed
	}
	tl.l, tl.wire = l, l.wire
	return nil
}

// lose forgets a link that broke.
func (tl *threadLink) lose() {
	tl.m.drop(tl.l)
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.l, tl.wire = nil, nil
}

// end closes the link, for the thread has ended or the Manager is closed. It does
// not wait for a call that is under way.
func (tl *threadLink) end() {
	tl.mu.Lock()
	defer tl.mu.Unlock()
	tl.ended = true
	if tl.wire != nil {
		tl.wire.Close()
	}
}
