package process

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/conexgo/conex/futures"
)

// died settles what the dead worker w leaves: results that still arrived
// count, the item it had begun and not finished bears the consequences,
// everything else moves on as if nothing had been tried. It runs on w's
// goroutine, once, after w was reaped.
func (w *worker) died() {
	p := w.p
	werr := w.post()
	w.rd.Lock()
	w.drain()
	w.recoverFlat()
	w.account()
	p.mu.Lock()
	unexpected := w.state == starting || w.state == ready || (w.state == retiring && !w.flight.empty())
	neverReady := w.results == nil
	if w.state == starting || w.state == ready {
		p.forget(w)
		p.restarts.Add(1)
	}
	w.state = gone
	remove(&p.dying, w)
	var guilty *entry
	var rest []entry
	if !neverReady {
		begun := atomic.LoadUint64(w.ctl.begun) > w.ended.Load()
		for !w.flight.empty() {
			en := w.flight.pop()
			p.running.Add(-en.items())
			if begun && guilty == nil {
				if en.items() > 1 {
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
	lost := w.dropShared()
	w.closeLarge()
	for _, c := range w.ctxs {
		c.g.Leave()
	}
	w.ctxs = nil
	breaks := unexpected && p.cfg.OnDeath.breaks && !neverReady
	var failed []entry
	var failure error
	if guilty != nil {
		ours := w.cause != nil && (w.target == nil || (w.target == guilty.t && w.targetAt == guilty.from))
		guilty.attempts++
		werr.Attempts = int(guilty.attempts)
		switch {
		case w.cause != nil && !ours && p.state != broken:
			guilty.attempts-- // it began after the one that was to be killed had finished
			rest = append([]entry{*guilty}, rest...)
		case w.cause == nil && int(guilty.attempts) <= p.cfg.OnDeath.retries && p.state != broken && !guilty.group.Ended():
			rest = append([]entry{*guilty}, rest...)
		default:
			werr.Func = guilty.t.Name()
			if guilty.t.Timeout() > 0 {
				werr.Ran = time.Duration(now() - w.ctl.begunAt.Load())
			}
			failed = append(failed, *guilty)
			failure = werr
		}
	}
	for i := len(rest) - 1; i >= 0; i-- {
		p.queue.pushFront(rest[i])
		p.queued += rest[i].items()
	}
	var orphaned []entry
	if p.state == broken || (p.state == shutting && w.cause != nil && w.target == nil && errors.Is(w.cause, futures.ErrKilled)) {
		p.merge()
		orphaned = p.queue.takeAll() // nobody is left to run them
		p.queued = 0
	}
	var hopeless error
	if neverReady && unexpected && w.cause == nil {
		delay, giveUp := p.starts.Failed(werr.Signal == syscall.SIGKILL)
		if giveUp {
			hopeless = fmt.Errorf("process: %d workers in a row died before they were ready; the last: %w", p.starts.Count(), werr)
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
	w.mem.Close()

	for _, en := range lost {
		werr.Func = en.t.Name()
		p.failed.Add(en.items()) // before its waiter can look at the stats
		en.fail(werr)
		p.finished(en)
	}
	for _, en := range failed {
		if brokenBy != nil {
			failure = errors.Join(brokenBy, failure)
		} else if breaks {
			failure = errors.Join(futures.ErrBroken, failure)
		}
		p.failed.Add(en.items())
		en.fail(failure)
		p.finished(en)
	}
	for _, en := range orphaned {
		if brokenBy != nil {
			en.fail(brokenBy)
		} else {
			en.fail(futures.ErrCancelled)
		}
		p.finished(en)
	}
	switch {
	case hopeless != nil:
		p.fail(hopeless)
	case breaks:
		p.fail(werr)
	}
}

// post is the post-mortem: everything that is known about the death of w.
func (w *worker) post() *futures.WorkerDiedError {
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
	if w.cause == nil && w.p.cfg.MaxMemory > 0 && outOfMemory(e) {
		e.Limit = "memory"
	}
	return e
}

// outOfMemory recognises the Go runtime's last words when the kernel gives it
// no more memory. There are several; all exit with code 2, or abort.
func outOfMemory(e *futures.WorkerDiedError) bool {
	if e.ExitCode != 2 && e.Signal != syscall.SIGABRT {
		return false
	}
	for _, s := range []string{"out of memory", "cannot allocate memory", "failed to create new OS thread", "pthread_create failed", "errno=12"} {
		if strings.Contains(e.Stderr, s) {
			return true
		}
	}
	return false
}

// recoverFlat takes in flat results that w had written but not committed when
// it was killed. The caller holds rd and has drained.
func (w *worker) recoverFlat() {
	if w.results == nil || w.flight.empty() {
		return
	}
	en := w.flight.front()
	size := en.t.Entry().ResFlat
	begun := atomic.LoadUint64(w.ctl.begun)
	if en.t.Entry().RunFlat == nil || begun < w.ended.Load()+2 {
		return
	}
	n := begun - 1 - w.ended.Load()
	if n >= uint64(en.items()) {
		return
	}
	b := w.results.Uncommitted(int(n) * size)
	if b == nil {
		return
	}
	w.count(int32(n))
	en.t.FinishRange(int(en.from), int(en.from)+int(n), b)
	en.from += int32(n)
	w.p.done.Add(int64(n))
}
