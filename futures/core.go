package futures

import (
	"context"
	"fmt"
)

// This file holds the methods that all futures have, whatever their result.

// Done returns a channel that is closed once the future is finished or
// cancelled. It is made when it is first asked for: use Result to wait for one
// future, [Wait] and [AsCompleted] for several, and Done within a select.
func (c *core) Done() <-chan struct{} {
	if c.done() {
		return closed
	}
	mu := c.lot()
	mu.Lock()
	for n := c.head.Load(); n != nil; n = n.next {
		if d, ok := n.who.(doneChan); ok {
			mu.Unlock()
			return d
		}
	}
	mu.Unlock()
	// Two callers at the same moment get two channels; both are closed.
	d := make(doneChan)
	if !c.listen(&node{who: d}) {
		return closed
	}
	return d
}

// State returns where the future is now. It does not block.
func (c *core) State() State {
	switch c.state.Load() {
	case phasePending:
		return Pending
	case phaseRunning, phaseClaimed:
		return Running
	case phaseCancelled:
		return Cancelled
	}
	return Finished
}

// Cancelled reports whether the future was cancelled.
func (c *core) Cancelled() bool { return c.state.Load() == phaseCancelled }

// Running reports whether the call runs now.
func (c *core) Running() bool { return c.State() == Running }

// Cancel cancels a future that has not started, runs its callbacks and
// returns true, also if it was cancelled before. It returns false for one that
// runs or is finished. Waiters are woken at once. See Kill for ending a call
// that runs.
func (c *core) Cancel() bool {
	if c.state.CompareAndSwap(phasePending, phaseCancelled) {
		if c.head.Load() != nil {
			c.wakeAll()
		}
		return true
	}
	return c.Cancelled()
}

// Kill ends the call, wherever it is. A pending future is cancelled. A running
// one fails with an error matching [ErrKilled], if its engine can kill: a
// process pool ends the worker. On a goroutine nothing can, and Kill returns
// an error matching errors.ErrUnsupported; cancel the context instead. For a
// future that is done Kill does nothing. It does not wait.
func (c *core) Kill() error {
	if c.Cancel() || c.done() {
		return nil
	}
	r := c.runner.Load()
	if r == nil || r.Kill == nil || c.task == nil {
		return errNoKill
	}
	return r.Kill(c.task)
}

// Err waits until the future is done and returns the call's error: nil if it
// succeeded, [ErrCancelled] if the future was cancelled. If ctx ends first the
// error matches [ErrStillRunning] and the error of ctx.
func (c *core) Err(ctx context.Context) error {
	if err := c.wait(ctx); err != nil {
		return err
	}
	return c.outcome()
}

// outcome is the error of a future that is done.
func (c *core) outcome() error {
	if c.state.Load() == phaseCancelled {
		return ErrCancelled
	}
	return c.err
}

// SetRunningOrNotifyCancel is for those who write executors: they call it
// before they run the call. It moves a pending future to running and returns
// true. It returns false for a cancelled one, which is not to be run, and an
// error matching [ErrInvalidState] in any other state.
func (c *core) SetRunningOrNotifyCancel() (bool, error) {
	if c.state.CompareAndSwap(phasePending, phaseRunning) {
		return true, nil
	}
	if c.Cancelled() {
		return false, nil
	}
	return false, fmt.Errorf("%w: SetRunningOrNotifyCancel on a %v future", ErrInvalidState, c.State())
}

// start is Task.Start: it may be called again for a call that runs.
func (c *core) start() bool {
	return c.state.CompareAndSwap(phasePending, phaseRunning) || c.state.Load() <= phaseClaimed
}

// SetError is for those who write executors: it finishes the future with err,
// which must not be nil. Done or cancelled already: an error matching
// [ErrInvalidState].
func (c *core) SetError(err error) error {
	if err == nil {
		return fmt.Errorf("%w: SetError with a nil error", ErrInvalidState)
	}
	if !c.claim() {
		return fmt.Errorf("%w: SetError on a %v future", ErrInvalidState, c.State())
	}
	c.err = err
	c.publish()
	return nil
}
