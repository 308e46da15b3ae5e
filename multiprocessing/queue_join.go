package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/watch"
)

// JoinThread waits until what this process has buffered is in the hands of the
// queue: then it survives the process. It must be called after Close only, else
// the error is [ErrNotClosed]. If ctx ends first the error matches what ctx
// ended with.
//
// At its end a process does the same for all its queues, if it began with
// conex.Main or is a worker's process; the one that made the queue waits only as
// long as others get items. So a process that has put more than the queue's
// eight megabytes, which nobody gets, does not end: get them before you join the
// process, or call CancelJoinThread.
func (q *typedQueue[T]) JoinThread(ctx context.Context) error {
	if q.core == nil {
		return errNoQueue
	}
	if !q.closed.Load() {
		return ErrNotClosed
	}
	return q.core.flushed(ctx)
}

// CancelJoinThread makes JoinThread, and the end of the process, not wait: what
// is buffered then may be lost.
func (q *typedQueue[T]) CancelJoinThread() {
	if q.core != nil {
		q.core.cancelFlush()
	}
}

// flushed waits until the buffer is empty.
func (c *queueCore) flushed(ctx context.Context) error {
	c.mu.Lock()
	done, lax, err := c.feeding, c.lax, c.failed
	c.mu.Unlock()
	if done == nil || lax || err != nil {
		return err
	}
	select {
	case <-done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.failed
	default:
	}
	select {
	case <-done:
	case <-ctx.Done():
		return watch.Reason(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

func (c *queueCore) cancelFlush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lax = true
}
