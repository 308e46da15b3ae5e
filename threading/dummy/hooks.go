package dummy

import (
	"time"

	"github.com/conexgo/conex/threading"
)

// A TraceKind says what happened to a thread.
type TraceKind = threading.TraceKind

// What happens to every thread: see package threading.
const (
	ThreadStarts   = threading.ThreadStarts
	ThreadFinishes = threading.ThreadFinishes
	ThreadFails    = threading.ThreadFails
)

// A TraceEvent is something that happened to a dummy thread.
type TraceEvent struct {
	Kind   TraceKind
	Thread *Thread
	Err    error         // of one that fails
	Ran    time.Duration // how long its function ran: for a ProfileFunc only
}

// A TraceFunc is told of a thread's start and end.
type TraceFunc func(TraceEvent)

// A ProfileFunc is told the same as a [TraceFunc], and how long the thread's
// function ran.
type ProfileFunc func(TraceEvent)

// settings are the hooks that a thread has to call; it gets those that are set
// when it starts.
type settings struct {
	trace   TraceFunc
	profile ProfileFunc
	since   time.Time // that the time for profile counts from
}

// set changes the hooks of threads that start later, and returns the old ones.
func set(change func(*settings)) (old settings) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	old = registry.settings
	change(&registry.settings)
	return old
}

// setAll changes those of the living, too.
func setAll(change func(*settings)) (old settings) {
	old = set(change)
	for _, t := range Enumerate() {
		t.mu.Lock()
		change(&t.settings)
		t.mu.Unlock()
	}
	return old
}

// SetTrace makes the dummy threads that are started from now on tell f of their
// start and end, and returns who was told before. nil ends that. If f panics,
// that is reported as [DefaultExceptHook] does, and the thread goes on. Threads
// of package threading are not concerned.
func SetTrace(f TraceFunc) (old TraceFunc) { return set(traceWith(f)).trace }

// SetTraceAll is [SetTrace] for the threads that run now, too: those the caller
// runs inside of tell of their end.
func SetTraceAll(f TraceFunc) (old TraceFunc) { return setAll(traceWith(f)).trace }

// Trace returns what was given to [SetTrace], or nil.
func Trace() TraceFunc { return set(func(*settings) {}).trace }

// SetProfile makes the dummy threads that are started from now on tell f of
// their start and end and how long they ran, and returns who was told before.
// It is otherwise like [SetTrace].
func SetProfile(f ProfileFunc) (old ProfileFunc) { return set(profileWith(f)).profile }

// SetProfileAll is [SetProfile] for the threads that run now, too. For one that
// was not profiled before, the time counts from this call.
func SetProfileAll(f ProfileFunc) (old ProfileFunc) { return setAll(profileWith(f)).profile }

// Profile returns what was given to [SetProfile], or nil.
func Profile() ProfileFunc { return set(func(*settings) {}).profile }

func traceWith(f TraceFunc) func(*settings) { return func(s *settings) { s.trace = f } }

func profileWith(f ProfileFunc) func(*settings) {
	now := time.Now()
	return func(s *settings) {
		if s.profile == nil {
			s.since = now
		}
		s.profile = f
	}
}

func (t *Thread) hooks() settings {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settings
}

// traceStart calls the hooks at the thread's start.
func (t *Thread) traceStart() {
	s := t.hooks()
	ev := TraceEvent{Kind: ThreadStarts, Thread: t}
	if s.trace != nil {
		t.tell("trace function", s.trace, ev)
	}
	if s.profile != nil {
		t.tell("profile function", s.profile, ev)
		t.mu.Lock()
		t.settings.since = time.Now()
		t.mu.Unlock()
	}
}

// traceEnd calls the hooks at the thread's end.
func (t *Thread) traceEnd(err error, failed bool) {
	s := t.hooks()
	ev := TraceEvent{Kind: ThreadFinishes, Thread: t}
	if failed {
		ev.Kind, ev.Err = ThreadFails, err
	}
	if s.trace != nil {
		t.tell("trace function", s.trace, ev)
	}
	if s.profile != nil {
		ev.Ran = time.Since(s.since)
		t.tell("profile function", s.profile, ev)
	}
}

func (t *Thread) tell(what string, f func(TraceEvent), ev TraceEvent) {
	defer func() {
		if p := recover(); p != nil {
			hookFailed(t, what, p)
		}
	}()
	f(ev)
}
