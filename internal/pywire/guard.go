package pywire

import (
	"context"
	"net"
	"sync"
	"time"
	"unsafe"
)

// A guard ends the waits of one direction of a Conn when their context ends, by
// a deadline in the past. It goes on watching the latest context after a call,
// so that a loop under one context pays for that once; the end of a context
// between calls does nothing.
type guard struct {
	c     *Conn
	write bool // of the writing side

	mu     sync.Mutex
	ctx    context.Context // the one that is watched: keeps key valid
	key    [2]uintptr      // its words: comparing contexts might panic
	stop   func() bool
	gen    uint64 // counts the contexts
	active bool   // a call waits
	poked  bool   // the deadline is in the past
}

var longAgo = time.Unix(1, 0)

// beginRead is called before a wait of the reader, and endRead after it. Most
// contexts of servers never end, and need no guard.
func (c *Conn) beginRead(ctx context.Context) bool {
	g := c.in.Load()
	if g == nil {
		if ctx.Done() == nil {
			return true
		}
		g = &guard{c: c}
		c.in.Store(g)
	}
	return g.begin(ctx)
}

func (c *Conn) endRead() { c.in.Load().end() }

// beginWrite and endWrite are the same for the writer.
func (c *Conn) beginWrite(ctx context.Context) bool {
	g := c.out.Load()
	if g == nil {
		if ctx.Done() == nil {
			return true
		}
		g = &guard{c: c, write: true}
		c.out.Store(g)
	}
	return g.begin(ctx)
}

func (c *Conn) endWrite() { c.out.Load().end() }

// set sets the deadline of its side.
func (g *guard) set(t time.Time) {
	if g.write {
		g.c.nc.SetWriteDeadline(t)
	} else {
		g.c.nc.SetReadDeadline(t)
	}
}

// clear takes the deadline away. It is for the reader, or the writer.
func (g *guard) clear() {
	if !g.write {
		g.c.due = false
	}
	g.set(time.Time{})
}

// begin is called before a wait. It reports false if ctx has ended.
func (g *guard) begin(ctx context.Context) bool {
	key := *(*[2]uintptr)(unsafe.Pointer(&ctx))
	g.mu.Lock()
	defer g.mu.Unlock()
	if key != g.key {
		if g.stop != nil {
			g.stop()
		}
		g.gen++
		g.ctx, g.key, g.stop = ctx, key, nil
		if ctx.Done() != nil {
			gen := g.gen
			g.stop = context.AfterFunc(ctx, func() { g.poke(gen) })
		}
	}
	if g.poked {
		g.poked = false
		g.clear()
	}
	g.active = true
	if g.stop != nil && ctx.Err() != nil {
		// The poke may have come before active was set.
		g.active = false
		return false
	}
	return true
}

func (g *guard) poke(gen uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gen == gen && g.active {
		g.poked = true
		g.set(longAgo)
	}
}

// end is called after a wait.
func (g *guard) end() {
	if g == nil {
		return
	}
	g.mu.Lock()
	g.active = false
	g.mu.Unlock()
}

// unpoke makes the next call on the socket one without a deadline.
func (g *guard) unpoke() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.poked {
		g.poked = false
		g.clear()
	}
}

// release forgets the context.
func (g *guard) release() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop != nil {
		g.stop()
	}
	g.gen++
	g.ctx, g.key, g.stop = nil, [2]uintptr{}, nil
}

// timedOut reports whether a call on the socket was ended by a deadline.
func timedOut(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}
