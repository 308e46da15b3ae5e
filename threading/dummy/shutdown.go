package dummy

import "context"

// Shutdown ends the contexts of the daemons the caller runs inside of, with the
// cause [ErrShuttingDown], after all threads that are no daemons have ended:
// and so they have, unless the caller runs inside of one, which is not its own.
// Then Shutdown returns a *[DeadlockError], or the end of ctx if that has
// ended.
//
// Unlike that of package threading it leaves everything usable: the next test
// starts its threads as if nothing had been.
func Shutdown(ctx context.Context) error {
	self := Current(ctx)
	all := Enumerate()
	for _, t := range all {
		if t != self && t.awaited() {
			return deadlock(ctx, "Shutdown", holder{thread: t}, "the caller is run")
		}
	}
	for _, t := range all {
		t.mu.Lock()
		cancel := t.cancel
		t.mu.Unlock()
		if cancel != nil {
			cancel(ErrShuttingDown)
		}
	}
	return nil
}

// awaited reports whether the end of the program waits for t.
func (t *Thread) awaited() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flags&(flagDaemon|flagAdopted|flagMain) == 0
}
