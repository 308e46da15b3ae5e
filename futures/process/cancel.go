package process

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/watch"
)

// This file carries contexts to the workers, and what ends tasks before their
// time: the end of their context, TaskTimeout, and Kill.

// idleCtxs is how many contexts a worker keeps that no task of it uses: the
// next one often has the same.
const idleCtxs = 16

// knows reports whether w has the context of g. The caller holds mu.
func (w *worker) knows(g *watch.Group) bool { return w.ctxs[g.ID] != nil }

// sendCtx makes w know the context of g. The caller holds mu.
func (w *worker) sendCtx(g *watch.Group) error {
	size := 16 + len(g.Values)
	b := w.tasks.Reserve(size)
	if b == nil {
		return fmt.Errorf("process: the values that propagators carry are %d bytes: the limit is about %d", len(g.Values), w.tasks.Max()/2)
	}
	binary.LittleEndian.PutUint32(b, g.ID)
	cancellable := uint32(0)
	if g.Ctx.Done() != nil {
		cancellable = 1
	}
	binary.LittleEndian.PutUint32(b[4:], cancellable)
	deadline := int64(0)
	if d, ok := g.Ctx.Deadline(); ok {
		deadline = d.UnixNano()
	}
	binary.LittleEndian.PutUint64(b[8:], uint64(deadline))
	copy(b[16:], g.Values)
	w.tasks.Commit(size, recCtx, 0)
	g.Join() // until w forgets it: else its number could be given away
	w.ctxs[g.ID] = &sentCtx{g: g}
	return nil
}

// left notes that n entries of g have ended on w. The caller holds mu.
func (w *worker) left(g *watch.Group, n int32) {
	c := w.ctxs[g.ID]
	if c == nil {
		return
	}
	c.inFlight -= n
	if len(w.ctxs) <= idleCtxs {
		return
	}
	for id, c := range w.ctxs {
		if c.inFlight == 0 && len(w.ctxs) > idleCtxs/2 {
			delete(w.ctxs, id)
			c.g.Leave()
			w.drops = append(w.drops, id)
		}
	}
}

// sendDrops tells w which contexts to forget. The caller holds mu.
func (w *worker) sendDrops() {
	for len(w.drops) > 0 {
		b := w.tasks.Reserve(4)
		if b == nil {
			return
		}
		binary.LittleEndian.PutUint32(b, w.drops[len(w.drops)-1])
		w.tasks.Commit(4, recCtxDrop, 0)
		w.drops = w.drops[:len(w.drops)-1]
	}
}

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
	over := p.queue.filter(func(en *entry) bool {
		if en.group.Ended() {
			p.queued -= en.items()
			return false
		}
		return true
	})
	workers := append([]*worker(nil), p.workers...)
	p.mu.Unlock()
	for _, w := range workers {
		over = append(over, w.sweep()...)
	}
	p.bury(over)
}

// sweep does it for one worker, and returns what it had not begun.
func (w *worker) sweep() (over []entry) {
	p := w.p
	w.rd.Lock()
	defer w.rd.Unlock()
	w.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.state == gone || w.dead {
		return nil
	}
	var cancelled bool
	for id, c := range w.ctxs {
		if !c.g.Ended() {
			continue
		}
		var b [5]byte
		binary.LittleEndian.PutUint32(b[:], id)
		if c.g.Ctx.Err() == context.DeadlineExceeded {
			b[4] = 1
		}
		w.conn.Send(msgCancel, b[:], nil)
		if c.inFlight == 0 {
			delete(w.ctxs, id)
			c.g.Leave()
			w.drops = append(w.drops, id)
			continue
		}
		cancelled = true
	}
	if !cancelled {
		return nil
	}
	over = p.takeBack(w)
	if !w.flight.empty() && w.flight.front().group.Ended() {
		en := w.flight.front()
		w.killAfter(p.cfg.Grace, en.t, en.from, en.group.Cause())
	}
	p.dispatch()
	return over
}

// takeBack revokes what w has not claimed and puts it back to the front of the
// queue, but for tasks whose context has ended, which it returns. The caller
// holds w's rd, and mu.
func (p *Pool) takeBack(w *worker) (over []entry) {
	n := revoke(w.ctl.window)
	if n == 0 {
		return nil
	}
	w.sent -= n
	p.running.Add(-int64(n))
	for _, en := range w.flight.takeBack(p, int64(n)) {
		if en.group != nil {
			w.left(en.group, 1)
		}
		if en.group.Ended() {
			over = append(over, en)
			continue
		}
		p.queued += en.items()
		p.queue.pushFront(en)
	}
	p.full.Store(false)
	return over
}

// killAfter kills w after d, unless item i of t has ended by then.
func (w *worker) killAfter(d time.Duration, t futures.Task, i int32, cause error) {
	if d <= 0 {
		go w.killFor(t, i, cause, "time")
		return
	}
	time.AfterFunc(d, func() { w.killFor(t, i, cause, "time") })
}

// watchTimeout makes checkTimeout run after d, or earlier. The caller holds mu.
func (w *worker) watchTimeout(d time.Duration) {
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
func (w *worker) checkTimeout() {
	p := w.p
	w.rd.Lock()
	w.drain()
	p.mu.Lock()
	w.timerAt = time.Time{}
	var t futures.Task
	var i int32
	if !w.flight.empty() && w.state != gone {
		en := w.flight.front()
		d := en.t.Timeout()
		next := d + p.cfg.Grace
		if d > 0 && w.hasBegun() {
			ran := time.Duration(now() - w.ctl.begunAt.Load())
			if next -= ran; next <= 0 {
				t, i = en.t, en.from
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
func (w *worker) timeoutsBehind() bool {
	for h, t := w.flight.head.Load(), w.flight.tail.Load(); h < t; h++ {
		if w.flight.buf[h%flightMax].t.Timeout() > 0 {
			return true
		}
	}
	return false
}
