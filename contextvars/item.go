package contextvars

import (
	"context"
	"sync/atomic"
)

// An item is the context.Context of one of many tasks: it carries a Context of
// its own, which is not made before somebody sets a variable there. Until then
// all share their variables, and an item is two words.
//
// Tasks must not share more than that, however short they are: one that has
// returned may have left its ctx to a goroutine.
type item struct {
	*shared
	own atomic.Pointer[Context]
}

// A shared is what the items of a batch have in common.
type shared struct {
	context.Context
	root *node
}

// Value answers for what the item carries; everything else is the parent's.
func (i *item) Value(key any) any {
	if key == (holderKey{}) {
		return i
	}
	return i.Context.Value(key)
}

// context returns the item's Context, which it makes if there is none.
func (i *item) context() *Context {
	if c := i.own.Load(); c != nil {
		return c
	}
	c := new(Context)
	c.root.Store(i.root)
	if i.own.CompareAndSwap(nil, c) {
		return c
	}
	return i.own.Load()
}

// newItem returns ctx for a single task.
func newItem(ctx context.Context, root *node) context.Context {
	t := &struct {
		shared shared
		item   item
	}{shared: shared{ctx, root}}
	t.item.shared = &t.shared
	return &t.item
}

// newReused returns a function that returns ctx for one task after the other,
// each of which has returned when the next one begins. A task that sets nothing
// leaves its item, and so no trace, to the next.
func newReused(ctx context.Context, root *node) func() context.Context {
	s := &shared{ctx, root}
	i := &item{shared: s}
	return func() context.Context {
		if i.own.Load() != nil {
			i = &item{shared: s}
		}
		return i
	}
}

// slabMax is how many items are allocated together: enough for one to cost
// little, few enough for a task that keeps its ctx to keep little more.
const slabMax = 64

// newItems returns a function that returns ctx for one task after the other,
// of which there are n.
func newItems(ctx context.Context, root *node, n int) func() context.Context {
	s := &shared{ctx, root}
	var slab []item
	return func() context.Context {
		if len(slab) == 0 {
			slab = make([]item, max(1, min(n, slabMax)))
			n -= len(slab)
		}
		i := &slab[0]
		slab = slab[1:]
		i.shared = s
		return i
	}
}
