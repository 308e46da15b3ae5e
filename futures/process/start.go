package process

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/child"
	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/remote"
	"github.com/conexgo/conex/internal/ring"
	"github.com/conexgo/conex/internal/self"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/wire"
	iworker "github.com/conexgo/conex/internal/worker"
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
func (w *worker) nearlyIdle() bool {
	return w.state == ready && !w.idle && w.sent == w.ended.Load()
}

// refill keeps the stock of spares. The caller holds mu.
func (p *Pool) refill() {
	if p.state != open || p.refilling || len(p.spares) >= p.cfg.Spares || p.in.idle() {
		return
	}
	p.refilling = true
	delay := max(youth-time.Since(p.began), 0)
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

// wake tries again to start workers, after a delay.
func (p *Pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grow()
	p.refill()
}

// start starts an active worker. The caller holds mu.
func (p *Pool) start() {
	w := p.newWorker()
	p.workers = append(p.workers, w)
	go w.run()
}

func (p *Pool) newWorker() *worker {
	p.nextID++
	w := &worker{p: p, id: p.nextID, ctxs: make(map[uint32]*sentCtx), stderr: new(tail), born: time.Now()}
	w.runner = futures.Runner{Kill: w.killTask, Poll: w.poll}
	p.processes.Add(1)
	return w
}

// run is w's goroutine: it starts the process, serves it, and buries it.
func (w *worker) run() {
	defer w.p.processes.Done()
	stderr, err := w.launch()
	if err != nil {
		w.failedStart(err)
		return
	}
	closed := false
	if err := w.greet(); err == nil {
		closed = w.read()
	}
	if closed {
		w.await() // we let it go: it exits by itself
	} else {
		w.child.Kill()
	}
	<-w.child.Done()
	w.conn.Close()
	if stderr != nil {
		stderr.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // somebody it started may have it too
		w.stderr.wait()
		stderr.Close()
	}
	w.died()
}

// await gives a worker that was let go time to exit.
func (w *worker) await() {
	t := time.NewTimer(2 * time.Second)
	defer t.Stop()
	select {
	case <-w.child.Done():
	case <-t.C:
		w.child.Kill()
	}
}

// launch starts the process. Nothing of it is left behind if it fails.
func (w *worker) launch() (stderr *os.File, err error) {
	p := w.p
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
		if err != nil && w.mem != nil {
			w.mem.Close()
		}
	}()
	conn, theirs, err := wait.Pair()
	if err != nil {
		return nil, err
	}
	files = append(files, theirs)
	if w.mem, err = shm.New(memorySize); err != nil {
		conn.Close()
		return nil, err
	}
	_, outTheirs, err := sink(p.cfg.Stdout, os.Stdout, nil)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if outTheirs != os.Stdout {
		files = append(files, outTheirs)
	}
	errTo := p.cfg.Stderr
	if errTo == nil {
		errTo = os.Stderr
	}
	stderr, errTheirs, err := sink(errTo, nil, w.stderr)
	if err != nil {
		conn.Close()
		return nil, err
	}
	files = append(files, errTheirs)
	c, err := child.Start(child.Spec{
		Env:    iworker.Env(kind, p.cfg.Env),
		Files:  []*os.File{theirs, w.mem.File()},
		Stdout: outTheirs,
		Stderr: errTheirs,
	})
	if err != nil {
		conn.Close()
		stderr.Close()
		return nil, fmt.Errorf("process: starting a worker: %w", err)
	}
	p.mu.Lock()
	w.child, w.conn = c, conn
	killed := w.state == gone || w.state == retiring
	p.mu.Unlock()
	if killed {
		c.Kill()
	}
	return stderr, nil
}

// failedStart settles a worker that has no process.
func (w *worker) failedStart(err error) {
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
		p.fail(err)
	}
}

// greet tells the new process what to do and waits until it is ready.
func (w *worker) greet() error {
	p := w.p
	w.ctl = openControl(w.mem.Mem)
	h := hello{Name: p.cfg.Name, Table: wire.Describe(wire.Entries()), MaxMemory: p.cfg.MaxMemory, Log: p.logLevel(),
		Self: self.Hand(fmt.Sprintf("%s-%d", p.cfg.Name, w.id), p.cfg.Daemon)}
	if !p.cfg.Init.IsZero() {
		var e codec.Encoder
		id, err := p.cfg.Init.Encode(&e)
		if err != nil {
			err = fmt.Errorf("%w: argument of the initialiser %q: %w", futures.ErrNotEncodable, p.cfg.Init.Name(), err)
			p.fail(err)
			return err
		}
		h.HasInit, h.Init, h.InitArg = true, id, e.Buf
		bufs := newBuffers(e.Handles)
		defer bufs.release()
		if h.InitMem, err = w.sendInit(bufs); err != nil {
			return err
		}
	}
	msg, err := codec.Append(nil, &h)
	if err != nil {
		return err
	}
	if err := w.conn.Send(msgHello, msg, nil); err != nil {
		return err
	}
	for {
		fr, _, err := w.conn.Recv(true)
		if err != nil {
			return err
		}
		if fr.Type == msgLog {
			w.log(fr.Payload)
		}
		if fr.Type != msgReady {
			continue
		}
		var r introduction
		if _, err := codec.Read(fr.Payload, &r); err != nil {
			return err
		}
		return w.accept(h, r)
	}
}

// sendInit sends what the argument of the initialiser refers to.
func (w *worker) sendInit(b *buffers) (ids []uint64, err error) {
	if b == nil {
		return nil, nil
	}
	for _, s := range b.list {
		if err := w.conn.Send(msgSegment, w.segmentMessage(s.ID, s.Size), s.File()); err != nil {
			return nil, err
		}
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// accept takes a worker that has introduced itself into service.
func (w *worker) accept(h hello, r introduction) error {
	p := w.p
	if r.Fault != "" {
		err := fmt.Errorf("process: worker: %s", r.Fault)
		p.fail(err)
		return err
	}
	if r.Init != nil {
		err, _, bad := remote.Read(r.Init)
		if bad != nil {
			err = bad
		}
		err = fmt.Errorf("process: initialiser %q: %w", p.cfg.Init.Name(), err)
		p.fail(err)
		return err
	}
	if r.Table != "" {
		w.funcs = match(h.Table, r.Table)
	}
	w.rd.Lock()
	defer w.rd.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	w.tasks = ring.NewProducer(tasksMem(w.mem.Mem))
	w.results = ring.NewConsumer(resultsMem(w.mem.Mem))
	w.results.Sleep()
	p.starts.OK()
	if w.state != starting {
		return nil
	}
	w.state = ready
	if !w.spare {
		p.putIdle(w)
	}
	p.full.Store(false)
	p.dispatch()
	p.refill()
	return nil
}

// match maps the pool's functions to the worker's, by name and signature.
// Both run the same program, so the tables differ only when a function is
// registered under some condition, or after initialisation.
func match(ours, theirs string) []int32 {
	index := make(map[string]int32)
	n := int32(0)
	for line := range strings.Lines(theirs) {
		index[line] = n
		n++
	}
	var funcs []int32
	for line := range strings.Lines(ours) {
		if id, ok := index[line]; ok {
			funcs = append(funcs, id)
		} else {
			funcs = append(funcs, -1)
		}
	}
	return funcs
}

// read serves w until its end of file, and reports whether it was us who
// closed the socket.
func (w *worker) read() (closed bool) {
	for {
		fr, _, err := w.conn.Recv(true)
		if err != nil {
			w.p.mu.Lock()
			defer w.p.mu.Unlock()
			return w.state == retiring && w.frames.Load() == 0
		}
		switch fr.Type {
		case wait.Bell:
			w.rd.Lock()
			w.drain()
			if !w.dead {
				w.rest()
			}
			w.rd.Unlock()
		case msgLarge:
			w.rd.Lock()
			if err := w.receiveLarge(fr.Payload); err != nil {
				w.corrupt(err)
			} else if w.large != nil && !w.dead {
				w.drain()
				w.rest()
			}
			w.rd.Unlock()
		case msgShared:
			w.rd.Lock()
			w.receiveShared(fr.Payload)
			w.rd.Unlock()
		case msgLog:
			w.log(fr.Payload)
		}
	}
}
