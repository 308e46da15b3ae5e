// Package watch notices the end of contexts for engines that hold many tasks:
// one context.AfterFunc for each distinct context, however many tasks share
// it. Contexts are distinct also when variables that travel to other processes
// differ.
package watch

import (
	"context"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/conexgo/conex/internal/inherit"
)

// A Watcher groups tasks by their context. Its methods are safe for
// concurrent use. Make one with [New].
type Watcher struct {
	onEnd func(*Group)

	mu     sync.Mutex
	nextID uint32                // protected by mu
	live   map[key]*Group        // protected by mu: groups with members, and last
	closed bool                  // protected by mu
	last   *Group                // protected by mu: kept even when empty, for the loop that submits under one context
	hot    atomic.Pointer[Group] // last, for Enter without the lock
}

// A key is the identity of a context: its interface words, and the variables
// that travel. Comparing interfaces would panic on contexts of uncomparable
// types. The group keeps the context alive, so the words are not reused while
// the key is in the map.
type key struct {
	ctx        [2]uintptr
	travelling unsafe.Pointer
}

// A Group is the tasks of one engine under one context.
type Group struct {
	Ctx context.Context
	ID  uint32 // unique within the Watcher, never 0

	w     *Watcher
	key   key
	refs  atomic.Int32 // members, plus 1 while it is last; negative once dead
	stop  func() bool
	ended atomic.Bool

	// Values and Bad are for the engine: what it worked out once for this
	// context, or why it could not.
	Values []byte
	Bad    error
}

// New returns a Watcher that calls onEnd, on a goroutine of its own, when the
// context of a group ends that has members.
func New(onEnd func(*Group)) *Watcher {
	return &Watcher{onEnd: onEnd, live: make(map[key]*Group)}
}

const dead = -1 << 30

// Enter makes the caller a member of ctx's group. It returns nil for a
// context that never ends and for which init is nil; init, if given, runs
// once for a new group before anybody else sees it, with the variables of the
// group's first member.
func (w *Watcher) Enter(ctx context.Context, init func(*Group, inherit.Values)) *Group {
	return w.EnterWith(ctx, inherit.Values{}, init)
}

// EnterWith is Enter for a task that takes variables along.
func (w *Watcher) EnterWith(ctx context.Context, vars inherit.Values, init func(*Group, inherit.Values)) *Group {
	if ctx.Done() == nil && init == nil {
		return nil
	}
	k := key{*(*[2]uintptr)(unsafe.Pointer(&ctx)), vars.Travelling()}
	if g := w.hot.Load(); g != nil && g.key == k && g.refs.Add(1) > 0 {
		return g
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.live[k]
	if g == nil || g.refs.Add(1) <= 0 {
		w.nextID++
		g = &Group{Ctx: ctx, ID: w.nextID, w: w, key: k}
		g.refs.Store(1)
		if init != nil {
			init(g, vars)
		}
		if ctx.Done() != nil {
			g.stop = context.AfterFunc(ctx, g.end)
		}
		w.live[k] = g
	}
	if old := w.last; old != g && !w.closed {
		w.last = g
		w.hot.Store(g)
		g.refs.Add(1)
		if old != nil && old.refs.Add(-1) == 0 {
			w.drop(old)
		}
	}
	return g
}

// Join adds a membership to a group that the caller is a member of. It does
// nothing on a nil Group.
func (g *Group) Join() {
	if g != nil {
		g.refs.Add(1)
	}
}

// Leave ends one membership. It does nothing on a nil Group.
func (g *Group) Leave() { g.LeaveMany(1) }

// LeaveMany ends n memberships.
func (g *Group) LeaveMany(n int32) {
	if g == nil {
		return
	}
	if g.refs.Add(-n) == 0 {
		g.w.mu.Lock()
		g.w.drop(g)
		g.w.mu.Unlock()
	}
}

// drop forgets g if it is still empty. The caller holds w.mu.
func (w *Watcher) drop(g *Group) {
	if !g.refs.CompareAndSwap(0, dead) {
		return
	}
	if w.live[g.key] == g {
		delete(w.live, g.key)
	}
	if g.stop != nil {
		g.stop()
	}
}

// Ended reports whether the group's context has ended, as far as the Watcher
// has noticed: a moment after it did. A nil Group never ends.
func (g *Group) Ended() bool { return g != nil && g.ended.Load() }

// Cause is why it ended: the [Reason] of its context.
func (g *Group) Cause() error { return Reason(g.Ctx) }

func (g *Group) end() {
	g.ended.Store(true)
	g.w.onEnd(g)
}

// Close forgets every context.
func (w *Watcher) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.hot.Store(nil)
	w.last = nil
	for k, g := range w.live {
		delete(w.live, k)
		if g.stop != nil {
			g.stop()
		}
	}
}
