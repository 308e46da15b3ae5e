package futures

import (
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A core is the part of a future that does not depend on the type of its
// result: the state and those who wait for it.
//
// Nothing but the state word is touched unless somebody waits: a future whose
// result is taken after it is there costs no lock and no allocation. Those who
// do wait hang a node into the list at head. Lists are guarded by a few locks
// that all futures share, so that no future carries one.
type core struct {
	state  atomic.Uint32          // one of the phases below
	head   atomic.Pointer[node]   // newest waiter first; written under lot()
	runner atomic.Pointer[Runner] // who runs it; nil: nobody that could be asked anything
	task   Task                   // of which this is the future; nil if made by NewFuture
	err    error                  // valid once phaseFinished
}

// Phases of a future. They are ordered: from phaseCancelled on it is done.
const (
	phasePending uint32 = iota
	phaseRunning
	phaseClaimed // somebody is writing the result
	phaseCancelled
	phaseFinished
)

// A node is one waiter of one future.
type node struct {
	next, prev *node
	who        listener
	index      int32 // for the listener
	linked     bool  // protected by lot()
}

// A listener is told once when the future is done, perhaps under its lot: it
// must neither block nor call strangers. Callbacks are told without the lock.
type listener interface{ wake(index int32) }

// lots holds the locks of all futures' lists. They are held for a few
// instructions only.
var lots [128]struct {
	sync.Mutex
	_ [56]byte // one cache line each
}

func (c *core) lot() *sync.Mutex {
	return &lots[uintptr(unsafe.Pointer(c))>>6%uintptr(len(lots))].Mutex
}

func (c *core) base() *core { return c }

func (c *core) done() bool { return c.state.Load() >= phaseCancelled }

// claim makes the caller the only one who may write the result.
func (c *core) claim() bool {
	for {
		s := c.state.Load()
		if s > phaseRunning {
			return false
		}
		if c.state.CompareAndSwap(s, phaseClaimed) {
			return true
		}
	}
}

// publish makes the result visible and wakes those who wait.
func (c *core) publish() {
	c.state.Store(phaseFinished)
	if c.head.Load() != nil {
		c.wakeAll()
	}
}

// finishErr ends the future with err unless it is done.
func (c *core) finishErr(err error) bool {
	if err == ErrCancelled && c.state.CompareAndSwap(phasePending, phaseCancelled) {
		c.wakeAll()
		return true
	}
	if !c.claim() {
		return false
	}
	c.err = err
	c.publish()
	return true
}

// listen hangs n into the list. It returns false if the future is done
// already; then n will not be woken.
func (c *core) listen(n *node) bool {
	mu := c.lot()
	mu.Lock()
	defer mu.Unlock()
	return c.link(n)
}

// link does it; the caller holds lot().
func (c *core) link(n *node) bool {
	old := c.head.Load()
	n.next, n.prev, n.linked = old, nil, true
	if old != nil {
		old.prev = n
	}
	c.head.Store(n)
	// publish stores the state and then looks at head; here it is the
	// other way round, so at least one of the two sees the other.
	if c.done() {
		c.unlink(n)
		return false
	}
	return true
}

// forget takes n out of the list. It returns false if n has been woken, or is
// about to be.
func (c *core) forget(n *node) bool {
	mu := c.lot()
	mu.Lock()
	defer mu.Unlock()
	if !n.linked {
		return false
	}
	c.unlink(n)
	return true
}

// unlink does it; the caller holds lot().
func (c *core) unlink(n *node) {
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		c.head.Store(n.next)
	}
	if n.next != nil {
		n.next.prev = n.prev
	}
	n.next, n.prev, n.linked = nil, nil, false
}

// wakeAll tells everybody in the list: first those who only wait, then the
// callbacks, oldest first.
func (c *core) wakeAll() {
	mu := c.lot()
	mu.Lock()
	n := c.head.Load()
	if n == nil {
		mu.Unlock()
		return
	}
	c.head.Store(nil)
	if n.next == nil { // nearly always
		n.linked = false
		who, index := n.who, n.index
		mu.Unlock()
		who.wake(index)
		return
	}
	for n.next != nil {
		n = n.next
	}
	// A node that has been woken belongs to its owner again, so it is done
	// with before, and under the lock, which is what makes the owner see it.
	// Waking is better done without the lock: those who get up want it.
	var few [4]struct {
		who   listener
		index int32
	}
	woken := 0
	var calls, lastCall *node
	for n != nil {
		newer := n.prev
		n.next, n.prev, n.linked = nil, nil, false
		if _, ok := n.who.(callback); ok {
			if calls == nil {
				calls = n
			} else {
				lastCall.next = n
			}
			lastCall = n
		} else if woken < len(few) {
			few[woken].who, few[woken].index = n.who, n.index
			woken++
		} else {
			n.who.wake(n.index)
		}
		n = newer
	}
	mu.Unlock()
	for _, w := range few[:woken] {
		w.who.wake(w.index)
	}
	runCallbacks(calls)
}

// A sleeper waits under a context that can end.
type sleeper struct {
	node
	ch chan struct{}
}

func (s *sleeper) wake(int32) { close(s.ch) }

// A napper waits under a context that cannot end. It has no channel, so it can
// be used again; a channel could not, since those made within a bubble of
// testing/synctest must not leave it.
type napper struct {
	node
	bed sync.Cond // on the future's lot
}

var nappers = sync.Pool{New: func() any {
	n := new(napper)
	n.who = n
	return n
}}

func (n *napper) wake(int32) { n.bed.Signal() }

// nap waits until the future is done.
func (c *core) nap() {
	n := nappers.Get().(*napper)
	mu := c.lot()
	n.bed.L = mu
	mu.Lock()
	if c.link(&n.node) {
		for n.linked {
			n.bed.Wait()
		}
	}
	mu.Unlock()
	nappers.Put(n)
}

// A doneChan is what Done hands out, the same to everybody.
type doneChan chan struct{}

func (d doneChan) wake(int32) { close(d) }

// closed is Done's answer for a future that is done.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// wait returns nil once the future is done, or an error matching
// ErrStillRunning when ctx ends first.
func (c *core) wait(ctx context.Context) error {
	if c.done() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return stillRunning(ctx, "")
	}
	if r := c.runner.Load(); r != nil && r.Poll != nil && c.task != nil {
		r.Poll(c.task)
		if c.done() {
			return nil
		}
	}
	if ctx.Done() == nil {
		c.nap()
		return nil
	}
	s := &sleeper{ch: make(chan struct{})}
	s.who = s
	if !c.listen(&s.node) {
		return nil
	}
	select {
	case <-s.ch:
		return nil
	case <-ctx.Done():
		c.forget(&s.node)
		if c.done() {
			return nil
		}
		return stillRunning(ctx, "")
	}
}
