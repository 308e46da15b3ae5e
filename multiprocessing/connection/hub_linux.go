package connection

import (
	"context"
	"runtime"
	"sync"

	"github.com/conexgo/conex/internal/futex"
)

// A hub calls those back who wait for an end among other things. It has a
// goroutine while there are any, and for a little longer, since who waits for
// several things does so again and again.
type hub struct {
	mu      sync.Mutex
	wakers  map[*func()]struct{}
	running bool
}

// await calls wake whenever the end may have become ready.
func (e *end) await(wake func()) (stop func()) {
	h := &e.hub
	key := &wake
	h.mu.Lock()
	if h.wakers == nil {
		h.wakers = map[*func()]struct{}{}
	}
	h.wakers[key] = struct{}{}
	start := !h.running
	h.running = true
	h.mu.Unlock()
	if start {
		e.watch()
		e.mu.Lock()
		if e.shut.Load() {
			h.stopped()
			h.notify()
		} else {
			e.wg.Go(e.serve)
		}
		e.mu.Unlock()
	}
	return func() {
		h.mu.Lock()
		delete(h.wakers, key)
		h.mu.Unlock()
	}
}

func (h *hub) stopped() {
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
}

// notify calls all back. That happens under the lock, so that none is called
// after it has been stopped.
func (h *hub) notify() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.wakers {
		(*w)()
	}
}

// serve is the hub's goroutine.
func (e *end) serve() {
	asleep.Add(1)
	defer func() {
		asleep.Add(-1)
		runtime.KeepAlive(e)
	}()
	// What can only send waits for the end of the socket alone.
	ev, sends := &e.sh.lanes[0].filled, e.in == nil
	if e.in != nil {
		ev = &e.in.filled
	}
	var poll futex.Poll
	for idle := false; ; {
		seq := ev.seq.Load()
		if !sends {
			ev.waiters.Store(1)
		}
		if e.quick() {
			e.hub.notify()
		}
		e.hub.mu.Lock()
		if none := len(e.hub.wakers) == 0; e.shut.Load() || none && idle {
			e.hub.running = false
			e.hub.mu.Unlock()
			e.hub.notify()
			return
		} else {
			idle = none
		}
		e.hub.mu.Unlock()
		futex.Wait(context.Background(), ev.seq, seq, bound(&poll))
		if ev.seq.Load() != seq {
			poll = futex.Poll{}
		} else if e.sweep(); e.look() {
			e.hub.notify()
		}
	}
}
