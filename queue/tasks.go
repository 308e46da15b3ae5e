package queue

import (
	"context"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/watch"
)

// TaskDone says that one of the items that were put has been dealt with. When
// none is left unfinished, all that Join return.
//
// If it is called more often than items were put the error is [ErrTooManyDone],
// and nothing changes.
//
// TaskDone synchronizes before the return of every Join that waits for it.
func (c *core[T, K]) TaskDone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unfinished == 0 {
		return ErrTooManyDone
	}
	c.finish(1)
	return nil
}

// Unfinished returns how many items were put and have not been reported by
// TaskDone.
func (c *core[T, K]) Unfinished() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unfinished
}

// Join waits until nothing is unfinished: as often as an item was put TaskDone
// has been called. It does not wait if that is so already, and many may wait at
// the same time. If ctx ends first the error matches what ctx ended with.
//
// ShutdownNow finishes what is still in the queue, so that Join may return
// although work was never done.
func (c *core[T, K]) Join(ctx context.Context) error {
	if c.Unfinished() == 0 {
		return nil
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	w := park.New(ctx)
	defer w.Free()
	c.mu.Lock()
	if c.unfinished == 0 {
		c.mu.Unlock()
		return nil
	}
	c.joiners.Lock()
	c.joiners.PushBack(w)
	c.joining++
	c.mu.Unlock()
	if c.joiners.Sleep(ctx, w, c.outer()) {
		return nil
	}
	c.joiners.Unlock()
	c.mu.Lock()
	c.joining--
	c.mu.Unlock()
	return watch.Reason(ctx)
}

// finish lowers the number of unfinished tasks by n.
func (c *core[T, K]) finish(n int) {
	c.unfinished -= min(n, c.unfinished)
	if c.unfinished > 0 || c.joining == 0 {
		return
	}
	c.joiners.Lock()
	for w := c.joiners.Pop(); w != nil; w = c.joiners.Pop() {
		c.joining--
		w.Wake()
	}
	c.joiners.Unlock()
}
