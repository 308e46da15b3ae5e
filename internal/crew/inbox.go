package crew

import (
	"sync"
	"sync/atomic"
)

// An inbox is where Submit leaves tasks. It has a lock of its own, held for a
// few instructions only: the pool's is held for as long as it takes to fill a
// frame, and those who submit should not wait for that.
type inbox struct {
	count atomic.Int64 // entries; read without the lock

	mu    sync.Mutex // protects what follows; taken after the pool's mu
	tasks deque
	items int64
	clock int64 // coarse time, for the age of tasks
	puts  uint64
}

// put takes en in, unless the pool takes no more tasks.
func (in *inbox) put(p *Pool, en Entry) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if p.state != open {
		return p.refusal()
	}
	p.pending.Add(1)
	if in.puts++; in.puts&15 == 0 || in.tasks.len() == 0 {
		in.clock = now()
	}
	en.queuedAt = in.clock
	in.tasks.pushBack(en)
	in.items += en.Items()
	in.count.Store(int64(in.tasks.len()))
	return nil
}

// merge moves the inbox to the end of the queue. The caller holds mu.
func (p *Pool) merge() {
	in := &p.in
	if in.count.Load() == 0 {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	p.queue.join(&in.tasks)
	p.queued += in.items
	in.items = 0
	in.count.Store(0)
}

// setState changes the pool's state. The caller holds mu.
func (p *Pool) setState(s state, why error) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	p.state = s
	if why != nil {
		p.broken = why
	}
}

// idle reports whether nothing was ever submitted.
func (in *inbox) idle() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.puts == 0
}
