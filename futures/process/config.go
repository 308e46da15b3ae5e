package process

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/internal/policy"
	"github.com/conexgo/conex/multiprocessing"
)

// Config says how a [Pool] works. The zero value is a good one.
type Config struct {
	// Workers is how many tasks run at the same time, each in a process of
	// its own. 0 means runtime.GOMAXPROCS(0), which respects the limits of
	// a container. Workers start when they are needed.
	Workers int

	// Spares is how many more workers wait, started and initialised, to
	// take the place of one that dies, is killed or is recycled. 0 means 1;
	// a negative number means none.
	Spares int

	// Init runs once in each worker before its first task. If it fails, or
	// panics, the pool is broken: every future fails with an error that
	// matches futures.ErrBroken and the cause.
	Init conex.Bound

	// Grace is how long a task may go on after its context has ended, or
	// its time is over, before its worker and everything that it started is
	// killed. 0 means one second; negative means no grace at all.
	Grace time.Duration

	// A worker is replaced between two tasks once it has run MaxTasks
	// tasks, is MaxAge old, or has MaxRSS bytes of memory resident. 0 means
	// no such limit.
	MaxTasks int
	MaxAge   time.Duration
	MaxRSS   int64

	// MaxMemory is the hard limit on a worker's memory, in bytes: an
	// allocation beyond it ends the worker, and the error says so in its
	// Limit. The worker's garbage collector works towards 80 % of it. 0
	// means no limit. Only Linux can do it (RLIMIT_DATA); elsewhere, and
	// under the race detector, NewPool answers errors.ErrUnsupported. A
	// limit below 64 MiB leaves a Go program little room.
	MaxMemory int64

	// OnDeath says what becomes of the task that a worker had begun and not
	// finished when it died by itself. The zero value is Fail.
	OnDeath Policy

	// Context is the start method, as in package multiprocessing; the zero
	// value is the program's. Workers are started alike for all methods that
	// can be used, and Spares is their stock; multiprocessing.Fork is an
	// error.
	Context multiprocessing.Context

	// Daemon makes the workers daemonic: tasks that try to start processes
	// by package multiprocessing get multiprocessing.ErrDaemonChild, as in
	// Python's multiprocessing.Pool.
	Daemon bool

	// Env is added to the workers' environment, as "key=value".
	Env []string

	// Stdout and Stderr receive what workers write there; nil means this
	// process's own. The last few KiB of Stderr are kept for errors.
	Stdout, Stderr io.Writer

	// Logger receives the workers' log/slog records, at the level they were
	// logged with. nil means slog.Default().
	Logger *slog.Logger

	// Name is shown in logs and statistics. "" means "ProcessPool-N". Its
	// workers are called Name-1, Name-2 and so on.
	Name string
}

// A Policy says what happens to a task whose worker died while it ran.
type Policy struct{ death policy.Death }

// Fail makes the task's future fail with a *futures.WorkerDiedError. Nothing
// else is affected.
var Fail Policy

// Break makes the death of one worker the end of the pool, as in Python's
// ProcessPoolExecutor: all futures fail with an error matching futures.ErrBroken
// and futures.ErrWorkerDied.
var Break = Policy{policy.Break()}

// Retry runs the task again on another worker, up to n times, and then fails
// it. Only death is retried, never an error that the function returned, and
// never a task that was killed because its time was over.
func Retry(n int) Policy { return Policy{policy.Retry(n)} }

const (
	defaultGrace  = time.Second
	maxWorkers    = 10_000
	minimumMemory = 16 << 20
)

// withDefaults returns c with its zero fields filled in, or what is wrong
// with it.
func (c Config) withDefaults() (Config, error) {
	fail := func(format string, args ...any) (Config, error) {
		return c, fmt.Errorf("process.NewPool: "+format, args...)
	}
	if c.Workers < 0 || c.Workers > maxWorkers {
		return fail("Workers is %d: it must be between 1 and %d, or 0 for one a processor", c.Workers, maxWorkers)
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Spares == 0 {
		c.Spares = 1
	}
	c.Spares = max(c.Spares, 0)
	if c.Grace == 0 {
		c.Grace = defaultGrace
	}
	c.Grace = max(c.Grace, 0)
	if err := c.recycle().Check(); err != nil {
		return fail("%w", err)
	}
	if c.MaxMemory != 0 && c.MaxMemory < minimumMemory {
		return fail("MaxMemory is %d bytes: a worker needs at least %d", c.MaxMemory, minimumMemory)
	}
	if m := c.Context.Method; m != multiprocessing.DefaultStartMethod {
		if _, err := multiprocessing.GetContext(m); err != nil {
			return fail("%w", err)
		}
	}
	if c.OnDeath.death.Retries() < 0 {
		return fail("Retry(%d): the number of retries must not be negative", c.OnDeath.death.Retries())
	}
	return c, nil
}

func (c Config) recycle() policy.Recycle {
	return policy.Recycle{MaxTasks: c.MaxTasks, MaxAge: c.MaxAge, MaxRSS: c.MaxRSS}
}
