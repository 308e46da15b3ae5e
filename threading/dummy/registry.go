package dummy

import (
	"slices"
	"sync"
)

// The registry knows the threads that live. Its lock is taken with a thread's
// lock held, never the other way round.
type registryOf struct {
	mu          sync.Mutex
	alive       []*Thread // protected by mu: the main thread is always the first
	depth       int       // protected by mu: how many of them were started
	interrupted bool      // protected by mu: the main flow is to be told
	settings    settings  // protected by mu: of threads that are started from now on
}

var registry registryOf

// add makes t one of the living and returns the hooks it gets. The caller holds
// the lock of t.
func (r *registryOf) add(t *Thread) settings {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alive = append(r.alive, t)
	if t.flags&(flagMain|flagAdopted) == 0 {
		r.depth++
	}
	return r.settings
}

// remove notes the end of t. The caller holds the lock of t.
func (r *registryOf) remove(t *Thread) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.alive, t); i >= 0 {
		r.alive = slices.Delete(r.alive, i, i+1)
		if t.flags&flagAdopted == 0 {
			r.depth--
		}
	}
}

// ActiveCount returns the number of threads that live: the length of what
// [Enumerate] returns.
func ActiveCount() int { return len(Enumerate()) }

// Enumerate returns the threads that live, in the order of their start: the
// main thread, which is always there, adopted ones, and those the caller runs
// inside of, if no other goroutine has some of its own. The slice is the
// caller's.
func Enumerate() []*Thread {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	return slices.Clone(registry.alive)
}

var mainThread = newMain()

func newMain() *Thread {
	name := "MainThread"
	t := &Thread{name: &name, state: stateStarted, flags: flagMain | flagSet}
	registry.add(t)
	return t
}

// Main returns the main thread, called MainThread. It is always alive, and no
// daemon. The context that conex.Main hands out carries it; in tests, and in
// goroutines that are no threads, [Adopt] makes a context that carries another.
// It cannot be started.
func Main() *Thread { return mainThread }
