package dummy

import (
	"context"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/threading"
)

// A Process is a thread with the methods that a process has. It is made by
// [New] or [Go], must not be copied, and is safe for concurrent use.
type Process struct {
	*threading.Thread
}

// An Option is one of package threading: WithName, WithDaemon and so on.
type Option = threading.Option

// WithName gives a process its name.
func WithName(name string) Option { return threading.WithName(name) }

// WithDaemon says whether the program waits for a process at its end.
func WithDaemon(daemon bool) Option { return threading.WithDaemon(daemon) }

// New returns a process that will call target, whose argument is passed as it
// is. It starts nothing.
func New(target conex.Bound, opts ...Option) *Process {
	return &Process{threading.New(target.Call, opts...)}
}

// Go makes a process that calls target and starts it.
func Go(ctx context.Context, target conex.Bound, opts ...Option) (*Process, error) {
	p := New(target, opts...)
	return p, p.Start(ctx)
}

// Start starts the process as a child of the one that ctx carries: the thread
// whose [ActiveChildren] it is. The errors are those of threading.Thread.Start.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Thread.Start(ctx); err != nil {
		return err
	}
	children.add(threading.Current(ctx), p)
	return nil
}

// ExitCode returns 0 and true once the process has ended, however it did:
// [threading.Thread.Err] says how. Before that ok is false.
func (p *Process) ExitCode() (code int, ok bool) {
	_, started := p.ID()
	return 0, started && !p.Alive()
}

// CurrentProcess returns the process that ctx carries, which is the thread; nil
// if it carries none.
func CurrentProcess(ctx context.Context) *threading.Thread { return threading.Current(ctx) }

// FreezeSupport does nothing: threads need no support at the beginning of a
// program. In one with real processes conex.Main does its work.
func FreezeSupport() {}

// Shutdown does nothing: a Manager of this package has no process to end.
func Shutdown() {}
