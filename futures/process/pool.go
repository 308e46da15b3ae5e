package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/policy"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/watch"
	"github.com/conexgo/conex/internal/wire"
	iworker "github.com/conexgo/conex/internal/worker"
)

// A Pool is an executor that runs registered functions in warm worker
// processes, one task at a time in each. See the package documentation for
// what it guarantees. Make one with [NewPool] and end it with Shutdown.
//
// Its methods are safe for concurrent use. A Pool that is forgotten keeps its
// workers until the program ends.
type Pool struct {
	cfg    Config
	inline *futures.ThreadPool // CONEX_ENGINE=inline: everything happens there

	ctxs *watch.Watcher
	segs segments

	// avg is the moving average of nanoseconds an item of each function
	// took, by function; 0 is unknown.
	avg []atomic.Int64

	running   atomic.Int64 // items sent and not finished
	done      atomic.Int64 // items that ended well
	failed    atomic.Int64 // items that ended otherwise
	killed    atomic.Int64 // workers that were killed
	restarts  atomic.Int64 // workers that died or were killed
	pending   atomic.Int64 // tasks taken over and not finished
	unexit    func()
	processes sync.WaitGroup // one for each worker's goroutine

	// full says that no worker has room, so that Submit need not look: who
	// makes room looks into the inbox.
	full atomic.Bool
	in   inbox

	mu sync.Mutex // protects what follows; taken after a worker's rd
	// queue holds what no worker has; queued counts its items.
	queue  deque
	queued int64
	// workers are the active ones, also those starting; idle the ready
	// ones with nothing to do, the hottest last. spares wait for their
	// turn; dying have been given up and are not yet reaped.
	workers, idle, spares, dying []*worker
	spinner                      *worker // the one that may spin
	starts                       policy.Starts
	nextID                       int
	state                        state         // written under mu and in.mu
	broken                       error         // why, if state is broken; likewise
	ticking                      bool          // see steal.go
	ended                        chan struct{} // closed when everything is over
	sweeping, sweepAgain         bool          // see cancel.go
	refilling                    bool          // a delayed start is due
	began                        time.Time
}

type state int

const (
	open     state = iota
	shutting       // no more tasks; those taken over are finished
	broken         // nothing runs any more
)

var poolCount atomic.Int64

// NewPool returns a pool that runs the functions registered with
// conex.Register. Its first worker starts at once, in the background.
//
// The program must call conex.Main or conex.Init first; else NewPool says
// which line to add. With CONEX_ENGINE=inline in the environment the pool runs
// its tasks in this process, with arguments and results copied as ever: for
// debuggers and coverage.
func NewPool(cfg Config) (*Pool, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Name == "" {
		cfg.Name = fmt.Sprintf("ProcessPool-%d", poolCount.Add(1))
	}
	if os.Getenv("CONEX_ENGINE") == "inline" {
		return newInline(cfg)
	}
	if err := iworker.Check(); err != nil {
		return nil, err
	}
	if err := supported(cfg); err != nil {
		return nil, fmt.Errorf("process.NewPool: %w", err)
	}
	p := &Pool{
		cfg:   cfg,
		avg:   make([]atomic.Int64, len(wire.Entries())+64),
		ended: make(chan struct{}),
		began: time.Now(),
	}
	p.ctxs = watch.New(p.ctxEnded)
	p.segs.init()
	p.unexit = exit.Register(exit.Executors, func(ctx context.Context) {
		if ctx.Err() != nil {
			p.ShutdownNow(context.Background())
			return
		}
		if p.Shutdown(ctx) != nil {
			p.ShutdownNow(context.Background())
		}
	})
	p.mu.Lock()
	p.start()
	p.mu.Unlock()
	return p, nil
}

// Workers returns how many tasks can run at the same time.
func (p *Pool) Workers() int { return p.cfg.Workers }

// Submit takes t over; use [futures.Submit] and its kin. An error matches
// futures.ErrShutdown, futures.ErrBroken or futures.ErrNotEncodable.
func (p *Pool) Submit(t futures.Task) error {
	if p.inline != nil {
		return p.inline.Submit(t)
	}
	e := t.Entry()
	if e == nil {
		return fmt.Errorf("process: %q is not a registered function: only those made by conex.Register can run in another process: %w",
			t.Name(), futures.ErrNotEncodable)
	}
	if e.Err != nil {
		return fmt.Errorf("%w: %w", futures.ErrNotEncodable, e.Err)
	}
	en := entry{t: t, to: int32(t.Len())}
	if err := p.encode(&en); err != nil {
		en.leave()
		return fmt.Errorf("%w: argument of %q: %w", futures.ErrNotEncodable, t.Name(), err)
	}
	if ctx := t.Context(); ctx != nil && ctx != context.Background() {
		en.group = p.ctxs.EnterWith(ctx, t.Inherited(), injectOnce)
		if ctx.Err() != nil {
			en.leave()
			return watch.Reason(ctx)
		}
		if err := en.group.Bad; err != nil {
			en.leave()
			return fmt.Errorf("%w: context of %q: %w", futures.ErrNotEncodable, t.Name(), err)
		}
	}
	if err := p.in.put(p, en); err != nil {
		en.leave()
		return err
	}
	// Whoever sets full to false looks into the inbox afterwards.
	if !p.full.Load() {
		p.mu.Lock()
		p.dispatch()
		p.mu.Unlock()
	}
	return nil
}

// injectOnce works out what propagators carry, once for each context with the
// same variables.
func injectOnce(g *watch.Group, vars inherit.Values) {
	g.Values, g.Bad = propagate.Inject(vars.Give(g.Ctx))
}

// refusal says why no more tasks are taken. The caller holds mu or in.mu.
func (p *Pool) refusal() error {
	if p.state == broken {
		return p.broken
	}
	return futures.ErrShutdown
}

func now() int64 { return time.Now().UnixNano() }

// Shutdown refuses further tasks, waits until those taken over are done and
// the workers have ended, and returns nil. If ctx ends first it returns an
// error matching futures.ErrStillRunning, and the shutdown goes on in the
// background.
func (p *Pool) Shutdown(ctx context.Context) error { return p.shutdown(ctx, false) }

// ShutdownNow is [Pool.Shutdown], but futures that have not started are
// cancelled. As in Python, up to a frame of tasks is with each worker already;
// those count as running.
func (p *Pool) ShutdownNow(ctx context.Context) error { return p.shutdown(ctx, true) }

// Close is Shutdown without a deadline, for defer.
func (p *Pool) Close() error { return p.Shutdown(context.Background()) }

func (p *Pool) shutdown(ctx context.Context, cancel bool) error {
	if p.inline != nil {
		if cancel {
			return p.inline.ShutdownNow(ctx)
		}
		return p.inline.Shutdown(ctx)
	}
	var dropped []entry
	p.mu.Lock()
	if p.state == open {
		p.setState(shutting, nil)
	}
	if cancel {
		p.merge()
		dropped = p.queue.takeAll()
		p.queued = 0
	}
	p.mu.Unlock()
	for _, en := range dropped {
		en.fail(futures.ErrCancelled)
		p.finished(en)
	}
	p.maybeEnd()
	select {
	case <-p.ended:
		return nil
	default:
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("process: %d tasks of %s: %w: %w", p.pending.Load(), p.cfg.Name, futures.ErrStillRunning, ctx.Err())
	}
}

// finished accounts for a task of which every item has ended.
func (p *Pool) finished(en entry) {
	en.leave()
	if p.pending.Add(-1) == 0 {
		p.maybeEnd()
	}
}

// maybeEnd ends the workers once a pool that takes no more tasks has none
// left.
func (p *Pool) maybeEnd() {
	p.mu.Lock()
	if p.state == open || p.pending.Load() != 0 || p.unexit == nil {
		p.mu.Unlock()
		return
	}
	unexit := p.unexit
	p.unexit = nil
	all := p.everyone()
	p.mu.Unlock()
	unexit()
	for _, w := range all {
		w.retire()
	}
	go func() {
		p.processes.Wait()
		p.ctxs.Close()
		p.segs.close()
		close(p.ended)
	}()
}

// everyone lists all workers. The caller holds mu.
func (p *Pool) everyone() []*worker {
	all := append([]*worker(nil), p.workers...)
	all = append(all, p.spares...)
	return append(all, p.dying...)
}

// fail breaks the pool: every future fails with err, every worker is killed.
func (p *Pool) fail(err error) {
	err = errors.Join(futures.ErrBroken, err)
	p.mu.Lock()
	if p.state == broken {
		p.mu.Unlock()
		return
	}
	p.setState(broken, err)
	p.merge()
	dropped := p.queue.takeAll()
	p.queued = 0
	all := p.everyone()
	p.mu.Unlock()
	for _, w := range all {
		w.kill(err, false)
	}
	for _, en := range dropped {
		en.fail(err)
		p.finished(en)
	}
	p.maybeEnd()
}

// Terminate ends the pool at once: every worker gets SIGTERM, running tasks
// fail with an error matching futures.ErrKilled, those that have not started
// are cancelled, and no further ones are taken. It does not wait; Shutdown
// does. Workers that ignore the signal are killed after Grace.
func (p *Pool) Terminate() { p.endAll(false) }

// Kill is [Pool.Terminate] with SIGKILL, for the workers and everything they
// started.
func (p *Pool) Kill() { p.endAll(true) }

func (p *Pool) endAll(hard bool) {
	if p.inline != nil {
		go p.inline.ShutdownNow(context.Background())
		return
	}
	p.mu.Lock()
	if p.state == open {
		p.setState(shutting, nil)
	}
	p.merge()
	dropped := p.queue.takeAll()
	p.queued = 0
	all := p.everyone()
	p.mu.Unlock()
	for _, en := range dropped {
		en.fail(futures.ErrCancelled)
		p.finished(en)
	}
	for _, w := range all {
		w.kill(futures.ErrKilled, !hard)
	}
	p.maybeEnd()
}
