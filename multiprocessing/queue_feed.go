package multiprocessing

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/conexgo/conex/internal/exit"
	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/mpring"
)

// A queueChunk is a part of the buffer: plain items, each with its length before it,
// or one that is large or more than bytes.
type queueChunk struct {
	items   []byte
	special *queueMessage
}

const (
	firstChunk = 4 << 10
	nextChunk  = 64 << 10
	largeItem  = 16 << 10 // from there on an item has a chunk of its own

	// atOneGo is how many items the feeder moves while it holds the lock.
	atOneGo = 512
)

// keep buffers m, for the feeder.
func (c *queueCore) keep(m *queueMessage) error {
	c.ring.Mine(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return c.failed
	}
	if m.beside != nil || m.size() > largeItem {
		c.buffer = append(c.buffer, queueChunk{special: m.keep()})
	} else {
		c.keepBytes(m)
	}
	c.count(1)
	if c.feeding == nil {
		c.feeding = make(chan struct{})
		if c.unexit == nil {
			c.unexit = exit.Register(exit.Queues, c.atExit)
		}
		go c.feed(c.feeding)
	}
	return nil
}

func (c *queueCore) keepBytes(m *queueMessage) {
	need := 4 + m.size()
	last := len(c.buffer) - 1
	if last < 0 || c.buffer[last].special != nil || cap(c.buffer[last].items)-len(c.buffer[last].items) < need {
		room := firstChunk
		if c.pending.Load() > 0 {
			room = nextChunk
		}
		c.buffer = append(c.buffer, queueChunk{items: make([]byte, 0, max(room, need))})
		last++
	}
	b := binary.NativeEndian.AppendUint32(c.buffer[last].items, uint32(m.size()))
	c.buffer[last].items = append(append(b, m.head...), m.tail...)
}

// count changes how many items are pending, here and in the ledger. The caller
// holds mu.
func (c *queueCore) count(n int64) {
	c.ring.Mine(atOnceCtx).SetBuffered(int(c.pending.Add(n)))
}

// feed moves the buffer to the ring until it is empty.
func (c *queueCore) feed(done chan struct{}) {
	for {
		c.mu.Lock()
		work := c.buffer
		c.buffer = nil
		if len(work) == 0 {
			c.feeding = nil
			c.unexit()
			c.unexit = nil
			c.settle()
			c.mu.Unlock()
			close(done)
			return
		}
		c.mu.Unlock()
		var poll futex.Poll
		reason := uint32(0)
		for len(work) > 0 {
			w := c.ring.Room.Arm(reason)
			n, err := c.move(&work)
			switch {
			case n > 0:
				reason, poll = 0, futex.Poll{}
			case err == mpring.ErrFull && reason == 0:
				reason = mpring.ForBytes // and look once more
			case err == mpring.ErrFull:
				futex.Wait(context.Background(), c.ring.Room.Word(), w, poll.Next())
			case err != nil:
				c.fail(queueCorrupt(err), work)
				work = nil
			}
		}
	}
}

// fail gives up: the items cannot be delivered.
func (c *queueCore) fail(err error, work []queueChunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = err
	for _, k := range append(work, c.buffer...) {
		if k.special != nil {
			k.special.release()
		}
	}
	c.buffer = nil
	c.count(-c.pending.Load())
}

// move moves some items from work to the ring, and returns how many.
func (c *queueCore) move(work *[]queueChunk) (n int, err error) {
	if _, err := c.ring.PutLock.Lock(context.Background()); err != nil {
		return 0, err
	}
	for err == nil && len(*work) > 0 && n < atOneGo {
		k := &(*work)[0]
		m := 0
		if k.special != nil {
			if err = c.write(k.special); err == nil {
				m, k.special = 1, nil
			}
		} else {
			m, err = c.moveBytes(k, atOneGo-n)
		}
		if n += m; k.special == nil && len(k.items) == 0 {
			*work = (*work)[1:]
		}
	}
	c.mu.Lock()
	c.count(-int64(n)) // before anybody else puts
	c.mu.Unlock()
	c.ring.PutLock.Unlock()
	if n > 0 {
		c.ring.Items.Ring(n)
		if c.kind == joinableQueue {
			c.ring.Done.Ring(allSleepers) // those who wait have counted what waits here
		}
	}
	return n, err
}

// moveBytes moves plain items, at most the given number.
func (c *queueCore) moveBytes(k *queueChunk, most int) (n int, err error) {
	b, err := c.ring.Begin()
	for err == nil && len(k.items) > 0 && n < most {
		size := int(binary.NativeEndian.Uint32(k.items))
		var room []byte
		if room, err = b.Add(recordPlain, size); err == nil {
			copy(room, k.items[4:4+size])
			k.items = k.items[4+size:]
			n++
		}
	}
	if n > 0 {
		b.Commit()
	}
	return n, err
}

// allSleepers is how many sleepers are woken at most.
const allSleepers = 1 << 30

// flushPatience is how long, at exit, the process that made a queue waits for others
// to get anything.
const flushPatience = 100 * time.Millisecond

// atExit lets the feeder finish. The process that made the queue waits only
// while others get items: if nobody does, nobody ever may.
func (c *queueCore) atExit(ctx context.Context) {
	c.mu.Lock()
	done, lax := c.feeding, c.lax
	c.mu.Unlock()
	if done == nil || lax {
		return
	}
	for left := c.pending.Load(); ; {
		var late <-chan time.Time
		if c.mine {
			late = time.After(flushPatience)
		}
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-late:
			if n := c.pending.Load(); n < left {
				left = n
				continue
			}
			return
		}
	}
}
