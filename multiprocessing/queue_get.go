package multiprocessing

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/mpring"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/queue"
)

// grab is get for the case that nothing stands in the way: an item that is all
// in its bytes is there. Otherwise it does nothing.
func (c *queueCore) grab(b []byte) bool {
	var p *mpring.Place
	if c.kind == joinableQueue {
		p = c.ring.Mine(atOnceCtx)
	}
	if !c.ring.GetLock.LockSoon() {
		return false
	}
	rec, err := c.ring.Peek()
	ok := err == nil && rec.Kind == recordPlain && len(rec.Payload) == len(b)
	if ok {
		copy(b, rec.Payload)
		c.ring.TakeFor(&rec, p)
	}
	c.ring.GetLock.Unlock()
	if ok {
		c.ring.Taken()
	}
	runtime.KeepAlive(c)
	return ok
}

// take takes an item if there is one.
func (c *queueCore) take(ctx context.Context, s *queueSink) (ok bool, err error) {
	var p *mpring.Place
	if c.kind == joinableQueue {
		p = c.ring.Mine(ctx)
	}
	if !c.ring.GetLock.LockSoon() {
		if ctx == atOnceCtx {
			if !c.ring.TryLockGet() {
				return false, nil
			}
		} else if err := c.ring.LockGet(ctx); err != nil {
			return false, nil // ctx has ended
		}
	}
	rec, err := c.ring.Peek()
	if err != nil {
		c.ring.GetLock.Unlock()
		if err == mpring.ErrEmpty {
			return false, nil
		}
		return false, queueCorrupt(err)
	}
	drop, err := s.fill(c, &rec)
	if err == nil || drop {
		c.ring.TakeFor(&rec, p)
		s.settled(c)
	}
	c.ring.GetLock.Unlock()
	if err == nil || drop {
		c.ring.Taken()
	}
	return err == nil, err
}

// get takes an item, waiting for one until ctx ends or closed is set.
func (c *queueCore) get(ctx context.Context, s *queueSink, closed *atomic.Bool) error {
	defer runtime.KeepAlive(c)
	if ok, err := c.take(ctx, s); ok || err != nil {
		return err
	}
	if ctx == atOnceCtx {
		return queue.ErrEmpty
	}
	if err := c.getTurn.Acquire(ctx, c); err != nil {
		return gaveUp(queue.ErrEmpty, ctx)
	}
	defer c.getTurn.Release()
	var poll futex.Poll
	for err := error(nil); ; {
		if wait.CanSpin() {
			c.getSpin.Spin(nil, c.ready, wait.SpinFor)
		}
		w := c.ring.Items.Arm(1)
		if closed.Load() {
			return ErrClosed
		}
		if ok, err := c.take(ctx, s); ok || err != nil {
			return err
		}
		if err != nil {
			c.ring.Items.Ring(1) // we may have been woken for an item that others could have
			return gaveUp(queue.ErrEmpty, ctx)
		}
		err = futex.Wait(ctx, c.ring.Items.Word(), w, poll.Next())
	}
}
