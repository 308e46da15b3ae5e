package sched

import (
	"cmp"
	"fmt"
	"reflect"
	"runtime"
	"time"
)

// An Event is an action that waits for its time in a [Scheduler], or that has
// waited there. [Scheduler.Enter] and [Scheduler.EnterAbs] make events.
//
// What its methods return never changes, so they are safe for concurrent use
// and also work when the event has run or was cancelled. The zero Event belongs
// to no scheduler. An Event must not be copied: its address is its identity.
type Event struct {
	_      noCopy
	at     time.Time
	prio   int
	seq    uint64
	action Action
	s      *Scheduler
	job    *Job    // nil unless it is one of a job
	run    *runner // who runs it; set once, before the action is called
	index  int32   // protected by s.mu: place in its heap (as many events would take 200 GB), or one of those below
	wall   bool    // waits for the wall clock, in the heap for that
}

// A noCopy makes go vet report copies.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// Places of events that wait no more.
const (
	started   = -1
	cancelled = -2
)

// Time is when the event is due.
func (e *Event) Time() time.Time { return e.at }

// Priority orders events that are due at the same time: lower ones run first.
func (e *Event) Priority() int { return e.prio }

// Sequence counts the events of a scheduler. It orders those that have the same
// time and priority: the one that was entered first runs first.
func (e *Event) Sequence() uint64 { return e.seq }

// Action is what the event does.
func (e *Event) Action() Action { return e.action }

// Job is the job that the event is a run of, or nil.
func (e *Event) Job() *Job { return e.job }

// Compare orders events as they run: by time, then priority, then sequence. It
// is negative if e comes before o. Between a time with a monotonic clock
// reading and one without, the wall clock decides.
func (e *Event) Compare(o *Event) int {
	return cmp.Or(e.at.Compare(o.at), cmp.Compare(e.prio, o.prio), cmp.Compare(e.seq, o.seq))
}

// String describes the event, with the name of its action's function.
func (e *Event) String() string {
	name := "no action"
	if e.action != nil {
		if f := runtime.FuncForPC(reflect.ValueOf(e.action).Pointer()); f != nil {
			name = f.Name()
		}
	}
	return fmt.Sprintf("event %d (%s) at %s, priority %d", e.seq, name, e.at.Format(time.RFC3339Nano), e.prio)
}
