package multiprocessing

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/mpring"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/queue"
)

// now is put for the case that nothing stands in the way: the bytes of a plain
// item go to the ring at once. Otherwise it does nothing.
func (c *queueCore) now(b []byte) bool {
	if c.max > 0 || c.pending.Load() != 0 || !c.ring.PutLock.LockSoon() {
		return false
	}
	// What this process has buffered goes first. It leaves the buffer under the
	// lock, so here is the place to ask.
	err := mpring.ErrFull
	if c.pending.Load() == 0 {
		err = c.ring.Put(recordPlain, b, nil)
	}
	c.ring.PutLock.Unlock()
	if err == nil {
		c.ring.Items.Ring(1)
	}
	runtime.KeepAlive(c)
	return err == nil
}

// put puts m, and owns it, whatever happens. It waits as the kind of the queue
// says, until ctx ends or closed is set.
func (c *queueCore) put(ctx context.Context, m *queueMessage, closed *atomic.Bool) error {
	err := c.putOwned(ctx, m, closed)
	if err != nil {
		m.release()
	}
	runtime.KeepAlive(c)
	return err
}

func (c *queueCore) putOwned(ctx context.Context, m *queueMessage, closed *atomic.Bool) error {
	if m.size() > c.ring.Max() {
		if err := m.spill(); err != nil {
			return err
		}
	}
	if c.kind != simpleQueue && c.max == 0 {
		return c.putUnbounded(m)
	}
	reason, err := c.offer(ctx, m)
	if reason == 0 {
		return err
	}
	if err := c.putTurn.Acquire(ctx, c); err != nil {
		return gaveUp(queue.ErrFull, ctx)
	}
	defer c.putTurn.Release()
	if reason == mpring.ForPlace && wait.CanSpin() {
		c.putSpin.Spin(nil, c.roomy, wait.SpinFor)
	}
	var poll futex.Poll
	for err := error(nil); ; {
		w := c.ring.Room.Arm(reason)
		if closed.Load() {
			return ErrClosed
		}
		again, e := c.offer(ctx, m)
		switch {
		case again == 0:
			return e
		case err != nil:
			c.ring.Room.Ring(1) // we may have been woken in vain: pass it on
			return gaveUp(queue.ErrFull, ctx)
		case again&^reason != 0:
			reason |= again
			continue
		}
		err = futex.Wait(ctx, c.ring.Room.Word(), w, poll.Next())
	}
}

// putUnbounded does not wait for a getter to come: what does not go to the ring
// at once is buffered. But if the ring is full and a getter is at it, it lets
// that one get ahead: to buffer the item, and move it later, costs more than
// that, and would go on for as long as there is a buffer.
func (c *queueCore) putUnbounded(m *queueMessage) error {
	for given := time.Duration(0); c.pending.Load() == 0; {
		w := c.ring.Room.Arm(0)
		if given > 0 {
			w = c.ring.Room.Arm(mpring.ForBytes)
		}
		if !c.ring.PutLock.LockSoon() {
			break
		}
		err := mpring.ErrFull
		if c.pending.Load() == 0 {
			err = c.write(m)
		}
		c.ring.PutLock.Unlock()
		if err == nil {
			c.ring.Items.Ring(1)
			return nil
		}
		if err != mpring.ErrFull {
			return queueCorrupt(err)
		}
		if given >= patience {
			break
		}
		before, began := c.ring.Len(), time.Now()
		if given > 0 {
			futex.Wait(context.Background(), c.ring.Room.Word(), w, patience/4)
		} else if wait.CanSpin() {
			wait.Until(func() bool { return c.ring.Len() < before }, wait.SpinFor)
		}
		if given > 0 && c.ring.Len() >= before {
			break // nobody is at it
		}
		given += max(time.Since(began), time.Microsecond)
	}
	return c.keep(m)
}

// patience is how long a Put to an unbounded queue may let getters get ahead.
const patience = 2 * time.Millisecond

// offer puts m if there is a place for it; else it returns what to wait for.
func (c *queueCore) offer(ctx context.Context, m *queueMessage) (reason uint32, err error) {
	if c.max > 0 {
		c.ring.Mine(ctx) // before the lock is held: it may have to look for a place
	}
	if _, err := c.ring.PutLock.Lock(ctx); err != nil {
		return 0, gaveUp(queue.ErrFull, ctx)
	}
	if c.max > 0 && !c.hasPlace() {
		c.ring.PutLock.Unlock()
		return mpring.ForPlace, nil
	}
	err = mpring.ErrFull
	if c.pending.Load() == 0 {
		err = c.write(m)
	}
	if err == mpring.ErrFull {
		// In the buffer it still has its place among the bounded number, as
		// long as this process lives.
		if c.kind == simpleQueue || c.ring.Mine(ctx) == nil {
			c.ring.PutLock.Unlock()
			return mpring.ForBytes, nil
		}
		err = c.keep(m)
		c.ring.PutLock.Unlock()
		return 0, err
	}
	c.ring.PutLock.Unlock()
	if err == nil {
		c.ring.Items.Ring(1)
	}
	return 0, queueCorrupt(err)
}

// hasPlace reports whether the queue's bound allows one item more. The caller
// holds PutLock.
func (c *queueCore) hasPlace() bool {
	n, waiting := c.ring.Len(), c.ring.Buffered(mpring.Roughly)
	if n+waiting < c.max {
		return true
	}
	return waiting > 0 && n+c.ring.Buffered(mpring.Exactly) < c.max
}

// send sends a parcel. That too many descriptors are under way is the same as a
// full ring: it passes when somebody gets items. The caller holds PutLock.
func (c *queueCore) send(number uint64, files []*os.File) error {
	m, err := c.post()
	if err != nil {
		return err
	}
	err = m.Send(number, files)
	if !errors.Is(err, mpring.ErrMailFull) {
		return err
	}
	// Parcels of processes that died before they put the record are thrown away
	// by who looks for a later one. Here nobody may.
	if c.ring.Empty() && c.ring.TryLockGet() {
		if c.ring.Empty() {
			m.Clear()
			err = m.Send(number, files)
		}
		c.ring.GetLock.Unlock()
	}
	if errors.Is(err, mpring.ErrMailFull) {
		return mpring.ErrFull
	}
	return err
}
