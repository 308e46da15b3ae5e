package connection

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/conexgo/conex/internal/futex"
	"github.com/conexgo/conex/internal/wait"
	"github.com/conexgo/conex/internal/watch"
)

// wait waits until there is something to receive.
func (e *end) wait(ctx context.Context) error {
	if e.quick() {
		return nil
	}
	return e.receiver.sleep(ctx, e, &e.in.filled, e.quick, e.quick, func() {
		// Those who wait for more room than there was worth waking them for
		// must not wait for us, who wait for them.
		if e.in.freed.waiters.Load() != 0 {
			e.in.freed.wake()
		}
	})
}

// waitRoom waits until there is room for a record, or it is not worth waiting
// for. With full there is, but the socket has none.
func (e *end) waitRoom(ctx context.Context, r record, full bool) error {
	first := full
	fits := func() bool {
		if e.shut.Load() || e.gone() {
			return true
		}
		_, ok, err := e.out.fits(r)
		return err != nil || ok && !first
	}
	return e.sender.sleep(ctx, e, &e.out.freed, fits, func() bool { return fits() && (r.flags != 0 || e.out.half() || e.quickEnd()) }, func() { first = false })
}

// quickEnd reports whether there is nothing to wait for any more.
func (e *end) quickEnd() bool { return e.shut.Load() || e.gone() }

// asleep is how many sleep at ends of pipes in this process.
var asleep atomic.Int64

// bound is how long one of them sleeps at most before it looks whether a wake-up
// was lost with a process. The more there are, the more rarely each looks: all
// together no more often than one in lookPause.
func bound(poll *futex.Poll) time.Duration {
	const lookPause, rarely = 2 * time.Millisecond, 5 * time.Second
	return min(max(poll.Next(), time.Duration(asleep.Load())*lookPause), rarely)
}

// sleep waits until done, for a while polling eager and then in the kernel, for
// the event. before is called each time before it sleeps.
func (s *sleeper) sleep(ctx context.Context, e *end, ev *event, done, eager func() bool, before func()) error {
	if !s.turn.TryAcquire() {
		if err := s.turn.Acquire(ctx, e); err != nil {
			if done() || e.look() {
				return nil
			}
			return err
		}
	}
	defer s.turn.Release()
	if ctx.Err() != nil {
		if done() || e.look() {
			return nil
		}
		return watch.Reason(ctx)
	}
	if wait.CanSpin() {
		if s.spins.Spin(&s.place, eager, wait.SpinFor) {
			return nil
		}
	} else if letOthers(eager) {
		return nil
	}
	e.watch()
	asleep.Add(1)
	defer asleep.Add(-1)
	var poll futex.Poll
	for {
		seq := ev.seq.Load()
		ev.waiters.Store(1)
		if done() {
			return nil
		}
		before()
		err := futex.Wait(ctx, ev.seq, seq, bound(&poll))
		if ev.seq.Load() != seq {
			poll = futex.Poll{} // woken: whoever wakes us lives
		} else if e.sweep(); e.look() {
			return nil
		}
		if err != nil {
			if done() {
				return nil
			}
			return err
		}
	}
}

// letOthers lets other goroutines and processes have the only core, as long as
// there are any that want it, and reports whether that made done true. To be
// switched to costs less than to be woken, and the other side gets more done
// at a time.
func letOthers(done func() bool) bool {
	const times, alone = 8, 2 * time.Microsecond
	for range times {
		start := time.Now()
		runtime.Gosched()
		unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		if done() {
			return true
		}
		if time.Since(start) < alone {
			return false // nobody else wants it
		}
	}
	return false
}
