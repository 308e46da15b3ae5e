package threading

import (
	"context"
	"io"
	"time"

	"github.com/conexgo/conex/internal/track"
)

// SetTracking switches on, or off, that the program keeps notes for
// [DumpWaiters]: who holds each Lock and RLock, who waits for what, since when,
// and where in the program. It returns what was before. It is off at first, and
// costs nothing then; on, every acquisition takes a microsecond or two.
//
// Nothing is known of what was held or waited for when it was switched on.
func SetTracking(on bool) (old bool) { return track.Set(on) }

// DumpWaiters writes to w, for a human reader, who waits for what and who holds
// it, with the stacks of where that was begun, and first of all the threads
// that wait for one another in a circle: a deadlock. Locks, conditions,
// semaphores, events, barriers and queues are known by their type and address,
// threads by their name. [SetTracking] has to be on.
//
// It takes no lock of the program, so it can be called whatever hangs: from a
// signal handler, say, or from an HTTP handler next to net/http/pprof. It
// returns the error of w.
func DumpWaiters(w io.Writer) error { return track.Dump(w) }

// A SlowWait is a wait that took long.
type SlowWait struct {
	// Kind is the type of what was waited for, "threading.Lock", say, and
	// Object is itself, a pointer to it.
	Kind   string
	Object any

	Thread *Thread // who waited, if it was a thread
	Waited time.Duration

	// Stack is where, for [runtime.CallersFrames].
	Stack []uintptr
}

// SetSlowWait has fn called after every wait that took threshold or more, for
// a lock or for anything else in this package and in package queue, by the
// goroutine that has waited. fn may use what was waited for. A nil fn ends
// that. Without one a wait costs nothing more, and an acquisition that need not
// wait costs nothing more in any case.
func SetSlowWait(threshold time.Duration, fn func(SlowWait)) {
	if fn == nil {
		track.SetSlow(0, nil)
		return
	}
	track.SetSlow(threshold, func(s track.Slow) {
		t, _ := s.Thread.(*Thread)
		fn(SlowWait{track.Kind(s.Obj), s.Obj, t, s.Waited, s.Stack})
	})
}

// endWait ends a note about a wait; nil does nothing.
type endWait func()

func (e endWait) call() {
	if e != nil {
		e()
	}
}

// watched notes that the caller's caller is about to wait for obj, if somebody
// wants to know.
func watched(ctx context.Context, obj any) endWait {
	if !track.Watched() {
		return nil
	}
	return track.Begin(ctx, obj, 1)
}
