package threading

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/conexgo/conex/internal/watch"
)

// An Event is a flag that goroutines can wait for. The zero value is ready, and
// not set. An Event must not be copied after first use. Its methods are safe
// for concurrent use.
//
// In the terminology of the Go memory model, a call of Set synchronizes before
// the return of every Wait, and the closing of every channel, that it causes,
// and before every call of IsSet that returns true for it.
type Event struct {
	// state counts the times that the event became set, in steps of
	// eventStep; below that are the flags.
	state atomic.Uint64

	// Who waits with a context that never ends sleeps in bed.
	bed   sync.Cond
	ready sync.Once // bed.L is there

	// The others share a channel.
	mu   sync.Mutex
	gate *eventGate // protected by mu: the latest
}

const (
	eventSet   = 1 << iota
	eventGated // not set, and gate is for whoever waits now
	eventStep
)

// An eventGate is a channel that is closed when the event becomes set.
type eventGate struct {
	ch     chan struct{}
	round  uint64 // the state's count when it was made
	open   bool   // protected by mu: ch is closed
	users  int    // protected by mu
	public bool   // protected by mu: Done has given it away
}

// IsSet reports whether e is set.
func (e *Event) IsSet() bool { return e.state.Load()&eventSet != 0 }

// Set sets e and wakes all who wait. It does nothing if e is set.
func (e *Event) Set() {
	for {
		s := e.state.Load()
		if s&eventSet != 0 {
			return
		}
		if e.state.CompareAndSwap(s, (s&^eventGated|eventSet)+eventStep) {
			e.bed.Broadcast()
			if s&eventGated != 0 {
				e.openGate(s)
			}
			return
		}
	}
}

// openGate closes the channel of those who waited in state s, unless somebody
// who needs a new one has done so.
func (e *Event) openGate(s uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if g := e.gate; g != nil && g.round == s/eventStep {
		e.dropGate()
	}
}

// dropGate opens the gate and forgets it. mu is locked.
func (e *Event) dropGate() {
	e.gate.open = true
	close(e.gate.ch)
	e.gate = nil
}

// Clear makes e not set. It does nothing if e is not. Whoever was waiting when
// e was set goes on all the same.
func (e *Event) Clear() {
	if s := e.state.Load(); s&eventSet != 0 {
		e.state.CompareAndSwap(s, s&^eventSet) // if it fails, another Clear has done it
	}
}

// Wait waits until e is set. If ctx ends first it returns an error that
// matches both ctx.Err() and context.Cause(ctx). If e is set it returns nil,
// even if ctx has ended. A Wait that Set has woken returns nil even if Clear
// follows at once.
func (e *Event) Wait(ctx context.Context) error {
	s := e.state.Load()
	if s&eventSet != 0 {
		return nil
	}
	if ctx.Done() == nil {
		end := watched(ctx, e)
		e.sleep(s)
		end.call()
		return nil
	}
	if ctx.Err() != nil {
		return watch.Reason(ctx)
	}
	g := e.enterGate(false)
	if g == nil {
		return nil
	}
	end := watched(ctx, e)
	defer end.call()
	select {
	case <-g.ch:
		return nil
	case <-ctx.Done():
		if e.leaveGate(g) {
			return nil
		}
		return watch.Reason(ctx)
	}
}

// sleep sleeps until e becomes set, having not been in state s.
func (e *Event) sleep(s uint64) {
	e.ready.Do(func() { e.bed.L = (*eventBed)(e) })
	for e.state.Load()/eventStep == s/eventStep {
		e.bed.Wait() // wakes itself if e is set when it is noted
	}
}

// An eventBed is an Event as its bed sees it. There is no lock to give up; what
// it does instead, when the sleeper is noted and will hear of every Set, is to
// look whether there was one before.
type eventBed Event

func (b *eventBed) Lock() {}
func (b *eventBed) Unlock() {
	if e := (*Event)(b); e.IsSet() {
		e.bed.Broadcast() // the others go on, or back to sleep
	}
}

// enterGate returns the gate for those who wait now, or nil if e is set.
func (e *Event) enterGate(public bool) *eventGate {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		s := e.state.Load()
		if s&eventSet != 0 {
			return nil
		}
		if s&eventGated == 0 {
			if e.gate != nil {
				e.dropGate() // Set is about to do this, or was overtaken by Clear
			}
			if !e.state.CompareAndSwap(s, s|eventGated) {
				continue
			}
			e.gate = &eventGate{ch: make(chan struct{}), round: s / eventStep}
		}
		e.gate.users++
		e.gate.public = e.gate.public || public
		return e.gate
	}
}

// leaveGate is for somebody whose context has ended. It reports whether the
// gate is open, or about to be. A gate that nobody uses goes away: its channel
// may belong to a bubble of testing/synctest, and the Event need not.
func (e *Event) leaveGate(g *eventGate) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.state.Load()
	if g.open || s/eventStep != g.round {
		return true
	}
	if g.users--; g.users == 0 && !g.public && e.state.CompareAndSwap(s, s&^eventGated) {
		e.gate = nil
	}
	return false
}

var openChannel = make(chan struct{})

func init() { close(openChannel) }

// Done returns a channel that is closed when e becomes set, or is closed
// already if e is set. It is for one time: Clear does not open it again; after
// Clear, call Done again for the next time.
func (e *Event) Done() <-chan struct{} {
	if g := e.enterGate(true); g != nil {
		return g.ch
	}
	return openChannel
}
