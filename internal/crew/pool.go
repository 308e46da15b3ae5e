package crew

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/policy"
	"github.com/conexgo/conex/internal/shm"
	"github.com/conexgo/conex/internal/watch"
)

// A Pool is an executor without the parts that an engine brings; see [Config].
// Make one with [New] and end it with Shutdown. Its methods are safe for
// concurrent use, and what the engine's own do.
type Pool struct {
	cfg  Config
	ctxs *watch.Watcher
	avg  averages

	// What was os.Stdout, in a descriptor of the pool's own, and os.Stderr when the
	// pool was made: workers start at any time, and the program may change either.
	stdout, stderr *os.File

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
	workers, idle, spares, dying []*Worker
	spinner                      *Worker // the one that may spin
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

// New returns a pool, which is open, but has no workers before Start.
func New(cfg Config) *Pool {
	p := &Pool{cfg: cfg.withDefaults(), ended: make(chan struct{}), began: time.Now()}
	p.ctxs = watch.New(p.ctxEnded)
	p.stderr = os.Stderr
	if cfg.Stdout == nil {
		p.stdout, _ = shm.Dup(os.Stdout) // if it is closed, that of workers is the null device
	}
	p.unexit = exit.Register(exit.Executors, func(ctx context.Context) {
		if ctx.Err() != nil {
			p.ShutdownNow(context.Background())
			return
		}
		if p.Shutdown(ctx) != nil {
			p.ShutdownNow(context.Background())
		}
	})
	return p
}

// Start starts the first worker, in the background. The engine calls it once,
// when links may find the pool.
func (p *Pool) Start() {
	p.mu.Lock()
	p.start()
	p.mu.Unlock()
}

// Workers returns how many tasks can run at the same time.
func (p *Pool) Workers() int { return p.cfg.Workers }

// Submit takes t over, which the engine has found to be one of its own. An error
// matches futures.ErrShutdown, futures.ErrBroken or futures.ErrNotEncodable.
func (p *Pool) Submit(t futures.Task) error {
	mem, err := p.cfg.Encode(t)
	en := Entry{T: t, To: int32(t.Len()), Mem: mem}
	if err != nil {
		en.leave()
		return fmt.Errorf("%w: argument of %q: %w", futures.ErrNotEncodable, t.Name(), err)
	}
	if ctx := t.Context(); ctx != nil && ctx != context.Background() {
		en.Group = p.ctxs.EnterWith(ctx, t.Inherited(), p.cfg.Inject)
		if ctx.Err() != nil {
			en.leave()
			return watch.Reason(ctx)
		}
		if g := en.Group; g != nil && g.Bad != nil {
			err := g.Bad
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
	var dropped []Entry
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
		en.Fail(futures.ErrCancelled)
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
		return fmt.Errorf("%s: %d tasks of %s: %w: %w", p.cfg.Engine, p.pending.Load(), p.cfg.Name, futures.ErrStillRunning, ctx.Err())
	}
}

// finished accounts for a task of which every item has ended.
func (p *Pool) finished(en Entry) {
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
		if p.stdout != nil {
			p.stdout.Close()
		}
		if p.cfg.Ended != nil {
			p.cfg.Ended()
		}
		close(p.ended)
	}()
}

// everyone lists all workers. The caller holds mu.
func (p *Pool) everyone() []*Worker {
	all := append([]*Worker(nil), p.workers...)
	all = append(all, p.spares...)
	return append(all, p.dying...)
}

// Fail breaks the pool: every future fails with err, every worker is killed.
func (p *Pool) Fail(err error) {
	err = fmt.Errorf("%w: %w", futures.ErrBroken, err)
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
	if p.cfg.Broken != nil {
		p.cfg.Broken(err)
	}
	for _, w := range all {
		w.kill(err, false)
	}
	for _, en := range dropped {
		en.Fail(err)
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
		en.Fail(futures.ErrCancelled)
		p.finished(en)
	}
	for _, w := range all {
		w.kill(futures.ErrKilled, !hard)
	}
	p.maybeEnd()
}
