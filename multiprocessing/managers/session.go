package managers

import (
	"context"
	"errors"
	"net"
	"runtime/debug"
	"sync"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/threading"
)

// A session is one connection. CPython's clients open one for each of their
// threads, so a session is a thread as far as locks with an owner go; and one
// for each call of a server function, which is over after the answer.
//
// One goroutine serves it, and starts no other unless a request has to wait.
// When nothing comes for a while there is none: see parking.go.
type session struct {
	srv    *Server
	conn   *pywire.Conn
	number uint64
	name   string
	tcp    bool // where one learns late that nobody is there
	begun  bool // the first request is answered
	hailed bool // it was asked for its account

	base    context.Context // with the thread, once there is one
	leave   func()          // ends the thread
	account account         // who has the references that are made here; see accountOf

	mu      sync.Mutex
	ctx     *requestCtx               // protected by mu: of the present request, or the next; or nil
	request uint64                    // protected by mu: number of the present one, or the last
	idle    bool                      // protected by mu: waits for a request
	ended   bool                      // protected by mu: there is to be no other request
	given   uint64                    // protected by mu: number of a request to come that is given up already
	rlocks  map[*rlockObject]struct{} // protected by mu: those which this session has acquired
	common  *sessionAccount           // protected by mu: which other sessions may share, see extra.go

	*desk

	held any // what the last answer contained: see serveObjects
}

func newSession(s *Server, conn *pywire.Conn, number uint64) *session {
	ses := &session{srv: s, conn: conn, number: number, base: s.ctx, idle: true, desk: desks.Get().(*desk)}
	_, ses.tcp = conn.NetConn().RemoteAddr().(*net.TCPAddr)
	return ses
}

// serve answers one server function, or requests to objects until the client
// hangs up, or until the session is parked.
func (s *session) serve() {
	parked := false
	defer func() {
		if !parked {
			s.close()
			s.srv.forget(s)
			s.srv.wg.Done()
		}
	}()
	parked = s.work()
}

// work reports whether the session is parked: then it is somebody else's.
func (s *session) work() (parked bool) {
	defer func() {
		// What runs methods recovers by itself. This is for the rest, which other
		// clients must not suffer from.
		if p := recover(); p != nil {
			s.srv.log.Error("managers: panic", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	if s.begun {
		return s.serveObjects()
	}
	req, err := s.read()
	if err != nil {
		if !errors.Is(err, errGone) {
			s.answer(trouble(err))
		}
		return false
	}
	if !s.first(req) {
		return false
	}
	s.begun = true
	s.base, s.leave = threading.Adopt(s.srv.ctx, threading.WithName("manager|"+s.name))
	s.renew(nil)
	return s.serveObjects()
}

// close ends the session. What it has locked and nobody else could unlock is
// unlocked.
func (s *session) close() {
	s.conn.Close()
	if s.ctx != nil {
		s.ctx.finish()
		s.ctx.end(errHungUp)
	}
	s.clear()
	s.abandon()
	if s.common != nil {
		s.common.end()
	}
	if s.leave != nil {
		s.leave()
	}
}

// hangUp ends the session as soon as no request runs.
func (s *session) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.idle {
		s.conn.Close()
	}
}

// waitForRequest says that no request runs. It reports false if there must not
// be another one.
func (s *session) waitForRequest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = true
	return !s.ended
}

// serveObjects answers requests to objects. It reports whether the session is
// parked.
func (s *session) serveObjects() (parked bool) {
	for s.waitForRequest() {
		if !s.srv.lot.Wait(s.conn) && s.park() {
			return true
		}
		req, err := s.read()
		// What the last answer contained has arrived: the client has referred to the
		// objects in it by now, if it wants to. Until then it was ours to keep.
		s.held = nil
		if errors.Is(err, errGone) {
			return false
		}
		var a answer
		if err != nil {
			a = trouble(err)
		} else {
			a = s.run(req)
		}
		if a.kind == "" {
			return false
		}
		if err := s.answer(a); err != nil {
			a.giveBack()
			return false
		}
	}
	return false
}

// renew sets the context of the request; nil has one made for the next.
func (s *session) renew(ctx *requestCtx) {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
}

// settle ends the context of the request that has run, and has another one made
// for the next if it was used. It returns why it had ended before.
func (s *session) settle() (cause error) {
	used, cause := s.ctx.finish()
	if used {
		s.renew(nil)
	}
	return cause
}

// onwards gives the present request a context that its client cannot end any
// more but by hanging up.
func (s *session) onwards() *requestCtx {
	s.ctx.finish()
	ctx := &requestCtx{base: s.base, s: s, final: true}
	s.renew(ctx)
	return ctx
}

// giveUp ends the request with that number, if it runs or is still to come:
// what asks for it travels by another connection, and may arrive first.
func (s *session) giveUp(request uint64) {
	s.mu.Lock()
	ctx := s.ctx
	if request > s.request {
		s.given = request
	}
	if s.request != request || s.idle {
		ctx = nil
	}
	s.mu.Unlock()
	if ctx != nil {
		ctx.end(errAsked)
	}
}

// holds notes that the session has acquired r, and lost that it has not any
// more. At its end it gives back what it still has.
func (s *session) holds(r *rlockObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rlocks == nil {
		s.rlocks = map[*rlockObject]struct{}{}
	}
	s.rlocks[r] = struct{}{}
}

func (s *session) lost(r *rlockObject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rlocks, r)
}

func (s *session) abandon() {
	s.mu.Lock()
	rlocks := s.rlocks
	s.rlocks = nil
	s.mu.Unlock()
	for r := range rlocks {
		r.abandon(threading.Current(s.base))
	}
}
