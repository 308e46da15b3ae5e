package crew

import "time"

// A frame is a guess: that its tasks take about as long as the ones before.
// When the guess was wrong, tasks wait behind a slow one while other workers
// have nothing to do. This file takes them back.

const (
	stuckTick = 2 * time.Millisecond
	stealTime = 200 * time.Microsecond // less estimated work than this is left where it is
)

// watchStuck looks for work that idle hands could do. The caller holds mu.
func (p *Pool) watchStuck() {
	if p.ticking || !p.hands() {
		return
	}
	for _, w := range p.workers {
		if w.state == ready && w.link.Revocable() > 0 {
			p.ticking = true
			time.AfterFunc(stuckTick, p.tick)
			return
		}
	}
}

// hands reports whether a worker is idle, or one more could be had.
func (p *Pool) hands() bool {
	return p.queue.len() == 0 && (len(p.idle) > 0 || len(p.workers) < p.cfg.Workers)
}

// tick takes back what workers have not begun if they have begun nothing
// since the last tick, or have plenty left.
func (p *Pool) tick() {
	p.mu.Lock()
	p.ticking = false
	victims := append([]*Worker(nil), p.workers...)
	p.mu.Unlock()
	var over []Entry
	for _, w := range victims {
		if !w.rd.TryLock() {
			continue // its results are being taken in: it is alive
		}
		p.mu.Lock()
		if w.state == ready && !w.dead && p.hands() {
			begun := w.link.Begun()
			free := w.link.Revocable()
			stuck := begun == w.lastSeen
			w.lastSeen = begun
			if free > 0 && (stuck || p.rest(w) > stealTime) {
				over = append(over, p.takeBack(w)...)
				p.dispatch()
			}
		}
		p.mu.Unlock()
		w.rd.Unlock()
	}
	p.bury(over)
	p.mu.Lock()
	p.watchStuck()
	p.mu.Unlock()
}

// rest estimates the work that w has not claimed. The caller holds mu and rd.
func (p *Pool) rest(w *Worker) time.Duration {
	free := w.link.Revocable()
	sum := int64(0)
	for t := w.flight.tail.Load(); free > 0 && t > w.flight.head.Load(); t-- {
		en := &w.flight.buf[(t-1)%flightMax]
		n := min(en.Items(), free)
		sum += n * p.average(en)
		free -= n
	}
	return time.Duration(sum)
}
