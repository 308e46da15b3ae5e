package dummy

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
)

// threadNumbers counts the threads without a name of their own, dummyNumbers
// the adopted ones.
var threadNumbers, dummyNumbers atomic.Uint64

// Name returns the thread's name: the one it was given, or Thread-N (function),
// where N counts the threads without a name. It is "" for nil. Names are for
// people; they need not be unique.
func (t *Thread) Name() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.name != nil {
		return *t.name
	}
	s := "Thread-" + strconv.FormatUint(t.number, 10)
	if f := runtime.FuncForPC(t.pc); f != nil {
		s += " (" + shortName(f.Name()) + ")"
	}
	return s
}

// SetName renames the thread.
func (t *Thread) SetName(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name = &name
}

// shortName takes the package path and the compiler's marks off the name of a
// function.
func shortName(s string) string {
	s = s[strings.LastIndexByte(s, '/')+1:]
	if _, after, ok := strings.Cut(s, "."); ok {
		s = after
	}
	if i := strings.IndexByte(s, '['); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "-fm")
}

// String describes the thread: name, state, whether it is a daemon, identity.
func (t *Thread) String() string { return t.describe("Thread") }

func (t *Thread) describe(kind string) string {
	if t == nil {
		return "<no thread>"
	}
	t.mu.Lock()
	state, daemon := t.state, t.flags&flagDaemon != 0
	t.mu.Unlock()
	s := [...]string{0: "not initialized", stateNew: "initial", stateUsed: "initial", stateStarted: "started", stateStopped: "stopped"}[state]
	if daemon {
		s += " daemon"
	}
	if id, ok := t.ID(); ok {
		s += fmt.Sprint(" ", id)
	}
	return fmt.Sprintf("<%s(%s, %s)>", kind, t.Name(), s)
}
