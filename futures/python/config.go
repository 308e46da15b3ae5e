package python

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/conexgo/conex/internal/policy"
)

// Config says how a [Pool] works. The zero value is a good one.
type Config struct {
	// Interpreter is the Python that workers run: a path, or a name that is
	// looked up in PATH. "" means that of Venv; without Venv that of the
	// environment which VIRTUAL_ENV names; and else python3, or python, of
	// PATH. It must be CPython 3.8 or newer.
	Interpreter string

	// Venv is the directory of a virtual environment, whose Interpreter and
	// packages are used.
	Venv string

	// Flags are given to the interpreter, such as "-X", "dev" or "-W", "error".
	Flags []string

	// Path is put in front of sys.path: the directories of the modules that
	// functions are in. Relative ones are relative to this process's directory,
	// not to Dir. What PYTHONPATH says comes after them.
	Path []string

	// Preload are modules that workers import before they are ready. If one
	// cannot be imported the pool is broken, and says why.
	Preload []string

	// Init is a call that each worker makes before its first task:
	//
	//	python.Func[string, struct{}]("models:load").Bind("weights.bin")
	//
	// If it raises an exception the pool is broken: every future fails with an
	// error that matches futures.ErrBroken and is a *[Error].
	Init Bound

	// Workers is how many tasks run at the same time, each in a process of
	// its own. 0 means runtime.GOMAXPROCS(0), which respects the limits of
	// a container. Workers start when they are needed.
	Workers int

	// Spares is how many more workers wait, started and initialised, to
	// take the place of one that dies, is killed or is recycled. 0 means 1;
	// a negative number means none.
	Spares int

	// Grace is how long a task may go on after its context has ended, or
	// its time is over. At that moment Cancelled, an exception which only
	// `except BaseException` catches, is raised in the task; after Grace its
	// worker and everything that it started is killed. 0 means one second;
	// negative means no grace at all.
	Grace time.Duration

	// A worker is replaced between two tasks once it has run MaxTasks
	// tasks, is MaxAge old, or has MaxRSS bytes of memory resident. 0 means
	// no such limit.
	MaxTasks int
	MaxAge   time.Duration
	MaxRSS   int64

	// MaxMemory is the hard limit on a worker's memory, in bytes: beyond it
	// Python raises MemoryError, which is an error of the task like any other.
	// C code that does not expect that may end the worker instead. 0 means no
	// limit. Only Linux can do it (RLIMIT_DATA); elsewhere NewPool answers
	// errors.ErrUnsupported. Less than 32 MiB leaves no room for Python itself.
	MaxMemory int64

	// OnDeath says what becomes of the task that a worker had begun and not
	// finished when it died by itself. The zero value is Fail.
	OnDeath Policy

	// Dir is the workers' working directory. "" means this process's.
	Dir string

	// Env is added to the workers' environment, as "key=value".
	Env []string

	// Stdout and Stderr receive what workers write there; nil means this
	// process's own. The last few KiB of Stderr are kept for errors.
	Stdout, Stderr io.Writer

	// Logger receives the records of the workers' logging, at the level they
	// were logged with. nil means slog.Default().
	Logger *slog.Logger

	// Name is shown in logs and statistics. "" means "PythonPool-N". Its
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
// it. Only death is retried, never an exception that the function raised, and
// never a task that was killed because its time was over.
func Retry(n int) Policy { return Policy{policy.Retry(n)} }

const (
	defaultGrace  = time.Second
	maxWorkers    = 10_000
	minimumMemory = 32 << 20
)

// withDefaults returns c with its zero fields filled in, or what is wrong
// with it.
func (c Config) withDefaults() (Config, error) {
	fail := func(format string, args ...any) (Config, error) {
		return c, fmt.Errorf("python.NewPool: "+format, args...)
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
	for _, v := range c.Env {
		if strings.IndexByte(v, '=') < 1 || strings.IndexByte(v, 0) >= 0 {
			return fail("Env has %q: it must be \"key=value\"", v)
		}
	}
	if n := c.OnDeath.death.Retries(); n < 0 {
		return fail("Retry(%d): the number of retries must not be negative", n)
	}
	return c, nil
}

func (c Config) recycle() policy.Recycle {
	return policy.Recycle{MaxTasks: c.MaxTasks, MaxAge: c.MaxAge, MaxRSS: c.MaxRSS}
}
