package python

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/crew"
)

// A Pool is an executor that runs functions of Python in warm worker processes,
// one task at a time in each. See the package documentation for what it
// guarantees. Make one with [NewPool] and end it with Shutdown.
//
// Its methods are safe for concurrent use. A Pool that is forgotten keeps its
// workers until the program ends.
type Pool struct {
	cfg         Config
	interpreter string      // its path
	object      *objectSpec // nil: it is no host
	parent      *Pool
	engine      *crew.Pool
	segs        segments
	first       introduced

	mu    sync.Mutex // protects what follows
	hosts map[*Pool]bool
	ended bool // no more objects
}

// So much work, by the moving average, is a worker given at a time, and so many
// times over: it begins each by reading it from the socket, and what it has not
// read can be taken back.
const (
	unitTime = 50 * time.Microsecond
	maxUnits = 8
)

// refillDelay is how long a spare that was taken has the machine to itself: to start
// Python takes some 60 ms of a processor.
const refillDelay = 20 * time.Millisecond

var poolCount atomic.Int64

// NewPool returns a pool of workers that run Python. Its first worker starts at
// once, in the background: see [Pool.Ready] for waiting until it is there.
//
// An error matches [ErrInterpreter] if there is no interpreter. What only the
// interpreter can find out, that it is too old or that a module of Preload
// cannot be imported, breaks the pool: Ready and every call say so.
func NewPool(cfg Config) (*Pool, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := supported(cfg); err != nil {
		return nil, fmt.Errorf("python.NewPool: %w", err)
	}
	interpreter, err := findInterpreter(cfg)
	if err != nil {
		return nil, fmt.Errorf("python.NewPool: %w", err)
	}
	if cfg.Name == "" {
		cfg.Name = fmt.Sprintf("PythonPool-%d", poolCount.Add(1))
	}
	return newPool(cfg, interpreter, nil, nil), nil
}

// newPool starts a pool, of which each worker makes an object of parent's if there
// is a spec for one.
func newPool(cfg Config, interpreter string, object *objectSpec, parent *Pool) *Pool {
	p := &Pool{cfg: cfg, interpreter: interpreter, object: object, parent: parent}
	p.first.init()
	p.segs.init()
	c := crew.Config{
		Engine: engine, Name: cfg.Name,
		Workers: cfg.Workers, Spares: cfg.Spares, Grace: cfg.Grace,
		Recycle: cfg.recycle(), OnDeath: cfg.OnDeath.death,
		Stdout: cfg.Stdout, Stderr: cfg.Stderr, Logger: cfg.Logger,
		NewLink: p.newLink, Encode: p.encode, Ended: p.gone,
		MaxFrames: maxUnits, FrameTime: unitTime, RefillDelay: refillDelay,
		Broken: p.first.broken,
	}
	p.engine = crew.New(c)
	p.engine.Start()
	return p
}

// Workers returns how many tasks can run at the same time.
func (p *Pool) Workers() int { return p.cfg.Workers }

// Submit takes t over; use [futures.Submit] and its kin. An error matches
// futures.ErrShutdown, futures.ErrBroken or futures.ErrNotEncodable.
func (p *Pool) Submit(t futures.Task) error {
	e := t.Entry()
	if e == nil {
		return fmt.Errorf("%w: %q is a closure of Go: a pool of Python runs a Func, an Expr or an Inline", futures.ErrNotEncodable, t.Name())
	}
	if err := e.Check(engine); err != nil {
		return fmt.Errorf("%w: %w", futures.ErrNotEncodable, err)
	}
	if e.Key[0] == kindMethod && p.object == nil {
		return fmt.Errorf("python: %q is a method: submit it to an Object, not to a pool: %w", t.Name(), futures.ErrNotEncodable)
	}
	return p.engine.Submit(t)
}

// Ready waits until the first worker is ready for tasks, and returns nil: the
// interpreter runs, what Preload and Init name is there. Else it returns why the
// pool is broken, or, if ctx ends first, an error matching ctx.Err() and
// futures.ErrStillRunning.
func (p *Pool) Ready(ctx context.Context) error {
	select {
	case <-p.first.done:
		return p.first.err()
	default:
	}
	select {
	case <-p.first.done:
		return p.first.err()
	case <-ctx.Done():
		return fmt.Errorf("python: the first worker of %s is not ready: %w: %w", p.cfg.Name, futures.ErrStillRunning, context.Cause(ctx))
	}
}

// Interpreter returns the path of the interpreter, and its version as Python has
// it, such as "3.13.0", which is "" before the first worker was [Pool.Ready].
func (p *Pool) Interpreter() (path, version string) {
	return p.interpreter, p.first.version()
}

// Shutdown refuses further tasks, waits until those taken over are done and
// the workers have ended, and returns nil. If ctx ends first it returns an
// error matching futures.ErrStillRunning, and the shutdown goes on in the
// background. The pool's objects end, too.
func (p *Pool) Shutdown(ctx context.Context) error {
	return errors.Join(p.endObjects(func(o *Pool) error { return o.Shutdown(ctx) }), p.engine.Shutdown(ctx))
}

// ShutdownNow is [Pool.Shutdown], but futures that have not started are
// cancelled. As in Python, some tasks are with each worker already; those count
// as running.
func (p *Pool) ShutdownNow(ctx context.Context) error {
	return errors.Join(p.endObjects(func(o *Pool) error { return o.ShutdownNow(ctx) }), p.engine.ShutdownNow(ctx))
}

// Close is Shutdown without a deadline, for defer.
func (p *Pool) Close() error { return p.Shutdown(context.Background()) }

// Terminate ends the pool at once: every worker gets SIGTERM, running tasks
// fail with an error matching futures.ErrKilled, those that have not started
// are cancelled, and no further ones are taken. It does not wait; Shutdown
// does. Workers that ignore the signal are killed after Grace.
func (p *Pool) Terminate() {
	p.endObjects(func(o *Pool) error { o.Terminate(); return nil })
	p.engine.Terminate()
}

// Kill is [Pool.Terminate] with SIGKILL, for the workers and everything they
// started.
func (p *Pool) Kill() {
	p.endObjects(func(o *Pool) error { o.Kill(); return nil })
	p.engine.Kill()
}

// Stats is a snapshot of a pool. Items of Map count one by one.
type Stats = futures.WorkerPoolStats

// WorkerStats describes one worker process.
type WorkerStats = futures.WorkerStats

// Stats returns a snapshot. It reads a file for each worker, so it is not for
// tight loops. The workers of objects are in those of the [Object].
func (p *Pool) Stats() Stats { return p.engine.Stats() }
