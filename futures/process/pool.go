package process

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/propagate"
	"github.com/conexgo/conex/internal/watch"
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
	engine *crew.Pool
	segs   segments
}

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
	p := &Pool{cfg: cfg}
	p.segs.init()
	c := crew.Config{
		Engine: "process", Name: cfg.Name,
		Workers: cfg.Workers, Spares: cfg.Spares, Grace: cfg.Grace,
		Recycle: cfg.recycle(), OnDeath: cfg.OnDeath.death,
		Stdout: cfg.Stdout, Stderr: cfg.Stderr, Logger: cfg.Logger,
		NewLink: p.newLink, Encode: p.encode, Inject: injectOnce,
		Ended: p.segs.close,
	}
	if cfg.MaxMemory > 0 {
		c.OutOfMemory = outOfMemory
	}
	p.engine = crew.New(c)
	p.engine.Start()
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
	if err := e.Check(""); err != nil {
		return fmt.Errorf("%w: %w", futures.ErrNotEncodable, err)
	}
	return p.engine.Submit(t)
}

// injectOnce works out what propagators carry, once for each context with the
// same variables.
func injectOnce(g *watch.Group, vars inherit.Values) {
	g.Values, g.Bad = propagate.Inject(vars.Give(g.Ctx))
}

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
	switch {
	case p.inline != nil && cancel:
		return p.inline.ShutdownNow(ctx)
	case p.inline != nil:
		return p.inline.Shutdown(ctx)
	case cancel:
		return p.engine.ShutdownNow(ctx)
	}
	return p.engine.Shutdown(ctx)
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
	switch {
	case p.inline != nil:
		go p.inline.ShutdownNow(context.Background())
	case hard:
		p.engine.Kill()
	default:
		p.engine.Terminate()
	}
}
