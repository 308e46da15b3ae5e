package threading

import (
	"context"
	"fmt"
	"runtime"

	"github.com/conexgo/conex/internal/park"
	"github.com/conexgo/conex/internal/watch"
)

// Join waits until the thread has ended, however that came: [Thread.Err] says
// how. It may be called often, and by many threads at once. To wait for the
// main thread is to wait until the function given to conex.Main has returned.
//
// If ctx ends first, the error matches that of ctx. Otherwise the error is
// [ErrNotStarted], [ErrNotInitialized], [ErrJoinSelf] if the thread is the one
// of ctx, [ErrJoinDummy] for an adopted one, or [ErrShuttingDown] for a daemon
// that still runs when the program does not wait for it any more.
func (t *Thread) Join(ctx context.Context) error {
	flags := t.flags.Load()
	switch state := t.state.Load(); {
	case state < stateStarted && t.number == 0:
		return ErrNotInitialized
	case state < stateStarted:
		return ErrNotStarted
	case flags&flagAdopted != 0:
		return ErrJoinDummy
	case state == stateStopped:
		return nil
	case Current(ctx) == t:
		return ErrJoinSelf
	case flags&flagDaemon != 0 && shuttingDown():
		return ErrShuttingDown
	}
	// A thread that was just started often has little to do: to let it run is
	// cheaper for both than to be woken by it.
	if runtime.Gosched(); t.state.Load() == stateStopped {
		return nil
	}
	w := park.New(ctx)
	defer w.Free()
	q := t.wait(w)
	if q == nil || q.Sleep(ctx, w, t) {
		return nil
	}
	q.Unlock()
	return fmt.Errorf("threading: waiting for %s: %w", t, watch.Reason(ctx))
}

// wait puts w into the queue of t's joiners, and returns that, locked; nil if t
// has stopped.
func (t *Thread) wait(w *park.Waiter) *park.Queue {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if t.state.Load() == stateStopped {
		return nil
	}
	if t.joiners == nil {
		t.joiners = new(park.Queue)
	}
	t.joiners.Lock()
	t.joiners.PushBack(w)
	return t.joiners
}
