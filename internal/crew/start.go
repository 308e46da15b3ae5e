package crew

import (
	"time"

	"github.com/conexgo/conex/futures"
)

// youth is how long a new pool leaves the machine to its first tasks before
// it starts spares.
const youth = 50 * time.Millisecond

// grow gets the pool one more worker, if it may have more and needs it: it
// promotes a spare and reports true, or starts new ones. The caller holds mu.
func (p *Pool) grow() bool {
	if p.state == broken {
		return false
	}
	missing := p.cfg.Workers - len(p.workers)
	if missing <= 0 {
		return false
	}
	for i, w := range p.spares {
		if w.state == ready {
			p.spares = append(p.spares[:i], p.spares[i+1:]...)
			w.spare = false
			p.workers = append(p.workers, w)
			p.putIdle(w)
			p.refill()
			return true
		}
	}
	coming := int64(0)
	for _, w := range p.workers {
		if w.state == starting || w.nearlyIdle() {
			coming++
		}
	}
	for ; missing > 0 && coming < p.queued; missing-- {
		// One that was to be a spare and is on its way is sooner there.
		if len(p.spares) > 0 {
			w := p.spares[0]
			p.spares = p.spares[1:]
			w.spare = false
			p.workers = append(p.workers, w)
		} else {
			p.start()
		}
		coming++
	}
	return false
}

// nearlyIdle reports whether all that w was sent has ended, and the word that
// it may have more is on its way. The caller holds mu.
func (w *Worker) nearlyIdle() bool {
	return w.state == ready && !w.idle && w.sent == w.ended.Load()
}

// refill keeps the stock of spares. The caller holds mu.
func (p *Pool) refill() {
	if p.state != open || p.refilling || len(p.spares) >= p.cfg.Spares || p.in.idle() {
		return
	}
	p.refilling = true
	delay := max(youth-time.Since(p.began), p.cfg.RefillDelay)
	time.AfterFunc(delay, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refilling = false
		for p.state == open && len(p.spares) < p.cfg.Spares {
			w := p.newWorker()
			w.spare = true
			p.spares = append(p.spares, w)
			go w.run()
		}
	})
}

// wake tries again to start workers, after a delay: also the first one, for which
// nobody may have a task yet.
func (p *Pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == open && len(p.workers) == 0 {
		p.start()
	}
	p.grow()
	p.refill()
}

// start starts an active worker. The caller holds mu.
func (p *Pool) start() {
	w := p.newWorker()
	p.workers = append(p.workers, w)
	go w.run()
}

func (p *Pool) newWorker() *Worker {
	p.nextID++
	w := &Worker{p: p, id: p.nextID, stderr: new(tail), born: time.Now()}
	w.link = p.cfg.NewLink(w)
	w.runner = futures.Runner{Kill: w.killTask}
	if l, ok := w.link.(Poller); ok {
		w.runner.Poll = l.Poll
	}
	p.processes.Add(1)
	return w
}

// run is w's goroutine: it starts the process, serves it, and buries it.
func (w *Worker) run() {
	p := w.p
	defer p.processes.Done()
	c, err := w.link.Launch()
	if err != nil {
		w.stderr.close()
		w.link.Free()
		w.failedStart(err)
		return
	}
	p.mu.Lock()
	w.child = c
	killed := w.state == gone || w.state == retiring
	p.mu.Unlock()
	if killed {
		c.Kill()
	}
	closed := false
	if err := w.link.Greet(); err == nil {
		w.open()
		w.link.Serve()
		p.mu.Lock()
		closed = w.state == retiring && w.flight.empty()
		p.mu.Unlock()
	}
	if closed {
		w.await() // we let it go: it exits by itself
	} else {
		c.Kill()
	}
	<-c.Done()
	w.link.Close()
	w.stderr.end()
	w.died()
}

// await gives a worker that was let go time to exit.
func (w *Worker) await() {
	t := time.NewTimer(2 * time.Second)
	defer t.Stop()
	select {
	case <-w.child.Done():
	case <-t.C:
		w.child.Kill()
	}
}

// failedStart settles a worker that has no process.
func (w *Worker) failedStart(err error) {
	p := w.p
	p.mu.Lock()
	if w.state == starting {
		p.forget(w)
	}
	w.state = gone
	remove(&p.dying, w)
	delay, giveUp := p.starts.Failed(false)
	if !giveUp && p.state != broken {
		time.AfterFunc(delay, p.wake)
	}
	p.mu.Unlock()
	if giveUp {
		p.Fail(err)
	}
}

// open takes a worker that has introduced itself into service.
func (w *Worker) open() {
	p := w.p
	w.rd.Lock()
	defer w.rd.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	w.opened = true
	w.link.Open()
	p.starts.OK()
	if w.state != starting {
		return
	}
	w.state = ready
	if !w.spare {
		p.putIdle(w)
	}
	p.full.Store(false)
	p.dispatch()
	p.refill()
}
