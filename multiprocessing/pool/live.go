package pool

import (
	"context"
	"unsafe"
)

// A node is a call that is under way, in the ring of those that Terminate must
// end. It lies within the call.
type node struct {
	next, prev *node // nil: in no ring
	call       terminable
	scope      *scope
}

// terminable is what Terminate ends.
type terminable interface {
	// terminate fails what has not ended. It returns what is to be done when
	// all calls of the pool have failed, or nil.
	terminate(err error) context.CancelCauseFunc
}

// A scope is the context that calls run under: what they were made under, ended
// by Terminate too. Calls under the same context share it.
type scope struct {
	user   context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	calls  int // protected by the pool's mu
}

// same compares contexts by their words: == panics for some types.
func same(a, b context.Context) bool {
	return *(*[2]uintptr)(unsafe.Pointer(&a)) == *(*[2]uintptr)(unsafe.Pointer(&b))
}

// enter puts n into the ring and returns the context for its call. A pool that
// does not run refuses it. Only pools with goroutines for workers need it.
func (p *Pool) enter(n *node, call terminable, user context.Context) (context.Context, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.Load() != stateRun {
		return nil, ErrNotRunning
	}
	s := p.scope
	if s == nil || !same(s.user, user) {
		old := s
		s = &scope{user: user}
		s.ctx, s.cancel = context.WithCancelCause(user)
		p.scope = s
		if old != nil {
			p.dropScope(old)
		}
	}
	s.calls++
	n.scope = s
	p.link(n, call)
	return s.ctx, nil
}

// link puts n into the ring. The caller holds mu.
func (p *Pool) link(n *node, call terminable) {
	n.call = call
	n.prev, n.next = p.live.prev, &p.live
	n.prev.next, n.next.prev = n, n
}

// leave takes n out of the ring, if it is in it.
func (p *Pool) leave(n *node) {
	if !p.watched {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlink(n)
}

// unlink does it. The caller holds mu.
func (p *Pool) unlink(n *node) {
	if n.next == nil {
		return
	}
	n.prev.next, n.next.prev = n.next, n.prev
	n.next, n.prev = nil, nil
	s := n.scope
	n.scope = nil
	if s == nil {
		return
	}
	s.calls--
	p.dropScope(s)
}

// dropScope ends s if it is of no use any more. The last one is kept, since the
// next call will probably come with the same context. The caller holds mu.
func (p *Pool) dropScope(s *scope) {
	if s.calls > 0 || s == p.scope && p.state.Load() == stateRun {
		return
	}
	if s == p.scope {
		p.scope = nil
	}
	s.cancel(nil)
}

// endLive ends all calls in the ring. Their contexts end last: else calls would
// fail for that reason, and not for err.
func (p *Pool) endLive(err error) {
	var ends []context.CancelCauseFunc
	p.mu.Lock()
	for n := p.live.next; n != &p.live; n = p.live.next {
		call := n.call
		n.prev.next, n.next.prev = n.next, n.prev
		n.next, n.prev = nil, nil
		if s := n.scope; s != nil {
			n.scope = nil
			if s.calls--; s.calls == 0 && s != p.scope {
				ends = append(ends, s.cancel)
			}
		}
		p.mu.Unlock()
		if end := call.terminate(err); end != nil {
			ends = append(ends, end)
		}
		p.mu.Lock()
	}
	if s := p.scope; s != nil {
		ends = append(ends, s.cancel)
		p.scope = nil
	}
	p.mu.Unlock()
	for _, end := range ends {
		end(err)
	}
}
