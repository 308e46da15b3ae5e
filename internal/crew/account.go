package crew

import (
	"context"
	"fmt"
	"time"

	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/watch"
)

// This file is what links tell their worker about what has ended. The caller
// holds the worker's lock, and not the pool's: finishing a future runs its owner's
// code.

// Front returns the entry of which item From is the next to end, nil if nothing
// is in flight.
func (w *Worker) Front() *Entry {
	if w.flight.empty() {
		return nil
	}
	return w.flight.front()
}

// Each calls do for what is in flight, in order, until it returns false. The
// caller may hold the pool's lock instead.
func (w *Worker) Each(do func(en *Entry) bool) {
	for h, t := w.flight.head.Load(), w.flight.tail.Load(); h < t; h++ {
		if !do(&w.flight.buf[h%flightMax]) {
			return
		}
	}
}

// Ended is how many items have ended: the number of the next one that will.
func (w *Worker) Ended() uint64 { return w.ended.Load() }

// Count notes that n more items end, with results or, if good is false, without.
// It comes before they are finished: who waits for one may submit the next at
// once, and shall find this worker free.
func (w *Worker) Count(n int32, good bool) {
	if good {
		w.p.done.Add(int64(n))
	} else {
		w.p.failed.Add(int64(n))
	}
	w.ended.Store(w.ended.Load() + uint64(n))
	w.acc.items += int64(n)
}

// Fail ends the next item with err. Settled is still to come.
func (w *Worker) Fail(err error) {
	en := w.flight.front()
	w.Count(1, false)
	en.T.Fail(int(en.From), err)
}

// Settled takes the next n items, which are counted and finished, out of the
// flight.
func (w *Worker) Settled(n int32) {
	en := w.flight.front()
	en.From += n
	en.attempts = 0
	if en.From == en.To {
		w.Finished(en)
		w.flight.drop()
	}
}

// Take takes the next item, which is counted, out of the flight before it is
// finished. Finished is called for the entry then.
func (w *Worker) Take() Entry {
	if en := w.flight.front(); en.Items() > 1 {
		return w.p.split(en, 1)
	}
	return w.flight.pop()
}

// Finished ends an entry of which every item has ended.
func (w *Worker) Finished(en *Entry) {
	w.acc.entries++
	if g := en.Group; g != nil {
		if g != w.acc.group {
			w.leaveGroup()
			w.acc.group = g
		}
		w.acc.members++
	}
	en.free()
}

// An account is what links have to tell the pool: in one go, since the pool's
// counters and lock are everybody's.
type account struct {
	items   int64        // that ended
	entries int64        // of which every item has
	group   *watch.Group // to which the last entries belonged
	members int32
}

// Account settles it. It is called after all that is above.
func (w *Worker) Account() {
	p := w.p
	w.leaveGroup()
	if w.acc.items > 0 {
		p.running.Add(-w.acc.items)
		w.acc.items = 0
	}
	if n := w.acc.entries; n > 0 {
		w.acc.entries = 0
		if p.pending.Add(-n) == 0 {
			p.maybeEnd()
		}
	}
}

// leaveGroup gives up the memberships that are noted.
func (w *Worker) leaveGroup() {
	g, n := w.acc.group, w.acc.members
	if g == nil {
		return
	}
	w.acc.group, w.acc.members = nil, 0
	w.p.mu.Lock()
	w.link.Left(g, n)
	w.p.mu.Unlock()
	g.LeaveMany(n)
}

// FrameDone notes that n frames have ended and gives w new ones.
func (w *Worker) FrameDone(n int32) {
	p := w.p
	left := w.frames.Add(-n)
	p.mu.Lock()
	w.tasksRun = int64(w.ended.Load())
	closing := false
	switch {
	case left > 0:
	case w.state == retiring:
		closing = true
	case w.state == ready && p.due(w):
		w.state = retiring
		p.restarts.Add(1)
		p.forget(w)
		closing = true
	default:
		p.putIdle(w)
	}
	p.full.Store(false)
	if p.queue.len() > 0 || p.in.count.Load() > 0 {
		p.dispatch()
	} else if left == 0 {
		p.watchStuck()
	}
	p.refill()
	p.mu.Unlock()
	if closing {
		w.link.Close()
	}
}

// due reports whether w has served long enough. The caller holds mu.
func (p *Pool) due(w *Worker) bool {
	r := p.cfg.Recycle
	if r.MaxTasks == 0 && r.MaxAge == 0 && r.MaxRSS == 0 {
		return false
	}
	rss := int64(0)
	if r.MaxRSS > 0 {
		rss, _ = w.child.RSS()
	}
	return r.Due(w.tasksRun, time.Since(w.born), rss) != ""
}

// Corrupt ends a worker whose results make no sense, by memory corruption
// perhaps.
func (w *Worker) Corrupt(err error) {
	w.mad = true
	go w.kill(fmt.Errorf("%s: worker sent nonsense: %w", w.p.cfg.Engine, err), false)
}

// Skipped is the error of an item that the worker did not begin, since its
// context had ended. For a deadline that may be a moment earlier there than
// here.
func Skipped(en *Entry) error {
	if en.Group != nil && en.Group.Ctx.Err() != nil {
		return en.Group.Cause()
	}
	return context.DeadlineExceeded
}

// drain takes in what has arrived.
func (w *Worker) drain() bool {
	if !w.Reads() {
		return false
	}
	return w.link.Drain()
}

// Reads reports whether what w sends counts: it is ready, and neither settled nor
// mad.
func (w *Worker) Reads() bool { return w.opened && !w.dead && !w.mad }

// Lock is the right to take in results, which may be tried for. It comes before
// the pool's lock.
func (w *Worker) Lock()         { w.rd.Lock() }
func (w *Worker) Unlock()       { w.rd.Unlock() }
func (w *Worker) TryLock() bool { return w.rd.TryLock() }

// Dead reports whether the worker's death is settled: the link is gone.
func (w *Worker) Dead() bool { return w.dead }

// Name is the worker's: Pool-3.
func (w *Worker) Name() string { return fmt.Sprintf("%s-%d", w.p.cfg.Name, w.id) }

// Pool returns the pool, Child the process, nil if it is not started.
func (w *Worker) Pool() *Pool { return w.p }

func (w *Worker) Child() *child.Child {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.child
}

// Kill ends the worker at once, with cause as the reason.
func (w *Worker) Kill(cause error) { w.kill(cause, false) }

// Busy reports whether anything is in flight. The pool's lock is held.
func (w *Worker) Busy() bool { return !w.flight.empty() }
