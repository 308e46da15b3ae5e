package threading

import (
	"context"
	"time"

	"github.com/conexgo/conex/internal/current"
)

// A threadContext is a Thread seen as the context of its function: the
// starter's, with the thread in it.
type threadContext Thread

func (t *Thread) context() context.Context { return (*threadContext)(t) }

func (c *threadContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }
func (c *threadContext) Done() <-chan struct{}       { return c.parent.Done() }
func (c *threadContext) Err() error                  { return c.parent.Err() }

func (c *threadContext) Value(key any) any {
	if key == (current.Key{}) {
		return (*Thread)(c)
	}
	return c.values().Value(key)
}

// An inner is what a thread's context derives from, with the context variables
// in it. It is made when the first value is asked for: many threads do not.
type inner struct{ context.Context }

func (c *threadContext) values() context.Context {
	if !c.vars.Any() {
		return c.parent
	}
	if in := c.inner.Load(); in != nil {
		return in.Context
	}
	c.inner.CompareAndSwap(nil, &inner{c.vars.Give(c.parent)})
	return c.inner.Load().Context
}

// String is how the context package prints contexts that are derived from
// this one.
func (c *threadContext) String() string { return "threading.Context(" + (*Thread)(c).Name() + ")" }

// Current returns the thread that ctx carries, or nil if it carries none: then
// the caller is no thread, as far as anybody can tell. Name and String of a
// nil *Thread may be called. See the package comment about goroutines that are
// started with a thread's context.
func Current(ctx context.Context) *Thread {
	if c, ok := ctx.(*threadContext); ok {
		return (*Thread)(c)
	}
	t, _ := ctx.Value(current.Key{}).(*Thread)
	return t
}

// An ID identifies a thread among all that the program ever had: 1 is the main
// thread, no number is used again, and 0 is no thread. Unlike Python's it is
// neither an address nor a number of the system.
type ID uint64

// Ident returns the identity of the thread that ctx carries, 0 if none.
func Ident(ctx context.Context) ID {
	if t := Current(ctx); t != nil {
		return t.id
	}
	return 0
}

// ID returns the thread's identity, and false if it was not started yet. It
// stays the same when the thread has ended.
func (t *Thread) ID() (ID, bool) {
	if t.state.Load() < stateStarted {
		return 0, false
	}
	return t.id, true
}
