package managers

import (
	"sync"
	"time"
)

// A client's thread has a connection for as long as it lives, and most of them
// are silent most of the time. So a session for which nothing comes gives away
// what it needs to work, its goroutine first of all: what is left is the
// connection, the session, and a place in the server's [pywire.Lot], whose
// goroutine starts another one when there is a request. That costs a few
// microseconds, which only the first request after a rest pays.

// repose is how long nothing must come.
const repose = 5 * time.Millisecond

// A desk is what a session uses again for each request. It has none while it is
// parked.
type desk struct {
	in, out []byte
	value   any
	present call
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// clear gives the desk back.
func (s *session) clear() {
	d := s.desk
	if d == nil {
		return
	}
	s.desk = nil
	d.value, d.present = nil, call{}
	if cap(d.in) > mostSpare {
		d.in = nil
	}
	if cap(d.out) > mostSpare {
		d.out = nil
	}
	desks.Put(d)
}

// mostSpare is how much of a desk's memory others may have.
const mostSpare = 4 << 10

// park leaves the session to the lot, and reports whether it could: then the
// caller must not touch it any more, for Wake may run. No request runs.
func (s *session) park() bool {
	s.clear()
	// The context of a request that did not wait is as good as new, but large.
	s.renew(nil)
	if s.srv.lot.Park(s.conn, s) {
		return true
	}
	s.desk = desks.Get().(*desk)
	return false
}

// Wake has a goroutine serve the session: a request has come, or the end.
func (s *session) Wake() {
	s.desk = desks.Get().(*desk)
	go s.serve()
}
