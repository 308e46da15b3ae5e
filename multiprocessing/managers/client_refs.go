package managers

import (
	"context"
	"errors"
	"sync"
	"time"
)

// references gives those of closed proxies back, in a goroutine that lives
// while there are any, and knows which ones CPython's server must be told of
// in the end.
type references struct {
	m *Manager

	mu    sync.Mutex
	dead  []string       // to be given back
	held  map[string]int // by proxies, if the server is CPython's
	busy  chan struct{}  // closed when all in dead are given back; nil while there are none
	ended bool

	ctx    context.Context // ends with the Manager
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// hold says that a proxy has a reference.
func (r *references) hold(ident string) {
	if r.m.native {
		return // the server itself knows
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held == nil {
		r.held = map[string]int{}
	}
	r.held[ident]++
}

// release gives one back, soon.
func (r *references) release(ident string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	if n := r.held[ident]; n > 1 {
		r.held[ident] = n - 1
	} else {
		delete(r.held, ident)
	}
	r.dead = append(r.dead, ident)
	if r.busy == nil {
		r.busy = make(chan struct{})
		r.wg.Add(1)
		go r.run()
	}
}

// run gives all back that there are.
func (r *references) run() {
	defer r.wg.Done()
	for {
		r.mu.Lock()
		dead := r.dead
		r.dead = nil
		if len(dead) == 0 || r.ended {
			r.dead = dead
			close(r.busy)
			r.busy = nil
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		for _, ident := range dead {
			r.give(ident)
		}
	}
}

// give gives one back. That the server does not know it any more is no matter.
func (r *references) give(ident string) {
	ctx, cancel := context.WithTimeout(r.ctx, giveTime)
	defer cancel()
	r.m.function(ctx, "decref", []any{ident})
}

// giveTime is how long the server may take over one reference, and, when the
// Manager is closed, over all.
const giveTime = 2 * time.Second

// flush waits until what was released is given back.
func (r *references) flush(ctx context.Context) error {
	r.mu.Lock()
	busy := r.busy
	r.mu.Unlock()
	if busy == nil {
		return nil
	}
	select {
	case <-busy:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// forget says that the server ends anyway.
func (r *references) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held, r.dead = nil, nil
}

// end gives all back if the server does not do so by itself. The Manager is
// marked as closed already.
func (r *references) end() {
	r.mu.Lock()
	r.ended = true
	idents := r.dead
	r.dead = nil
	for ident, n := range r.held {
		for range n {
			idents = append(idents, ident)
		}
	}
	r.held = nil
	r.mu.Unlock()
	defer r.cancel()
	if r.m.native {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, giveTime)
	defer cancel()
	for _, ident := range idents {
		if _, err := r.m.once(ctx, "decref", []any{ident}); err != nil && !errors.Is(err, ErrRemote) {
			break // the server is gone
		}
	}
}
