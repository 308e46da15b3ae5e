package dummy

import (
	"context"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/threading"
)

// An ID identifies a thread: here, whichever it is, by 1.
type ID = threading.ID

// A flowKey is the context key of the flow that a context belongs to.
type flowKey struct{}

// A flow says which dummy thread runs, and inside which real one: a real thread
// that was started in a dummy one is not that.
type flow struct {
	thread *Thread
	real   current.Thread
}

func withThread(ctx context.Context, t *Thread) context.Context {
	return context.WithValue(ctx, flowKey{}, flow{t, current.Of(ctx)})
}

// Current returns the dummy thread that ctx carries, or nil: ctx must come from
// what a thread's function or [Adopt] was given. The context of conex.Main, and
// of any thread of package threading, counts as that of [Main].
func Current(ctx context.Context) *Thread {
	real := current.Of(ctx)
	if f, ok := ctx.Value(flowKey{}).(flow); ok && f.real == real {
		return f.thread
	}
	if real != nil {
		return Main()
	}
	return nil
}

// Ident returns 1: there is one thread of control, whichever thread it is
// running.
func Ident(ctx context.Context) ID { return 1 }

// ID returns 1, see [Ident], and false if t was not started yet.
func (t *Thread) ID() (ID, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state < stateStarted {
		return 0, false
	}
	return 1, true
}
