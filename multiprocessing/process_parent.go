package multiprocessing

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/internal/watch"
)

// A Parent is the process that started this one. It is returned by
// [ParentProcess] only and is safe for concurrent use.
type Parent struct {
	name string
	pid  int
}

// ParentProcess returns the process that started this one, nil in the main
// process.
func ParentProcess() *Parent { return parent.Load() }

// Name returns the name that the parent had when it started this process.
func (p *Parent) Name() string { return p.name }

// PID returns the parent's number.
func (p *Parent) PID() int { return p.pid }

// Alive reports whether the parent runs. A child ends with its parent, so it
// sees anything else for no more than a moment.
func (p *Parent) Alive() bool {
	select {
	case <-orphaned:
		return false
	default:
		return true
	}
}

// Done returns a channel that is closed when the parent has ended. This process
// is about to end then.
func (p *Parent) Done() <-chan struct{} { return orphaned }

// Join waits for the end of the parent, which is that of this process too, or of
// ctx, whose error it matches then.
func (p *Parent) Join(ctx context.Context) error {
	select {
	case <-orphaned:
		return nil
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
}

// String shows name, number and state.
func (p *Parent) String() string {
	s := "started"
	if !p.Alive() {
		s = "stopped"
	}
	return fmt.Sprintf("<ParentProcess name='%s' pid=%d %s>", p.name, p.pid, s)
}

// orphaned is closed by the life line of a child.
var orphaned = make(chan struct{})
