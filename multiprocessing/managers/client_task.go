package managers

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/internal/watch"
)

// A task is one request.
type task struct {
	head   []byte // all that comes before the method
	method string
	args   []any
	near   bool          // it does not wait: home will do
	more   time.Duration // how long the answer may take beyond the grace; negative: for ever
}

// perform sends a request on any link and waits for the answer.
//
// A request is sent again only if it was not sent completely: a frame that is
// cut off is none.
func (m *Manager) perform(ctx context.Context, t *task) (any, error) {
	if ctx.Err() != nil {
		return nil, watch.Reason(ctx)
	}
	for {
		take := m.take
		if t.near {
			take = m.takeNear
		}
		l, err := take(ctx)
		if err != nil {
			return nil, err
		}
		fresh := l.since.IsZero() && l != m.home
		if err := l.send(ctx, t); err != nil {
			if err := m.unsent(ctx, l, err); err != nil || fresh {
				return nil, or(err, ErrServerGone)
			}
			continue
		}
		return m.finish(ctx, l, t)
	}
}

func or(err, other error) error {
	if err == nil {
		return other
	}
	return err
}

// finish waits for the answer and returns the link.
func (m *Manager) finish(ctx context.Context, l *link, t *task) (any, error) {
	v, ok, err := l.result(ctx, t)
	switch {
	case ok:
		m.back(l)
	case l == m.home && errors.Is(err, ErrUnknownOutcome) && !errors.Is(err, ErrServerGone):
		m.drain(l)
	default:
		m.drop(l)
	}
	return v, err
}

// send sends the request.
func (l *link) send(ctx context.Context, t *task) (err error) {
	if l.out, err = l.m.request(l.out, t.head, t.method, t.args); err != nil {
		return &encodeError{err}
	}
	if err := l.wire.WriteFrame(ctx, l.out); err != nil {
		return err
	}
	l.request++
	return nil
}

// An encodeError is no fault of the link's.
type encodeError struct{ err error }

func (e *encodeError) Error() string { return e.err.Error() }

// unsent deals with a link that did not send a request, and says why it is not
// to be tried again; nil is a reason to do so.
func (m *Manager) unsent(ctx context.Context, l *link, err error) error {
	var e *encodeError
	if errors.As(err, &e) {
		m.back(l)
		return e.err
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		if errors.Is(err, pywire.ErrBroken) {
			m.drop(l)
		} else {
			m.back(l)
		}
		return watch.Reason(ctx)
	}
	m.drop(l)
	return m.usable()
}

// result waits for the answer to what was sent. It reports whether the link can
// be used for more.
func (l *link) result(ctx context.Context, t *task) (v any, ok bool, err error) {
	grace := t.more
	if grace >= 0 {
		grace += l.m.cfg.Grace
	}
	b, err := l.await(ctx, grace)
	// The server may look at what the arguments refer to until now.
	runtime.KeepAlive(t.args)
	if err != nil {
		return nil, false, err
	}
	v, err = l.m.answer(b, t.method)
	if err == nil && holdsProxies(b) {
		// The server keeps what is in its last answer until the next request
		// comes on this link: so this is done before.
		v, err = l.m.adopt(ctx, v)
	}
	if len(b) > aliased {
		l.in = nil
	}
	return v, !errors.Is(err, ErrProtocol), err
}

// drain waits in the background for an answer that came too late for its caller.
func (m *Manager) drain(l *link) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		m.drop(l)
		return
	}
	m.refs.wg.Add(1)
	m.mu.Unlock()
	go func() {
		defer m.refs.wg.Done()
		b, err := l.wire.ReadFrame(context.Background()) // until m is closed
		if err != nil {
			m.drop(l)
			return
		}
		m.answer(b, "")
		m.back(l)
	}()
}
