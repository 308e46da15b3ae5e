package sched

import (
	"context"
	"time"
)

// An Action is what an event does. The goroutine that is in [Scheduler.Run],
// [Scheduler.Serve] or [Scheduler.RunPending] calls it, without any lock, with
// the context given there, so that it ends when that ends. [Current] tells an
// action which event it belongs to.
//
// An action may enter and cancel events, and call every other method of the
// scheduler. While it runs, the goroutine that called it runs nothing else:
// what takes long belongs on a goroutine or an executor of its own, or several
// goroutines should run the scheduler.
//
// An error ends the Run that called the action, unless [Config].OnError says
// otherwise. A panic is not recovered: it goes up through Run to its caller. In
// both cases the event counts as run, the other events stay, and a following
// Run goes on with them.
type Action func(ctx context.Context) error

// Current returns the event whose action was given ctx, or a context derived
// from it. Without one it returns nil. It is safe for concurrent use.
func Current(ctx context.Context) *Event {
	ev, _ := ctx.Value(currentKey{}).(*Event)
	return ev
}

type currentKey struct{}

// An eventContext is the context of a running event: that of its runner, and
// the event. It is the event itself by another name, so that an event that
// runs allocates nothing.
type eventContext Event

func (c *eventContext) Deadline() (time.Time, bool) { return c.run.ctx.Deadline() }
func (c *eventContext) Done() <-chan struct{}       { return c.run.ctx.Done() }
func (c *eventContext) Err() error                  { return c.run.ctx.Err() }

func (c *eventContext) Value(key any) any {
	if key == (currentKey{}) {
		return (*Event)(c)
	}
	return c.run.ctx.Value(key)
}

// String is what package context prints for the parent of a context.
func (c *eventContext) String() string { return "sched.Event" }
