package crew

import (
	"context"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
)

// This file is about what ends tasks before their time: the end of their context,
// and TaskTimeout.

// ctxEnded is called when a context ends that tasks were submitted under.
// However many end together, the pool is searched by one goroutine.
func (p *Pool) ctxEnded(*watch.Group) {
	p.mu.Lock()
	if p.sweeping {
		p.sweepAgain = true
		p.mu.Unlock()
		return
	}
	p.sweeping = true
	p.mu.Unlock()
	for {
		p.sweep()
		p.mu.Lock()
		if !p.sweepAgain {
			p.sweeping = false
			p.mu.Unlock()
			return
		}
		p.sweepAgain = false
		p.mu.Unlock()
	}
}

// sweep fails the tasks in the queue whose context has ended, takes those back
// that workers have not begun, and tells workers to cancel those that run.
func (p *Pool) sweep() {
	p.mu.Lock()
	p.merge()
	over := p.queue.filter(func(en *Entry) bool {
		if en.Group.Ended() {
			p.queued -= en.Items()
			return false
		}
		return true
	})
	workers := append([]*Worker(nil), p.workers...)
	p.mu.Unlock()
	for _, w := range workers {
		over = append(over, w.sweep()...)
	}
	p.bury(over)
}

// sweep does it for one worker, and returns what it had not begun.
func (w *Worker) sweep() (over []Entry) {
	p := w.p
	w.rd.Lock()
	defer w.rd.Unlock()
	w.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.state == gone || w.dead {
		return nil
	}
	if !w.opened || !w.link.CancelEnded() {
		return nil
	}
	over = p.takeBack(w)
	if !w.flight.empty() && w.flight.front().Group.Ended() {
		en := w.flight.front()
		w.killAfter(p.cfg.Grace, en.T, en.From, en.Group.Cause())
	}
	p.dispatch()
	return over
}

// takeBack revokes what w has not claimed and puts it back to the front of the
// queue, but for tasks whose context has ended, which it returns. The caller
// holds w's rd, and mu.
func (p *Pool) takeBack(w *Worker) (over []Entry) {
	if !w.opened {
		return nil
	}
	n, frames := w.link.Revoke()
	if n == 0 {
		return nil
	}
	w.sent -= uint64(n)
	w.frames.Add(-frames)
	p.running.Add(-n)
	for _, en := range w.flight.takeBack(p, n) {
		if en.Group != nil {
			w.link.Left(en.Group, 1)
		}
		if en.Group.Ended() {
			over = append(over, en)
			continue
		}
		p.queued += en.Items()
		p.queue.pushFront(en)
	}
	if frames > 0 && w.frames.Load() == 0 {
		p.putIdle(w) // as FrameDone would
	}
	p.full.Store(false)
	return over
}

// killAfter kills w after d, unless item i of t has ended by then.
func (w *Worker) killAfter(d time.Duration, t futures.Task, i int32, cause error) {
	if d <= 0 {
		go w.killFor(t, i, cause, "time")
		return
	}
	time.AfterFunc(d, func() { w.killFor(t, i, cause, "time") })
}

// watchTimeout makes checkTimeout run after d, or earlier. The caller holds mu.
func (w *Worker) watchTimeout(d time.Duration) {
	at := time.Now().Add(d)
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.checkTimeout)
	} else if w.timerAt.IsZero() || at.Before(w.timerAt) {
		w.timer.Reset(d)
	} else {
		return
	}
	w.timerAt = at
}

// checkTimeout kills w if its task has run for longer than its TaskTimeout
// and Grace, and else looks again when that could be.
func (w *Worker) checkTimeout() {
	p := w.p
	w.rd.Lock()
	w.drain()
	p.mu.Lock()
	w.timerAt = time.Time{}
	var t futures.Task
	var i int32
	if !w.flight.empty() && w.state != gone {
		en := w.flight.front()
		d := en.T.Timeout()
		next := d + p.cfg.Grace
		if d > 0 && w.hasBegun() {
			ran := time.Since(w.link.BegunAt())
			if next -= ran; next <= 0 {
				t, i = en.T, en.From
			} else if ran >= d {
				w.link.Expire(w.ended.Load())
			} else {
				next -= p.cfg.Grace
			}
		}
		if t == nil && (d > 0 || w.timeoutsBehind()) {
			w.watchTimeout(max(next, 2*time.Millisecond))
		}
	}
	p.mu.Unlock()
	w.rd.Unlock()
	if t != nil {
		w.killFor(t, i, context.DeadlineExceeded, "time")
	}
}

// timeoutsBehind reports whether anything in flight has a time limit.
func (w *Worker) timeoutsBehind() bool {
	for h, t := w.flight.head.Load(), w.flight.tail.Load(); h < t; h++ {
		if w.flight.buf[h%flightMax].T.Timeout() > 0 {
			return true
		}
	}
	return false
}
