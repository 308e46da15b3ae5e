package pool

import (
	"context"
	"fmt"
	"runtime"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
)

// Config says how a [Pool] of processes works. The zero value is the default.
//
// What is not here, such as limits on memory and the workers' environment, is
// in process.Config: give the pool that process.NewPool makes to [Over].
type Config struct {
	// Processes is how many workers there are at most; they start when they
	// are needed. 0 means runtime.GOMAXPROCS(0), which respects the limits
	// of a container.
	Processes int

	// Initializer runs once in each worker before its first task. If it
	// fails or panics the pool is broken: all calls, made before or after,
	// fail with an error matching ErrInitializer and the reason. (Python
	// starts such workers for ever.)
	Initializer conex.Bound

	// MaxTasksPerChild is how many tasks a worker runs before another takes
	// its place. 0 means no limit. A task is a call of Apply, or a chunk.
	MaxTasksPerChild int

	// Context says how workers are started. The zero value is the default
	// start method.
	Context multiprocessing.Context
}

// ThreadConfig says how a [ThreadPool] works. The zero value is the default.
type ThreadConfig struct {
	// Processes is how many goroutines work at most; they start when they
	// are needed. 0 means runtime.GOMAXPROCS(0). (It is Python's name: the
	// two kinds of pool take the same parameters.)
	Processes int

	// Initializer runs once in each worker before its first task; see
	// Config.Initializer for what happens when it fails.
	Initializer func(ctx context.Context) error
}

const maxProcesses = 10_000

// processes is n with its default filled in, or what is wrong with it.
func processes(n int) (int, error) {
	switch {
	case n == 0:
		return runtime.GOMAXPROCS(0), nil
	case n < 0 || n > maxProcesses:
		return 0, fmt.Errorf("multiprocessing/pool: Processes is %d: it must be between 1 and %d, or 0 for one a processor", n, maxProcesses)
	}
	return n, nil
}
