package managers

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// A session is one connection. CPython's clients open one for each of their
// threads, so a session is a thread as far as locks with an owner go; and one
// for each call of a server function, which is over after the answer.
type session struct {
	srv    *Server
	conn   *pywire.Conn
	number uint64
	name   string

	base    context.Context // with the thread, once there is one
	leave   func()
	account account // who has the references that are made here; nil: unknown

	mu      sync.Mutex
	ctx     *requestCtx
	request uint64 // number of the present one, or the last
	idle    bool   // waits for a request
	ended   bool
	given   uint64          // number of a request to come that is given up already
	common  *sessionAccount // which other sessions may share: see extra.go
	hailed  bool

	in, out []byte
	held    any // what the last answer contained: see serveObjects
}

func newSession(s *Server, conn *pywire.Conn, number uint64) *session {
	ses := &session{srv: s, conn: conn, number: number, base: context.Background(), idle: true}
	ses.account = s.peers.account(conn)
	ses.ctx = &requestCtx{base: ses.base, s: ses}
	return ses
}

// serve answers one server function, or requests to objects until the client
// hangs up.
func (s *session) serve() {
	defer s.close()
	req, err := s.read()
	if err != nil {
		if !errors.Is(err, errGone) {
			s.answer(trouble(err))
		}
		return
	}
	if s.first(req) {
		s.serveObjects()
	}
}

func (s *session) close() {
	s.conn.Close()
	s.ctx.finish()
	s.ctx.end(errHungUp)
	if s.leave != nil {
		s.leave()
	}
}

// hangUp ends the session as soon as no request runs. The caller holds the
// server's lock.
func (s *session) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.idle {
		s.conn.Close()
	}
}

// A request is what clients send.
type request struct {
	ident  any // nil or a string
	method string
	args   pickle.Tuple
	kwds   *pickle.Dict
}

// errGone says that there is nobody to answer to.
var errGone = errors.New("managers: connection is gone")

// read waits for a request. An error that is not errGone can be answered.
func (s *session) read() (r request, err error) {
	s.in, err = s.conn.ReadFrameInto(s.base, s.in)
	if err != nil {
		return r, fmt.Errorf("%w: %w", errGone, err)
	}
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return r, errGone
	}
	s.idle = false
	s.request++
	if s.given == s.request {
		s.given = 0
		ctx := s.ctx
		defer ctx.end(errAsked)
	}
	s.mu.Unlock()

	alias := len(s.in) > aliased
	if alias { // the frame is the value's from now on
		defer func() { s.in = nil }()
	}
	v, err := s.srv.load(s.in, alias)
	if err != nil {
		return r, err
	}
	var parts []any
	switch v := v.(type) {
	case pickle.Tuple:
		parts = v
	case *pickle.List:
		parts = v.Items
	default:
		return r, pickle.TypeError.Newf("cannot unpack non-iterable %s object", pickle.TypeName(v))
	}
	if len(parts) != 4 {
		return r, pickle.ValueError.Newf("a request has 4 parts, not %d", len(parts))
	}
	r.ident = parts[0]
	var ok bool
	if r.method, ok = parts[1].(string); !ok {
		return r, pickle.TypeError.Newf("a method's name is a str, not %s", pickle.TypeName(parts[1]))
	}
	switch a := parts[2].(type) {
	case pickle.Tuple:
		r.args = a
	case *pickle.List:
		r.args = a.Items
	default:
		return r, pickle.TypeError.Newf("arguments are a tuple, not %s", pickle.TypeName(a))
	}
	switch k := parts[3].(type) {
	case *pickle.Dict:
		if k.Len() > 0 {
			r.kwds = k
		}
	default:
		return r, pickle.TypeError.Newf("keyword arguments are a dict, not %s", pickle.TypeName(k))
	}
	return r, nil
}

// aliased is from which length on what a frame contains is not copied out of it.
const aliased = 16 << 10

// serveObjects answers requests to objects.
func (s *session) serveObjects() {
	s.base, s.leave = threading.Adopt(s.srv.ctx, threading.WithName("manager|"+s.name))
	s.ctx = &requestCtx{base: s.base, s: s}
	for {
		s.mu.Lock()
		s.idle = true
		ended := s.ended
		s.mu.Unlock()
		if ended {
			return
		}
		req, err := s.read()
		// What the last answer contained has arrived: the client has referred to the
		// objects in it by now, if it wants to. Until then it was ours to keep.
		s.held = nil
		if errors.Is(err, errGone) {
			return
		}
		var a answer
		if err != nil {
			a = trouble(err)
		} else {
			a = s.run(req)
		}
		if err := s.answer(a); err != nil {
			if a.undo != nil {
				a.undo()
			}
			return
		}
	}
}

// run answers one request to an object.
func (s *session) run(req request) answer {
	if req.ident == nil {
		return s.extra(req)
	}
	ident, ok := req.ident.(string)
	if !ok {
		return trouble(pickle.KeyError.New(req.ident))
	}
	o := s.srv.objects.get(ident)
	if o == nil {
		return trouble(pickle.KeyError.New(ident))
	}
	c := call{ctx: s.ctx, srv: s.srv, name: req.method, args: req.args, kwds: req.kwds}
	if m := o.methods[req.method]; m != nil {
		v, err := s.call(&c, o, m)
		if err != nil {
			return answer{kind: "#ERROR", value: exception(err)}
		}
		if typeid, ok := o.proxies[req.method]; ok {
			return s.proxy(typeid, v)
		}
		return returned(v)
	}
	switch req.method {
	case "__str__":
		return returned(o.class.strOf(o.self))
	case "__repr__":
		return returned(o.class.reprOf(o.self))
	case "#GETVALUE":
		if o.class.value == nil {
			return answer{kind: "#UNSERIALIZABLE", value: fmt.Sprintf("('#RETURN', %s)", o.class.reprOf(o.self))}
		}
		v, err := o.class.value(o.self)
		if err != nil {
			return answer{kind: "#ERROR", value: exception(err)}
		}
		return returned(v)
	}
	return trouble(notExposed(o, req.method))
}

// call runs a method. A panic is the method's error.
func (s *session) call(c *call, o *object, m method) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.srv.log.Error("managers: panic", "typeid", o.typeid, "method", c.name, "panic", p, "stack", string(debug.Stack()))
			err = pickle.RuntimeError.Newf("panic in %s: %v", c.name, p)
		}
		s.renew()
	}()
	return m(c, o.self)
}

// renew says that a request has run, and gives the next one a context that has
// not been used.
func (s *session) renew() {
	if s.ctx.finish() {
		s.mu.Lock()
		s.ctx = &requestCtx{base: s.base, s: s}
		s.mu.Unlock()
	}
}

func notExposed(o *object, method string) error {
	return pickle.AttributeError.Newf("method '%s' of %s object is not in exposed=%s", method, o.class.name, pickle.Repr(tuple(o.exposed)))
}

func tuple(names []string) pickle.Tuple {
	t := make(pickle.Tuple, len(names))
	for i, n := range names {
		t[i] = n
	}
	return t
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
