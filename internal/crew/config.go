package crew

import (
	"io"
	"log/slog"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/policy"
	"github.com/conexgo/conex/internal/watch"
)

// A Config is an engine and what its user wishes. The engine has checked the
// user's part, and filled in what was not given.
type Config struct {
	Engine string // in front of errors: "process"
	Name   string // of the pool, in logs and statistics

	// Workers is how many tasks run at the same time; Spares how many more
	// workers wait to take the place of one that ends.
	Workers, Spares int

	// Grace is how long a task may go on after its context has ended, or its
	// time is over, before its worker is killed.
	Grace time.Duration

	Recycle policy.Recycle
	OnDeath policy.Death

	// Stdout and Stderr receive what workers write there; nil means this
	// process's own. Logger receives their log records; nil means the default.
	Stdout, Stderr io.Writer
	Logger         *slog.Logger

	// NewLink makes the way to a new worker. It must not use the pool's methods.
	NewLink func(w *Worker) Link

	// Encode fixes the bytes of a task's arguments at Submit, and returns what the
	// engine keeps for it, or nil; also if it fails: the pool gives it up then.
	Encode func(t futures.Task) (Memory, error)

	// Inject works out what the workers are told of a context, once for all tasks
	// that have it; see [watch.Watcher.EnterWith]. It may be nil.
	Inject func(g *watch.Group, vars inherit.Values)

	// OutOfMemory reports whether a worker that died by itself did so for lack of
	// memory. It is nil if there is no limit.
	OutOfMemory func(e *futures.WorkerDiedError) bool

	// Broken is called when the pool breaks, with the error that all tasks get.
	// Ended is called when it has ended and every worker is gone. Both may be nil.
	Broken func(err error)
	Ended  func()

	// RefillDelay is how long after a spare was taken the next one starts: a start
	// takes processor time that the task on the spare may need.
	RefillDelay time.Duration

	// MaxFrames is how many frames a worker may have at the same time, and
	// FrameTime how much work each is meant to be. 0 means two, and a millisecond.
	MaxFrames int
	FrameTime time.Duration
}

func (c Config) withDefaults() Config {
	if c.MaxFrames == 0 {
		c.MaxFrames = 2
	}
	if c.FrameTime == 0 {
		c.FrameTime = frameTime
	}
	return c
}
