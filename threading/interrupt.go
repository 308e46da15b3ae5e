package threading

import "fmt"

// InterruptMain ends the context of the main thread with the cause
// [ErrInterrupted], as the first Ctrl-C does with another cause. The error
// matches [ErrNoThread] if the program does not run under conex.Main. See
// lowlevel.InterruptMain, which is Python's interrupt_main.
func InterruptMain() error {
	registry.mu.Lock()
	var cancel func(error)
	if x := mainThread.extra.Load(); x != nil {
		cancel = x.cancel
	}
	registry.mu.Unlock()
	if cancel == nil {
		return fmt.Errorf("%w: the program does not run under conex.Main", ErrNoThread)
	}
	cancel(ErrInterrupted)
	return nil
}
