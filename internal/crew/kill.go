package crew

import (
	"syscall"
	"time"

	"github.com/conexgo/conex/futures"
)

// hasBegun reports whether the first item in flight has begun. The caller
// holds rd and has drained.
func (w *Worker) hasBegun() bool { return w.link.Begun() > w.ended.Load() }

// lookTime is how long a worker that is about to be killed is asked where it is.
const lookTime = 500 * time.Millisecond

// killFor kills w if it is running item i of t, and only then; what it has
// not begun moves on, and another worker takes its place at once.
func (w *Worker) killFor(t futures.Task, i int32, cause error, limit string) bool {
	p := w.p
	w.rd.Lock()
	w.drain()
	p.mu.Lock()
	if w.state == gone || w.dead || w.flight.empty() || w.flight.front().T != t || w.flight.front().From != i || !w.hasBegun() {
		p.mu.Unlock()
		w.rd.Unlock()
		return false
	}
	over := p.takeBack(w)
	w.giveUp(cause, limit)
	w.target, w.targetAt = t, i
	p.grow()
	p.dispatch()
	p.refill()
	p.mu.Unlock()
	w.rd.Unlock()
	if l, ok := w.link.(Looker); ok && limit != "" {
		w.stack = l.Stack(lookTime)
	}
	w.child.Kill()
	p.bury(over)
	return true
}

// giveUp takes w out of service for good. The caller holds mu and then kills
// it.
func (w *Worker) giveUp(cause error, limit string) {
	p := w.p
	if w.state != retiring {
		p.forget(w)
	}
	w.state = gone
	w.cause, w.limit = cause, limit
	p.killed.Add(1)
	p.restarts.Add(1)
}

// kill ends w whatever it does. A polite kill is SIGTERM first and SIGKILL
// after Grace.
func (w *Worker) kill(cause error, polite bool) {
	p := w.p
	p.mu.Lock()
	if w.state == gone {
		p.mu.Unlock()
		return
	}
	w.giveUp(cause, "")
	c := w.child
	p.mu.Unlock()
	if c == nil {
		return // still being started: launch looks again
	}
	if !polite {
		c.Kill()
		return
	}
	c.Signal(syscall.SIGTERM)
	time.AfterFunc(p.cfg.Grace, func() { c.Kill() })
}

// killTask is Future.Kill: it ends t, wherever it has got to. It returns once
// that is under way.
func (w *Worker) killTask(t futures.Task) error {
	p := w.p
	for range 100 {
		w.rd.Lock()
		w.drain()
		if t.Done() {
			w.rd.Unlock()
			return nil
		}
		if w.dead {
			w.rd.Unlock()
			return nil // its death ends or moves t
		}
		p.mu.Lock()
		begun := !w.flight.empty() && w.flight.front().T == t && w.hasBegun()
		var over, mine []Entry
		item := int32(0)
		if begun {
			item = w.flight.front().From
		} else {
			over = p.takeBack(w)
			p.merge()
			mine = p.queue.filter(func(en *Entry) bool {
				if en.T == t {
					p.queued -= en.Items()
					return false
				}
				return true
			})
			p.dispatch()
		}
		p.mu.Unlock()
		w.rd.Unlock()
		p.bury(over)
		for _, en := range mine {
			en.Fail(futures.ErrKilled)
			p.finished(en)
		}
		if begun && w.killFor(t, item, futures.ErrKilled, "") {
			continue // a task of several items may have more
		}
		if t.Done() {
			return nil
		}
		if !begun && mine == nil {
			time.Sleep(100 * time.Microsecond) // claimed, and about to begin
		}
	}
	return nil
}
