package threading

import (
	"context"
	"fmt"

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
	case state == 0:
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
	t.joiners.Lock()
	if t.state.Load() == stateStopped {
		t.joiners.Unlock()
		return nil
	}
	w := park.New(ctx)
	t.joiners.PushBack(w)
	ended := t.joiners.Sleep(ctx, w, t)
	if !ended {
		t.joiners.Unlock()
	}
	w.Free()
	if !ended {
		return fmt.Errorf("threading: waiting for %s: %w", t, watch.Reason(ctx))
	}
	return nil
}
