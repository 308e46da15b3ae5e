package crew

import "time"

// How much goes into one frame, unless the Config says otherwise. A frame is
// what a worker is given at a time: large enough that the hand-over does not
// matter, small enough that the workers finish together and a wrong guess costs
// little.
const (
	frameTime    = time.Millisecond      // of work, by the moving average
	claimTime    = 20 * time.Microsecond // of work that cannot be taken back
	prefetchTime = 5 * time.Millisecond  // longer items are not sent ahead
	frameEntries = 2000
	frameItems   = 1 << 16
)

// dispatch gives queued tasks to workers with room, and starts workers if
// there are too few. The caller holds mu.
func (p *Pool) dispatch() {
	for {
		p.merge()
		for p.queue.len() > 0 {
			w := p.pick()
			if w == nil {
				if p.grow() {
					continue // a spare was ready
				}
				// Fewer workers than there may be: the next task
				// may have one started.
				p.full.Store(len(p.workers) >= p.cfg.Workers)
				p.watchStuck()
				return
			}
			if !p.send(w) {
				return
			}
		}
		p.full.Store(false)
		if p.in.count.Load() == 0 {
			return
		}
	}
}

// pick chooses the worker for the next frame: one that is idle, the one that
// was busy last, since it may still poll; else one that may be sent a frame
// ahead.
func (p *Pool) pick() *Worker {
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.idle = false
		return w
	}
	if len(p.workers) < p.cfg.Workers && len(p.spares) > 0 {
		return nil // a spare first
	}
	avg := p.average(p.queue.front())
	if avg == 0 || avg > int64(prefetchTime) {
		return nil
	}
	var best *Worker
	for _, w := range p.workers {
		if w.room(true) && w.flight.room() > 0 && (best == nil || w.frames.Load() < best.frames.Load()) {
			best = w
		}
	}
	return best
}

// send fills a frame for w from the queue. It reports false if it could send
// nothing. The caller holds mu.
func (p *Pool) send(w *Worker) bool {
	if !w.link.Begin() {
		// Cannot be: there is room for as many frames as there may be. Leave the
		// queue as it is.
		p.putIdle(w)
		return false
	}
	var (
		share   = min(max(p.queued/int64(2*p.cfg.Workers), 1), w.quota())
		budget  = int64(p.cfg.FrameTime)
		entries = uint32(0)
		items   = int64(0)
		claim   = int64(1) << 30
		timeout time.Duration
		gone    bool
	)
	var dead []Entry
	drop := func(err error) {
		en := p.queue.popFront()
		p.queued -= en.Items()
		if err != nil {
			en.Fail(err)
		}
		dead = append(dead, en)
	}
fill:
	for p.queue.len() > 0 && entries < frameEntries && items < min(share, frameItems) && w.flight.room() > 0 {
		head := p.queue.front()
		if head.Group.Ended() || !head.T.Start() {
			drop(nil)
			continue
		}
		avg := p.average(head)
		n := min(head.Items(), share-items)
		if avg == 0 || head.attempts > 0 {
			n = 1
			if entries > 0 {
				break // an unknown one goes alone
			}
		} else if k := budget / avg; k < n {
			if k == 0 && entries > 0 {
				break
			}
			n = max(k, 1)
		}
		if head.Group != nil {
			switch err := w.link.Know(head.Group, entries > 0); err {
			case nil:
			case ErrNextFrame:
				break fill
			case ErrNoRoom:
				p.putIdle(w)
				return false
			default:
				drop(err)
				continue
			}
		}
		n, err := w.link.Put(head, n)
		if err == ErrGone {
			gone = true
			break
		}
		if err != nil {
			drop(err)
			continue
		}
		if n == 0 {
			break // the frame is full
		}
		entries++
		items += n
		if avg == 0 {
			budget = 0
			claim = 1
		} else {
			budget -= n * avg
			claim = min(claim, max(int64(claimTime)/avg, 1))
		}
		if d := head.T.Timeout(); d > 0 {
			timeout = d
			claim = 1
		}
		var en Entry
		if n == head.Items() {
			en = p.queue.popFront()
		} else {
			en = p.split(head, int32(n))
		}
		p.queued -= n
		en.T.Attach(&w.runner)
		w.flight.push(en)
	}
	if len(dead) > 0 {
		go p.bury(dead)
	}
	if entries == 0 {
		if w.frames.Load() == 0 && !gone {
			p.putIdle(w)
		}
		return len(dead) > 0 && !gone
	}
	if entries == 1 && p.queue.len() == 0 {
		p.setSpinner(w) // somebody waits for this one
	} else {
		p.setSpinner(nil) // the cores have better things to do
	}
	p.running.Add(items)
	f := Frame{w.sent, uint32(items), entries, uint32(claim)}
	w.sent += uint64(items)
	w.frames.Add(1)
	if timeout > 0 {
		w.watchTimeout(timeout)
	}
	w.link.End(f)
	return true
}

// bury ends tasks that are not going to run: cancelled ones, which know it
// already, and those whose context has ended.
func (p *Pool) bury(dead []Entry) {
	for _, en := range dead {
		if en.Group.Ended() {
			en.Fail(en.Group.Cause())
		}
		p.finished(en)
	}
}

// putIdle notes that w has nothing to do.
func (p *Pool) putIdle(w *Worker) {
	if w.state == ready && !w.spare && !w.idle {
		w.idle = true
		p.idle = append(p.idle, w)
		w.link.Idle()
	}
}

// setSpinner lets w poll for its next task, and nobody else: a machine has
// few cores. nil: nobody at all.
func (p *Pool) setSpinner(w *Worker) {
	if p.spinner == w {
		return
	}
	if p.spinner != nil {
		p.spinner.link.Spin(false)
	}
	if p.spinner = w; w != nil {
		w.link.Spin(true)
	}
}
