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
		Reuse:      reuse,
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
	root, ok := frozen(ctx)
	if !ok {
		return inherit.Values{}
	}
	return valuesOf(root)
}

func give(ctx context.Context, v inherit.Values) context.Context {
	return newItem(ctx, rootIn(v))
}

func each(ctx context.Context, v inherit.Values, n int) func() context.Context {
	return newItems(ctx, rootIn(v), n)
}

func reuse(ctx context.Context, v inherit.Values) func() context.Context {
	return newReused(ctx, rootIn(v))
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
