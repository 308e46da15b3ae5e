package crew

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/conexgo/conex/futures"
)

// died settles what the dead worker w leaves: results that still arrived
// count, the item it had begun and not finished bears the consequences,
// everything else moves on as if nothing had been tried. It runs on w's
// goroutine, once, after w was reaped.
func (w *Worker) died() {
	p := w.p
	werr := w.post()
	w.rd.Lock()
	w.drain()
	lost := w.link.Recover()
	w.Account()
	p.mu.Lock()
	unexpected := w.state == starting || w.state == ready || (w.state == retiring && !w.flight.empty())
	neverReady := !w.opened
	if w.state == starting || w.state == ready {
		p.forget(w)
		p.restarts.Add(1)
	}
	w.state = gone
	remove(&p.dying, w)
	var guilty *Entry
	var rest []Entry
	if !neverReady {
		begun := w.link.Begun() > w.ended.Load()
		for !w.flight.empty() {
			en := w.flight.pop()
			p.running.Add(-en.Items())
			if begun && guilty == nil {
				if en.Items() > 1 {
					g := p.split(&en, 1)
					guilty = &g
					rest = append(rest, en)
				} else {
					guilty = &en
				}
				continue
			}
			rest = append(rest, en)
		}
	}
	breaks := unexpected && p.cfg.OnDeath.Breaks() && !neverReady
	var failed []Entry
	var failure error
	if guilty != nil {
		ours := w.cause != nil && (w.target == nil || (w.target == guilty.T && w.targetAt == guilty.From))
		guilty.attempts++
		werr.Attempts = int(guilty.attempts)
		switch {
		case w.cause != nil && !ours && p.state != broken:
			guilty.attempts-- // it began after the one that was to be killed had finished
			rest = append([]Entry{*guilty}, rest...)
		case w.cause == nil && int(guilty.attempts) <= p.cfg.OnDeath.Retries() && p.state != broken && !guilty.Group.Ended() && again(guilty.T):
			rest = append([]Entry{*guilty}, rest...)
		default:
			werr.Func = guilty.T.Name()
			if guilty.T.Timeout() > 0 {
				werr.Ran = time.Since(w.link.BegunAt())
			}
			failed = append(failed, *guilty)
			failure = werr
		}
	}
	for i := len(rest) - 1; i >= 0; i-- {
		p.queue.pushFront(rest[i])
		p.queued += rest[i].Items()
	}
	var orphaned []Entry
	if p.state == broken || (p.state == shutting && w.cause != nil && w.target == nil && errors.Is(w.cause, futures.ErrKilled)) {
		p.merge()
		orphaned = p.queue.takeAll() // nobody is left to run them
		p.queued = 0
	}
	var hopeless error
	if neverReady && unexpected && w.cause == nil {
		delay, giveUp := p.starts.Failed(werr.Signal == syscall.SIGKILL)
		if giveUp {
			hopeless = fmt.Errorf(p.cfg.Engine+": %d workers in a row died before they were ready; the last: %w", p.starts.Count(), werr)
		} else {
			time.AfterFunc(delay, p.wake)
		}
	} else {
		p.grow()
		p.dispatch()
		p.refill()
	}
	brokenBy := p.broken
	w.dead = true
	p.mu.Unlock()
	w.rd.Unlock()
	w.link.Free()

	for _, en := range lost {
		werr.Func = en.T.Name()
		p.failed.Add(en.Items()) // before its waiter can look at the stats
		en.Fail(werr)
		p.finished(en)
	}
	for _, en := range failed {
		if brokenBy != nil {
			failure = errors.Join(brokenBy, failure)
		} else if breaks {
			failure = fmt.Errorf("%w: %w", futures.ErrBroken, failure)
		}
		p.failed.Add(en.Items())
		en.Fail(failure)
		p.finished(en)
	}
	for _, en := range orphaned {
		if brokenBy != nil {
			en.Fail(brokenBy)
		} else {
			en.Fail(futures.ErrCancelled)
		}
		p.finished(en)
	}
	switch {
	case hopeless != nil:
		p.Fail(hopeless)
	case breaks:
		p.Fail(werr)
	}
}

// again reports whether t may be tried again: a task can have given away a part of
// its result already.
func again(t futures.Task) bool {
	a, ok := t.(interface{ Again() bool })
	return !ok || a.Again()
}

// post is the post-mortem: everything that is known about the death of w.
func (w *Worker) post() *futures.WorkerDiedError {
	st := w.child.Status()
	e := &futures.WorkerDiedError{
		PID:      w.child.PID(),
		ExitCode: st.ExitCode,
		Signal:   st.Signal,
		Stderr:   w.stderr.text(),
		Limit:    w.limit,
		Cause:    w.cause,
	}
	if !st.MaxRSSBound {
		e.MaxRSS = st.MaxRSS
	}
	if w.cause == nil && w.p.cfg.OutOfMemory != nil && w.p.cfg.OutOfMemory(e) {
		e.Limit = "memory"
	}
	e.Stack = w.stack
	return e
}
