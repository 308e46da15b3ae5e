package dummy

import (
	"context"
	"sync"
)

// An Event is a flag that is never waited for: see [threading.Event], whose
// methods it has.
//
// The zero value is not set and ready. An Event must not be copied after first
// use. Its methods are safe for concurrent use; Set synchronizes before any
// Wait that returns nil because of it.
type Event struct {
	mu   sync.Mutex
	set  bool          // protected by mu
	done chan struct{} // protected by mu: nil until somebody asked
}

// IsSet reports whether e is set.
func (e *Event) IsSet() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.set
}

// Set sets e. Setting it again does nothing.
func (e *Event) Set() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.set && e.done != nil {
		close(e.done)
	}
	e.set = true
}

// Clear makes e unset.
func (e *Event) Clear() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.set {
		e.set, e.done = false, nil
	}
}

// Wait returns nil if e is set. Else nobody can set it while the caller waits:
// then Wait returns a *[DeadlockError], or the end of ctx if that has ended.
func (e *Event) Wait(ctx context.Context) error {
	if e.IsSet() {
		return nil
	}
	return deadlock(ctx, "Event.Wait", holder{}, "the event is not set")
}

// Done returns a channel that is closed when e is set, for select statements;
// after Clear, a new one. A select that receives from nothing else waits for
// ever, and this package cannot see it.
func (e *Event) Done() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done == nil {
		e.done = make(chan struct{})
		if e.set {
			close(e.done)
		}
	}
	return e.done
}
