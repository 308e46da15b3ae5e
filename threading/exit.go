package threading

import (
	"context"

	"github.com/conexgo/conex/internal/exit"
)

// Shutdown ends the threads as the program's end does, for programs that do not
// run under conex.Main, which does it by itself after its run function has
// returned. It is the last thing such a program does with this package.
//
// It waits for all threads that are no daemons, also for those that are started
// meanwhile and for timers that wait. Adopted threads and the thread of ctx are
// not waited for. Then it ends the contexts of the daemons, with the cause
// [ErrShuttingDown], and returns without waiting for them: the program is going
// to end, which ends them wherever they are. From then on Start and waiting for
// a daemon fail with [ErrShuttingDown].
//
// If ctx ends first the error matches that of ctx; nothing has been ended then,
// and Shutdown may be called again.
func Shutdown(ctx context.Context) error { return shutdown(ctx, over) }

func shutdown(ctx context.Context, to phase) error {
	self := Current(ctx)
	for {
		t, daemons := nextToJoin(self, to)
		if t == nil {
			for _, cancel := range daemons {
				cancel(ErrShuttingDown)
			}
			return nil
		}
		if err := t.Join(ctx); err != nil {
			return err
		}
	}
}

// nextToJoin returns a thread that is to be waited for. If there is none the
// phase is to, and daemons end the daemons.
func nextToJoin(self *Thread, to phase) (t *Thread, daemons []context.CancelCauseFunc) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for t := registry.first; t != nil; t = t.next {
		if t != self && t.flags.Load()&(flagDaemon|flagAdopted|flagMain) == 0 {
			return t, nil
		}
	}
	registry.phase = max(registry.phase, to)
	for t := registry.first; t != nil; t = t.next {
		if x := t.extra.Load(); t.Daemon() && x != nil && x.cancel != nil {
			daemons = append(daemons, x.cancel)
		}
	}
	return nil, daemons
}

// shuttingDown reports whether daemons are not waited for any more.
func shuttingDown() bool {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return registry.phase >= daemonsEnded
}

// mainEnded notes that the main thread has nothing more to do.
func mainEnded() {
	registry.mu.Lock()
	joiners := mainThread.stopped()
	registry.mu.Unlock()
	wake(joiners)
}

func init() {
	// An interrupt does not shorten the wait: it has ended the contexts of
	// those it is for, and a second one ends the program.
	exit.Register(exit.Threads, func(ctx context.Context) {
		mainEnded()
		shutdown(context.WithoutCancel(ctx), daemonsEnded)
	})
	// The last tasks of pools may have started more.
	exit.Register(exit.Queues, func(ctx context.Context) {
		shutdown(context.WithoutCancel(ctx), over)
	})
}
