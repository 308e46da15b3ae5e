package futures

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"unsafe"
)

// ReturnWhen says what [Wait] waits for.
type ReturnWhen int

const (
	// AllCompleted: all futures are finished or cancelled.
	AllCompleted ReturnWhen = iota
	// FirstCompleted: one future is finished or cancelled.
	FirstCompleted
	// FirstError: one future has failed, or all are done. A cancelled
	// future has not failed.
	FirstError
)

// String returns the constant's name.
func (w ReturnWhen) String() string {
	switch w {
	case AllCompleted:
		return "AllCompleted"
	case FirstCompleted:
		return "FirstCompleted"
	case FirstError:
		return "FirstError"
	}
	return fmt.Sprintf("ReturnWhen(%d)", int(w))
}

// Wait waits until as many of the futures are done as when says, and returns
// those that are done and those that are not, each in the order given and
// once, however often it was given. The futures may be of several executors
// and types. Without futures it returns at once.
//
// If ctx ends first Wait returns what there is, with an error that tells how
// many futures are unfinished and matches [ErrStillRunning] and the error of
// ctx.
func Wait(ctx context.Context, when ReturnWhen, fs ...AnyFuture) (done, pending []AnyFuture, err error) {
	if when < AllCompleted || when > FirstError {
		return nil, nil, fmt.Errorf("futures: Wait: %v is not a condition", when)
	}
	set := newUnique(len(fs))
	all := make([]AnyFuture, 0, len(fs))
	cores := make([]*core, 0, len(fs))
	for _, f := range fs {
		if c := f.base(); set.add(c) {
			all = append(all, f)
			cores = append(cores, c)
		}
	}
	g := newGroup(cores)
	defer g.forget()
	enough := false
	switch when {
	case AllCompleted:
		enough = g.left == 0
	case FirstCompleted:
		enough = g.left < len(cores) || len(cores) == 0
	case FirstError:
		enough = g.left == 0
		for _, c := range cores {
			enough = enough || failedAlready(c)
		}
	}
	for !enough {
		var i int32
		if i, err = g.next(ctx, when == AllCompleted); err != nil {
			err = stillRunning(ctx, unfinished(g.left, len(cores)))
			break
		}
		switch when {
		case AllCompleted:
			enough = true
		case FirstCompleted:
			enough = true
		case FirstError:
			g.left--
			enough = g.left == 0 || failedAlready(cores[i])
		}
	}
	done = make([]AnyFuture, 0, len(all))
	for i, f := range all {
		if cores[i].done() {
			done = append(done, f)
		} else {
			pending = append(pending, f)
		}
	}
	if err != nil && len(pending) == 0 {
		err = nil
	}
	return done, pending, err
}

func unfinished(n, of int) string { return fmt.Sprintf("%d (of %d) futures unfinished", n, of) }

// failedAlready reports whether c has finished with an error.
func failedAlready(c *core) bool { return c.state.Load() == phaseFinished && c.err != nil }

// AsCompleted yields the futures as they are done, first those that are done
// already; each once, however often it was given. They may be of several
// executors.
//
// If ctx ends before all are done, AsCompleted yields one error more, with a
// nil future, that tells how many are unfinished and matches [ErrStillRunning]
// and the error of ctx. Errors of the calls are not yielded: they are in the
// futures.
func AsCompleted[R any](ctx context.Context, fs ...*Future[R]) iter.Seq2[*Future[R], error] {
	return func(yield func(*Future[R], error) bool) {
		set := newUnique(len(fs))
		all := make([]*Future[R], 0, len(fs))
		cores := make([]*core, 0, len(fs))
		for _, f := range fs {
			if set.add(&f.core) {
				all = append(all, f)
				cores = append(cores, &f.core)
			}
		}
		g := newGroup(cores)
		defer g.forget()
		left := len(all)
		take := func(i int32) bool {
			left--
			return yield(all[i], nil)
		}
		for _, i := range g.early {
			if !take(i) {
				return
			}
		}
		for left > 0 {
			i, err := g.next(ctx, false)
			if err != nil {
				yield(nil, stillRunning(ctx, unfinished(left, len(all))))
				return
			}
			if !take(i) {
				return
			}
		}
	}
}

// A group waits for several futures with one node for each, and no goroutine.
type group struct {
	cores []*core
	nodes []node  // of the futures that were not done, else unlinked
	early []int32 // the futures that were done at the beginning
	left  int     // how many were not

	mu     sync.Mutex // protects what follows
	ready  []int32    // done since, in order, and not yet returned by next
	todo   int        // not done
	wakeAt int        // wake the sleeper when todo has come down to this
	bell   chan struct{}
}

func newGroup(cores []*core) *group {
	g := &group{cores: cores}
	for _, c := range cores {
		if !c.done() {
			g.left++
		}
	}
	if g.left == 0 {
		g.early = make([]int32, len(cores))
		for i := range g.early {
			g.early[i] = int32(i)
		}
		return g
	}
	g.bell = make(chan struct{}, 1)
	g.wakeAt = -1
	g.todo = len(cores)
	g.nodes = make([]node, len(cores))
	for i, c := range cores {
		n := &g.nodes[i]
		n.who, n.index = g, int32(i)
		if c.done() || !c.listen(n) {
			g.early = append(g.early, int32(i))
		}
	}
	g.left = len(cores) - len(g.early)
	g.mu.Lock()
	g.todo -= len(g.early)
	g.mu.Unlock()
	return g
}

// wake notes that a future is done.
func (g *group) wake(i int32) {
	g.mu.Lock()
	g.ready = append(g.ready, i)
	g.todo--
	ring := g.todo <= g.wakeAt
	g.mu.Unlock()
	if ring {
		select {
		case g.bell <- struct{}{}:
		default:
		}
	}
}

// next waits for the next future, or for all of them. What is there already is
// returned even if ctx is over.
func (g *group) next(ctx context.Context, all bool) (i int32, err error) {
	for {
		g.mu.Lock()
		if all && g.todo <= 0 {
			g.mu.Unlock()
			return 0, nil
		}
		if !all && len(g.ready) > 0 {
			i = g.ready[0]
			g.ready = g.ready[1:]
			g.mu.Unlock()
			return i, nil
		}
		g.wakeAt = 0
		if !all {
			g.wakeAt = g.todo - 1
		}
		g.mu.Unlock()
		select {
		case <-g.bell:
		case <-ctx.Done():
			g.mu.Lock()
			g.left = g.todo
			late := all && g.todo > 0 || !all && len(g.ready) == 0
			g.mu.Unlock()
			if late {
				return 0, ctx.Err()
			}
		}
	}
}

// forget takes back the nodes of futures that are not done.
func (g *group) forget() {
	for i := range g.nodes {
		if c := g.cores[i]; !c.done() {
			c.forget(&g.nodes[i])
		}
	}
}

// unique is a set of futures: a hash table of one slice, for Wait with very
// many of them.
type unique struct {
	slots []*core
	mask  uintptr
}

func newUnique(n int) unique {
	size := 8
	for size < 2*n {
		size *= 2
	}
	return unique{make([]*core, size), uintptr(size - 1)}
}

// add reports whether c was not there yet.
func (u unique) add(c *core) bool {
	h := uintptr(unsafe.Pointer(c))
	h = (h >> 4) * 0x9E3779B1
	for i := (h >> 7) & u.mask; ; i = (i + 1) & u.mask {
		switch u.slots[i] {
		case nil:
			u.slots[i] = c
			return true
		case c:
			return false
		}
	}
}
