package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/process"
	"github.com/conexgo/conex/internal/codec"
)

// A Pool runs calls on a fixed number of workers, with the methods of Python's
// multiprocessing.pool.Pool. Those that are typed are functions of this package:
// [Apply], [Map], [IMap], [StarMap2] and their other forms.
//
// [New] makes one whose workers are processes, [Over] one of any executor. End
// it with Terminate, usually deferred, or with Close and Join; a pool that is
// forgotten keeps its workers until the program ends.
//
// The zero value takes no calls: they fail with [ErrNotRunning]. A Pool must
// not be copied. It is safe for concurrent use, also from within its own calls
// if they run in this process. It cannot be sent to another process: a call
// that has one in its argument fails with an error that says so.
type Pool struct {
	_    [0]func()
	kind string
	ex   futures.Executor
	// kill ends the executor and all of its calls at once; nil: nothing can.
	kill func()
	// watched says that the executor alone cannot end running calls, so that
	// the pool knows them all.
	watched bool
	// bundled says that a chunk must be one task for the executor too, since
	// it counts them.
	bundled bool
	// divides says that the executor divides tasks among its workers as they
	// come to them, so that smaller ones only cost more.
	divides bool
	size    int
	state   atomic.Int32 // one of the states below; written under mu

	mu      sync.Mutex // protects what follows
	live    node       // the ring of calls that Terminate must end
	scope   *scope     // the context that calls were last made under
	feeders int        // those who are submitting: iterators that read their input, above all
	fed     chan struct{}
	ended   bool // fed is closed, and the executor shut down
}

// States of a pool, as Python names them.
const (
	stateInit int32 = iota
	stateRun
	stateClose
	stateTerminate
)

var stateNames = [...]string{"INIT", "RUN", "CLOSE", "TERMINATE"}

// AnyPool is a *[Pool] or a *[ThreadPool]: what the functions of this package
// take. Only types of this package implement it.
type AnyPool interface {
	// Processes returns how many workers the pool has at most.
	Processes() int
	// Close, Terminate, Join and String are those of [Pool].
	Close()
	Terminate()
	Join(ctx context.Context) error
	String() string

	base() *Pool
}

// New returns a pool of processes, which run functions made by conex.Register.
// Its first worker starts at once, in the background.
//
// The program must call conex.Main or conex.Init first; else New says which line
// to add. With CONEX_ENGINE=inline in the environment the workers are goroutines
// of this process, for debuggers.
func New(cfg Config) (*Pool, error) {
	n, err := processes(cfg.Processes)
	if err != nil {
		return nil, err
	}
	if cfg.MaxTasksPerChild < 0 {
		return nil, fmt.Errorf("multiprocessing/pool: MaxTasksPerChild is %d: it must be positive, or 0 for no limit", cfg.MaxTasksPerChild)
	}
	ex, err := process.NewPool(process.Config{
		Workers:  n,
		Spares:   -1, // as many processes as were asked for, not one more
		MaxTasks: cfg.MaxTasksPerChild,
		Context:  cfg.Context,
		Daemon:   true,
		Init:     enrol.Bind(startArg{user: cfg.Initializer}),
	})
	if err != nil {
		return nil, err
	}
	p, err := Over(ex)
	if err == nil && cfg.MaxTasksPerChild > 0 {
		p.bundled, p.divides = true, false
	}
	return p, err
}

// Over returns a pool whose calls run on ex: the same calls on any engine, or on
// one with settings of its own. The pool owns ex from now on: Close, Terminate
// and Join are about ex too.
//
// Terminate ends running calls at once if ex has a method Terminate, as process
// pools do. Else it ends their contexts and fails their results, but what
// ignores its context goes on.
func Over(ex futures.Executor) (*Pool, error) {
	if ex == nil {
		return nil, errors.New("multiprocessing/pool: Over(nil): an executor is needed")
	}
	p := new(Pool)
	p.init("Pool", ex)
	if t, ok := ex.(interface{ Terminate() }); ok {
		p.kill = t.Terminate
	}
	_, processes := ex.(*process.Pool)
	p.divides = processes && !inline()
	// Inline workers are goroutines, which the executor cannot end.
	p.watched = p.kill == nil || inline()
	return p, nil
}

// inline reports whether process pools run their tasks in this process.
func inline() bool { return os.Getenv("CONEX_ENGINE") == "inline" }

func (p *Pool) init(kind string, ex futures.Executor) {
	p.kind, p.ex, p.size = kind, ex, max(ex.Workers(), 1)
	p.fed = make(chan struct{})
	p.live.next, p.live.prev = &p.live, &p.live
	p.watched = true
	p.state.Store(stateRun)
}

func (p *Pool) base() *Pool { return p }

// poolOf is the pool behind p, if it takes calls.
func poolOf(p AnyPool) (*Pool, error) {
	if p == nil {
		return nil, errNoPool
	}
	b := p.base()
	if b == nil || b.state.Load() == stateInit {
		return nil, errNoPool
	}
	if b.state.Load() != stateRun {
		return nil, ErrNotRunning
	}
	return b, nil
}

var errNoPool = fmt.Errorf("%w: it is nil or a zero value: make one with New, NewThreadPool or Over", ErrNotRunning)

// Processes returns how many workers the pool has at most.
func (p *Pool) Processes() int { return p.size }

// String shows the state, as INIT, RUN, CLOSE or TERMINATE, and the number of
// workers: "Pool(state=RUN, size=4)".
func (p *Pool) String() string {
	if p == nil {
		return "Pool(nil)"
	}
	kind := p.kind
	if kind == "" {
		kind = "Pool"
	}
	return fmt.Sprintf("%s(state=%s, size=%d)", kind, stateNames[p.state.Load()], p.size)
}

// AppendHandle answers [ErrNotSendable]: pools belong to the process that made
// them.
func (p *Pool) AppendHandle(*codec.Encoder) error { return ErrNotSendable }

// ReadHandle answers [ErrNotSendable].
func (p *Pool) ReadHandle(*codec.Decoder) error { return ErrNotSendable }
