package threading

import (
	"sync"
	"time"
)

// A TraceKind says what happened to a thread.
type TraceKind int

// What happens to every thread: it starts, and it finishes or fails.
const (
	ThreadStarts   TraceKind = iota // its function is about to be called
	ThreadFinishes                  // its function has ended without a failure
	ThreadFails                     // its function has returned an error or panicked
)

// String returns "starts", "finishes" or "fails".
func (k TraceKind) String() string {
	return [...]string{"starts", "finishes", "fails"}[k]
}

// A TraceEvent is something that happened to a thread.
type TraceEvent struct {
	Kind   TraceKind
	Thread *Thread
	Err    error         // of one that fails
	Ran    time.Duration // how long its function ran: for a ProfileFunc only
}

// A TraceFunc is told of a thread's start and end, in the thread's goroutine.
// There are no frames of an interpreter to be told of in Go: what goes on in
// between is for the runtime/trace package, see [WithLabels].
type TraceFunc func(TraceEvent)

// A ProfileFunc is told the same as a [TraceFunc], and how long the thread's
// function ran.
type ProfileFunc func(TraceEvent)

// hooks are what a thread has to call. They are immutable; a thread gets those
// that are set when it starts.
type hooks struct {
	trace   TraceFunc
	profile ProfileFunc
}

// with returns hooks that differ from h, which may be nil, as change says.
// They are nil if nothing is set.
func (h *hooks) with(change func(*hooks)) *hooks {
	var n hooks
	if h != nil {
		n = *h
	}
	change(&n)
	if n.trace == nil && n.profile == nil {
		return nil
	}
	return &n
}

// hooks are the thread's, nil if none.
func (t *Thread) hooks() *hooks {
	if x := t.extra.Load(); x != nil {
		return x.hooks.Load()
	}
	return nil
}

// setting serialises who sets hooks for all.
var setting sync.Mutex

// setHooks changes the hooks of threads that start later, and returns the old
// ones.
func setHooks(change func(*hooks)) (old hooks) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if registry.hooks != nil {
		old = *registry.hooks
	}
	registry.hooks = registry.hooks.with(change)
	return old
}

// setHooksAll changes those of the living, too.
func setHooksAll(change func(*hooks)) (old hooks) {
	old = setHooks(change)
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for t := registry.first; t != nil; t = t.next {
		if h := t.hooks().with(change); h != nil || t.hooks() != nil {
			t.more().hooks.Store(h)
		}
	}
	return old
}

func getHooks() hooks { return setHooks(func(*hooks) {}) }

// SetTrace makes the threads that are started from now on tell f of their
// start and end, and returns who was told before. nil ends that. Threads that
// run already, and adopted ones, are as they were. While nothing is set it
// costs nothing. If f panics, that is reported as [DefaultExceptHook] does, and
// the thread goes on.
func SetTrace(f TraceFunc) (old TraceFunc) {
	return setHooks(func(h *hooks) { h.trace = f }).trace
}

// SetTraceAll is [SetTrace] for the threads that run now, too: they tell of
// their end.
func SetTraceAll(f TraceFunc) (old TraceFunc) {
	return setHooksAll(func(h *hooks) { h.trace = f }).trace
}

// Trace returns what was given to [SetTrace], or nil.
func Trace() TraceFunc { return getHooks().trace }

// SetProfile makes the threads that are started from now on tell f of their
// start and end and how long they ran, and returns who was told before. It is
// otherwise like [SetTrace].
func SetProfile(f ProfileFunc) (old ProfileFunc) {
	return setHooks(func(h *hooks) { h.profile = f }).profile
}

// SetProfileAll is [SetProfile] for the threads that run now, too. For one that
// was not profiled before, the time counts from this call.
func SetProfileAll(f ProfileFunc) (old ProfileFunc) {
	setting.Lock()
	defer setting.Unlock()
	old = setHooksAll(func(h *hooks) { h.profile = f }).profile
	if f != nil {
		now := sinceBirth()
		for _, t := range Enumerate() {
			t.more().began.CompareAndSwap(0, now)
		}
	}
	return old
}

// Profile returns what was given to [SetProfile], or nil.
func Profile() ProfileFunc { return getHooks().profile }

// birth is where time in this file counts from.
var birth = time.Now()

func sinceBirth() int64 { return int64(time.Since(birth)) }

// traceStart calls the hooks at the thread's start.
func (t *Thread) traceStart() {
	h := t.hooks()
	if h == nil {
		return
	}
	ev := TraceEvent{Kind: ThreadStarts, Thread: t}
	if h.trace != nil {
		t.tell("trace function", h.trace, ev)
	}
	if h.profile != nil {
		t.tell("profile function", h.profile, ev)
		t.more().began.Store(sinceBirth())
	}
}

// traceEnd calls the hooks at the thread's end.
func (t *Thread) traceEnd(err error, failed bool) {
	h := t.hooks()
	if h == nil {
		return
	}
	ev := TraceEvent{Kind: ThreadFinishes, Thread: t}
	if failed {
		ev.Kind, ev.Err = ThreadFails, err
	}
	if h.trace != nil {
		t.tell("trace function", h.trace, ev)
	}
	if h.profile != nil {
		ev.Ran = time.Duration(sinceBirth() - t.more().began.Load())
		t.tell("profile function", h.profile, ev)
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
