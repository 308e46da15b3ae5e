package threading

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// Name returns the thread's name: the one it was given, or Thread-N (function),
// where N counts the threads without a name. It is "" for nil. Names are for
// people; they need not be unique.
func (t *Thread) Name() string {
	if t == nil {
		return ""
	}
	if s := t.name.Load(); s != nil {
		return *s
	}
	s := "Thread-" + strconv.FormatUint(t.number, 10)
	if f := runtime.FuncForPC(t.pc); f != nil {
		s += " (" + shortName(f.Name()) + ")"
	}
	return s
}

// SetName renames the thread. The name that the system knows of a thread with
// [WithOSThread] stays as it is, and so do labels.
func (t *Thread) SetName(name string) { t.name.Store(&name) }

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
	state := [...]string{stateNew: "initial", stateUsed: "initial", stateStarted: "started", stateStopped: "stopped"}[t.state.Load()]
	if t.number == 0 {
		state = "not initialized"
	}
	if t.Daemon() {
		state += " daemon"
	}
	if id, ok := t.ID(); ok {
		state += fmt.Sprint(" ", id)
	}
	return fmt.Sprintf("<%s(%s, %s)>", kind, t.Name(), state)
}
