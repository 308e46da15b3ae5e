package threading

import (
	"context"
	"sync"

	"github.com/conexgo/conex/internal/current"
	"github.com/conexgo/conex/internal/mainctx"
	"github.com/conexgo/conex/internal/park"
)

// The registry knows the threads that live.
type registryOf struct {
	mu          sync.Mutex // protects what follows, and state and flags of every thread
	first, last *Thread    // in the order of their start; the main thread is always the first
	count       int
	lastID      ID
	hooks       *hooks // of threads that are started from now on
	phase       phase
}

var registry registryOf

// A phase is how far the end of the program has come.
type phase int

const (
	running      phase = iota
	daemonsEnded       // the threads at that time have been waited for
	over               // nothing is started any more
)

// add makes t, which is about to start, one of the living. The caller holds
// mu.
func (r *registryOf) add(t *Thread) {
	r.lastID++
	t.id = r.lastID
	t.prev = r.last
	if r.last == nil {
		r.first = t
	} else {
		r.last.next = t
	}
	r.last = t
	r.count++
	t.state.Store(stateStarted)
}

// remove notes the end of t, which is not the main thread, and returns who is
// to be woken. The caller holds mu.
func (r *registryOf) remove(t *Thread) (joiners *park.Queue) {
	t.prev.next = t.next
	if t.next == nil {
		r.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.next, t.prev = nil, nil
	r.count--
	return t.stopped()
}

// stopped notes the end, as remove does. The caller holds the registry's lock.
func (t *Thread) stopped() (joiners *park.Queue) {
	t.state.Store(stateStopped)
	joiners, t.joiners = t.joiners, nil
	return joiners
}

// ActiveCount returns the number of threads that live: the length of what
// [Enumerate] returns.
func ActiveCount() int {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return registry.count
}

// Enumerate returns the threads that live, in the order of their start: the
// main thread, which is always there, daemons, adopted ones, the workers of
// thread pools, and timers that wait. Threads that were not started and those
// that have ended are not among them. The slice is the caller's.
func Enumerate() []*Thread {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	all := make([]*Thread, 0, registry.count)
	for t := registry.first; t != nil; t = t.next {
		all = append(all, t)
	}
	return all
}

// mainThread is the thread of conex.Main.
var mainThread = newMain()

func newMain() *Thread {
	t := &Thread{number: given, parent: context.Background()}
	t.SetName("MainThread")
	t.flags.Store(flagMain | flagSet)
	registry.add(t)
	return t
}

// Main returns the main thread, called MainThread. It always exists, is alive
// until the function given to conex.Main has returned, and is no daemon. Only
// the context that conex.Main hands out carries it. It cannot be started.
func Main() *Thread { return mainThread }

func init() {
	current.SetMain(mainThread)
	mainctx.Register(func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancelCause(ctx)
		registry.mu.Lock()
		defer registry.mu.Unlock()
		mainThread.parent = ctx
		mainThread.more().cancel = cancel
		return mainThread.context()
	})
}
