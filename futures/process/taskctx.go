//go:build unix

package process

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/propagate"
)

// contexts are the contexts of the tasks that a worker was sent. A context is
// sent once and stays until the pool says to forget it; its end may overtake
// it, since that comes by the socket.
type contexts struct {
	once sync.Once
	root context.Context // see base

	mu    sync.Mutex
	known map[uint32]*taskCtx
	early map[uint32]bool // cancelled before they were known
}

type taskCtx struct {
	ctx    context.Context
	cancel context.CancelFunc // nil if it never ends
	vars   inherit.Values     // of which each item gets a copy
}

// base is what all of them are derived from: a worker's tasks run one after the
// other, in what is its main thread.
func (c *contexts) base() context.Context {
	c.once.Do(func() { c.root = current.With(context.Background(), current.Main()) })
	return c.root
}

// define takes in a context: see worker.sendCtx.
func (c *contexts) define(b []byte) {
	id := binary.LittleEndian.Uint32(b)
	cancellable := binary.LittleEndian.Uint32(b[4:]) != 0
	deadline := int64(binary.LittleEndian.Uint64(b[8:]))
	ctx, err := propagate.Extract(c.base(), b[16:])
	if err != nil {
		ctx = c.base()
	}
	t := &taskCtx{ctx: ctx, vars: inherit.TakeOrEmpty(ctx)}
	switch {
	case deadline != 0:
		t.ctx, t.cancel = context.WithDeadline(ctx, time.Unix(0, deadline))
	case cancellable:
		t.ctx, t.cancel = context.WithCancel(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[uint32]*taskCtx)
	}
	c.known[id] = t
	if c.early[id] {
		delete(c.early, id)
		t.end(false)
	}
}

// end ends the context. If that is because its deadline passed, the timer of
// the context itself does it, at the same moment, and with the right error.
func (t *taskCtx) end(deadline bool) {
	if t.cancel == nil {
		return
	}
	if d, ok := t.ctx.Deadline(); ok && deadline && time.Until(d) < 50*time.Millisecond {
		return
	}
	t.cancel()
}

// get returns the context with the given id, and its variables; 0 is the
// background.
func (c *contexts) get(id uint32) (context.Context, inherit.Values) {
	if id == 0 {
		return c.base(), inherit.TakeOrEmpty(c.base())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.known[id]; t != nil {
		return t.ctx, t.vars
	}
	ctx, cancel := context.WithCancel(c.base())
	cancel() // it was cancelled and forgotten
	return ctx, inherit.Values{}
}

func (c *contexts) cancel(id uint32, deadline bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.known[id]; t != nil {
		t.end(deadline)
		return
	}
	if c.early == nil {
		c.early = make(map[uint32]bool)
	}
	c.early[id] = true
}

func (c *contexts) drop(id uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.known[id]; t != nil {
		t.end(false) // frees its timer; no task uses it
		delete(c.known, id)
	}
	delete(c.early, id)
}
