package futures

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/watch"
)

// A threads is what a ThreadPool and its workers share.
type threads struct {
	limit    int
	name     string
	init     func(context.Context) error
	isolated bool
	ctxs     *watch.Watcher
	unexit   func()
	born     time.Time

	mu    sync.Mutex // protects what follows
	queue taskQueue
	idle  []*thread // asleep, the latest last: it is the warmest
	alive int       // goroutines
	// waking says that a worker has been woken or started that has not
	// looked at the queue yet. It will wake the next if there is more to
	// do, so nobody else needs to.
	waking   bool
	looking  int // workers that will look at the queue in a moment
	numbers  int // workers named so far
	initing  int // workers that will be there once their Init is over
	closing  bool
	broken   error         // why nothing runs any more
	ended    chan struct{} // closed when closing, and all is done
	over     bool          // ended is closed
	sweeping bool          // a goroutine looks for tasks whose context has ended
	again    bool          // it is to look once more

	queued, running, done, failed int64 // items
	clock                         int64 // recent time, in nanoseconds since born
	ticks                         uint  // pushes
}

func newThreads(cfg ThreadConfig, isolated bool) *threads {
	p := &threads{
		limit: cfg.Workers, name: cfg.Name, init: cfg.Init, isolated: isolated,
		born: time.Now(), ended: make(chan struct{}),
	}
	p.ctxs = watch.New(func(*watch.Group) { p.ctxEnded() })
	p.unexit = exit.Register(exit.Executors, p.atExit)
	return p
}

// An entry is a task in the queue.
type entry struct {
	t     Task
	group *watch.Group // nil if its context never ends
	at    int64        // when it was queued, about
}

func (p *threads) submit(t Task) error {
	if p.isolated {
		it, err := isolate(t)
		if err != nil {
			return err
		}
		t = it
	}
	en := entry{t: t}
	n, ctx := int64(t.Len()), t.Context()
	p.mu.Lock()
	if p.closing || p.broken != nil {
		err := p.broken
		p.mu.Unlock()
		if err == nil {
			err = ErrShutdown
		}
		return err
	}
	if ctx.Done() != nil {
		// From here on its end is noticed; earlier ends are not.
		en.group = p.ctxs.Enter(ctx, nil)
		if ctx.Err() != nil {
			p.mu.Unlock()
			en.group.Leave()
			return ctxError(ctx)
		}
	}
	// The clock costs as much as half of the rest of Submit, so it is read
	// for every eighth task that waits, and not at all for one that will
	// be taken at once.
	if p.queue.size > 0 || p.looking == 0 && len(p.idle) == 0 {
		if p.ticks%8 == 0 || p.queue.size == 0 {
			p.clock = int64(time.Since(p.born))
		}
		p.ticks++
		en.at = p.clock
	}
	p.queue.push(en)
	p.queued += n
	p.wakeNext() // unlocks
	return nil
}

// wakeNext makes one more worker look at the queue, unless one is on its way
// or all are busy. The caller holds mu; wakeNext releases it.
func (p *threads) wakeNext() {
	if p.waking || p.looking > 0 || p.queue.size == 0 {
		p.mu.Unlock()
		return
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.waking, w.woken, w.called = true, true, true
		p.mu.Unlock()
		w.bed.Signal()
		return
	}
	if p.alive < p.limit && p.queue.size > p.initing {
		p.waking = true
		p.alive++
		w := &thread{p: p, name: fmt.Sprintf("%s_%d", p.name, p.numbers), called: true}
		w.bed.L = &p.mu
		p.numbers++
		p.mu.Unlock()
		go w.run()
		return
	}
	p.mu.Unlock()
}

// wakeAll makes every idle worker look around. The caller holds mu.
func (p *threads) wakeAll() {
	for _, w := range p.idle {
		w.woken = true
		w.bed.Signal()
	}
	p.idle = nil
}

// maybeOver notes the end. The caller holds mu.
func (p *threads) maybeOver() {
	if !p.closing || p.over || p.alive > 0 || p.queue.size > 0 {
		return
	}
	p.over = true
	close(p.ended)
	p.ctxs.Close()
	p.unexit()
}

// takeAll empties the queue. The caller holds mu.
func (p *threads) takeAll() []entry {
	all := make([]entry, 0, p.queue.size)
	for p.queue.size > 0 {
		all = append(all, p.queue.pop())
	}
	p.queued = 0
	return all
}

// failAll ends tasks that have not started. The caller does not hold mu:
// futures' callbacks run here.
func failAll(entries []entry, err error) {
	for _, en := range entries {
		en.t.Fail(-1, err)
		en.group.Leave()
	}
}

func (p *threads) shutdown(ctx context.Context, cancel bool) error {
	var dropped []entry
	p.mu.Lock()
	p.closing = true
	if cancel {
		dropped = p.takeAll()
	}
	p.wakeAll()
	p.maybeOver()
	p.mu.Unlock()
	failAll(dropped, ErrCancelled)
	select {
	case <-p.ended:
		return nil
	default:
	}
	if w, ok := ctx.Value(threadKey{}).(*thread); ok && w.p == p {
		return fmt.Errorf("%w: Shutdown of %s was called within it", ErrStillRunning, p.name)
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		st := p.stats()
		return stillRunning(ctx, fmt.Sprintf("%s: %d calls running, %d queued", p.name, st.Running, st.Queued))
	}
}

// forget is called when the program has dropped the pool.
func (p *threads) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = true
	p.wakeAll()
	p.maybeOver()
}

// atExit ends the pool with the program: it does what is queued, or at least
// what has begun when there is no time.
func (p *threads) atExit(ctx context.Context) {
	if p.shutdown(ctx, false) != nil {
		p.shutdown(ctx, true)
	}
}

// fail breaks the pool.
func (p *threads) fail(err error) {
	p.mu.Lock()
	if p.broken == nil {
		p.broken = err
	}
	err = p.broken
	p.closing = true
	dropped := p.takeAll()
	for _, en := range dropped {
		p.failed += int64(en.t.Len())
	}
	p.wakeAll()
	p.mu.Unlock()
	failAll(dropped, err)
}

// ctxEnded is called when a context has ended under which tasks may be queued.
// One goroutine looks for them, however many contexts end together.
func (p *threads) ctxEnded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again = true
	if p.sweeping {
		return
	}
	p.sweeping = true
	for p.again {
		p.again = false
		dropped := p.queue.removeIf(func(en *entry) bool { return en.group.Ended() })
		for _, en := range dropped {
			p.queued -= int64(en.t.Len())
			p.failed += int64(en.t.Len())
		}
		p.maybeOver()
		p.mu.Unlock()
		for _, en := range dropped {
			en.t.Fail(-1, ctxError(en.group.Ctx))
			en.group.Leave()
		}
		p.mu.Lock()
	}
	p.sweeping = false
}

func (p *threads) stats() ThreadStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := ThreadStats{Queued: p.queued, Running: p.running, Done: p.done, Failed: p.failed, Workers: p.alive}
	if p.queue.size > 0 {
		st.OldestWait = max(time.Since(p.born)-time.Duration(p.queue.front().at), 0)
	}
	return st
}

// initFailed breaks the pool because a worker's Init did not succeed.
func (w *thread) initFailed(err error) {
	slog.Error("futures: initialiser failed", "thread", w.name, "error", err)
	w.p.fail(fmt.Errorf("%w: initialiser of %s: %w", ErrBroken, w.name, err))
}
