package managers

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A requestCtx is the context of the requests of a session. Most requests never
// wait, and must not pay for those that do: only the first call of Done, which
// is by who is about to wait, begins to watch the connection. From then on the
// context ends when the client hangs up, when it asks for the end of the
// request, and with the server.
type requestCtx struct {
	base context.Context // of the session: its thread
	s    *session

	// final says that the client cannot give the request up any more.
	final bool

	mu      sync.Mutex
	done    chan struct{}
	err     error
	cause   error
	unwatch func()
	after   []*afterFunc
}

// errHungUp is the cause of a request whose client is gone.
var errHungUp = errors.New("managers: the client is gone")

// errAsked is the cause of a request that its client has given up.
var errAsked = errors.New("managers: the client gave up")

func (r *requestCtx) Deadline() (time.Time, bool) { return time.Time{}, false }

func (r *requestCtx) Value(key any) any {
	if key == (sessionKey{}) {
		return r.s
	}
	return r.base.Value(key)
}

// sessionKey is the key of the session in the contexts of its requests.
type sessionKey struct{}

func (r *requestCtx) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Done begins to watch the connection.
func (r *requestCtx) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watch()
}

func (r *requestCtx) watch() <-chan struct{} {
	if r.done != nil {
		return r.done
	}
	r.done = make(chan struct{})
	if r.err != nil {
		close(r.done)
		return r.done
	}
	stopHangup := r.s.conn.Hangup(func() { r.end(errHungUp) })
	stopServer := context.AfterFunc(r.s.srv.ctx, func() { r.end(errStopped) })
	r.unwatch = func() {
		stopServer()
		stopHangup()
	}
	return r.done
}

type afterFunc struct{ f func() }

// AfterFunc is what package context asks a context for, to spare it a goroutine.
func (r *requestCtx) AfterFunc(f func()) (stop func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watch()
	if r.err != nil {
		go f()
		return func() bool { return false }
	}
	a := &afterFunc{f}
	r.after = append(r.after, a)
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, b := range r.after {
			if a == b {
				r.after = append(r.after[:i], r.after[i+1:]...)
				return true
			}
		}
		return false
	}
}

// end ends the request.
func (r *requestCtx) end(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || r.final && cause == errAsked {
		return
	}
	r.err, r.cause = context.Canceled, cause
	if r.done != nil {
		close(r.done)
	}
	for _, a := range r.after {
		go a.f()
	}
	r.after = nil
}

// finish says that the method has returned. It reports whether the context was
// used, so that another one is needed for the next request, and if it has ended
// before, why.
func (r *requestCtx) finish() (used bool, cause error) {
	r.mu.Lock()
	used, cause = r.final || r.done != nil || r.err != nil, r.cause
	unwatch := r.unwatch
	r.unwatch = nil
	r.mu.Unlock()
	if unwatch != nil {
		unwatch()
		cause = r.why() // the last chance to notice
	}
	return used, cause
}

// why returns why the context has ended, nil if it has not.
func (r *requestCtx) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cause
}
