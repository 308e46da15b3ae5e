package contextvars

import (
	"context"
	"unsafe"

	"github.com/conexgo/conex/internal/inherit"
	"github.com/conexgo/conex/internal/mainctx"
)

// Tasks and threads get copies of the variables by way of package inherit, so
// that packages that start them need not import this one.
func init() {
	inherit.Register(inherit.Source{
		Empty:      valuesOf(nil),
		Take:       take,
		Give:       give,
		Each:       each,
		Travelling: travelling,
	})
	mainctx.Register(func(ctx context.Context) context.Context { return newScope(ctx, nil) })
}

// nothing stands for the empty map where nil means no Context at all.
var nothing node

func valuesOf(root *node) inherit.Values {
	if root == nil {
		root = &nothing
	}
	return inherit.Of(unsafe.Pointer(root))
}

func rootIn(v inherit.Values) *node {
	if n := (*node)(v.Root()); n != &nothing {
		return n
	}
	return nil
}

func take(ctx context.Context) inherit.Values {
	c := current(ctx)
	if c == nil {
		return inherit.Values{}
	}
	return valuesOf(c.freeze())
}

func give(ctx context.Context, v inherit.Values) context.Context {
	return newScope(ctx, rootIn(v))
}

// slabMax is how many tasks' Contexts are allocated together: enough for one
// to cost little, few enough for a task that keeps its ctx to keep little more.
const slabMax = 32

func each(ctx context.Context, v inherit.Values, n int) func() context.Context {
	root := rootIn(v)
	var slab []owner
	return func() context.Context {
		if len(slab) == 0 {
			slab = make([]owner, max(1, min(n, slabMax)))
			n -= len(slab)
		}
		o := &slab[0]
		slab = slab[1:]
		o.Context = ctx
		o.cur = &o.own
		o.own.root.Store(root)
		return &o.scope
	}
}

// travelling returns the part of the map with the variables that leave the
// process: setting others does not change its identity.
func travelling(v inherit.Values) unsafe.Pointer {
	return unsafe.Pointer(rootIn(v).travelling())
}

func (n *node) travelling() *node {
	if n == nil {
		return nil
	}
	if n.shift < top {
		if n.anID() < firstTravelling {
			return nil
		}
		return n
	}
	switch n.bits >> (firstTravelling >> top) {
	case 0:
		return nil
	case 1:
		return n.child(len(n.slots()) - 1)
	}
	return n // more than 2^30 do, or might
}
