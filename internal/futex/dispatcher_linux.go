package futex

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/watch"
)

// A dispatcher waits in one thread for the words of many waits. It has a
// goroutine while there are any. The kernel takes 128 words a call, one of them
// the dispatcher's own; beyond that there is another dispatcher.
type dispatcher struct {
	mu      sync.Mutex
	list    []*entry
	control atomic.Uint32 // changes when list does
	running bool
	nudged  bool
	next    *dispatcher
}

const mostWords = 127

type entry struct {
	word *atomic.Uint32
	old  uint32
	end  time.Time     // zero: no bound
	ch   chan struct{} // closed when it may look again
}

var disp dispatcher

// wait is Wait for one goroutine more.
func (d *dispatcher) wait(ctx context.Context, word *atomic.Uint32, old uint32, most time.Duration) error {
	e := &entry{word: word, old: old, ch: make(chan struct{})}
	if most > 0 {
		e.end = time.Now().Add(most)
	}
	d.mu.Lock()
	for len(d.list) >= mostWords {
		if d.next == nil {
			d.next = new(dispatcher)
		}
		next := d.next
		d.mu.Unlock()
		d = next
		d.mu.Lock()
	}
	d.list = append(d.list, e)
	if !d.running {
		d.running = true
		go d.run()
	}
	d.mu.Unlock()
	d.changed()
	select {
	case <-e.ch:
		return nil
	case <-ctx.Done():
	}
	d.mu.Lock()
	for i, x := range d.list {
		if x == e {
			last := len(d.list) - 1
			d.list[i] = d.list[last]
			d.list[last] = nil
			d.list = d.list[:last]
			break
		}
	}
	d.mu.Unlock()
	d.changed()
	if word.Load() != old {
		return nil
	}
	return watch.Reason(ctx)
}

// changed makes run look at the list again.
func (d *dispatcher) changed() {
	d.control.Add(1)
	wakeWord(&d.control, 1, private)
}

// nudge lets all waits look again.
func (d *dispatcher) nudge() {
	for ; d != nil; d = d.following() {
		d.mu.Lock()
		d.nudged = len(d.list) > 0
		d.mu.Unlock()
		d.changed()
	}
}

func (d *dispatcher) following() *dispatcher {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next
}

// run serves the list until it is empty.
func (d *dispatcher) run() {
	words := make([]waitv, 0, mostWords+1)
	for {
		d.mu.Lock()
		control := d.control.Load()
		now := time.Now()
		words = append(words[:0], waitv{})
		words[0].set(&d.control, control, private)
		var first time.Time
		kept := d.list[:0]
		for _, e := range d.list {
			if d.nudged || e.word.Load() != e.old || !e.end.IsZero() && !now.Before(e.end) {
				close(e.ch)
				continue
			}
			kept = append(kept, e)
			if !e.end.IsZero() && (first.IsZero() || e.end.Before(first)) {
				first = e.end
			}
			words = append(words, waitv{})
			words[len(words)-1].set(e.word, e.old, 0)
		}
		clear(d.list[len(kept):])
		d.list, d.nudged = kept, false
		if len(kept) == 0 {
			d.running = false
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		most := time.Duration(0)
		if !first.IsZero() {
			most = max(time.Until(first), time.Microsecond)
		}
		if noWaitv.Load() || !waitMany(words, most) {
			time.Sleep(pollEvery)
		}
	}
}
