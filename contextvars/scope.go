package contextvars

import "context"

// A scope is a context.Context that carries a Context.
type scope struct {
	context.Context
	cur *Context
}

// holderKey asks a context.Context for the innermost that carries a Context: a
// *scope or an *item.
type holderKey struct{}

// Value answers for what it carries; everything else is the parent's.
func (s *scope) Value(key any) any {
	if key == (holderKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// An owner is a scope with the Context in it: one allocation for both.
type owner struct {
	scope
	own Context
}

// newScope returns ctx with a new Context that has the given variables.
func newScope(ctx context.Context, root *node) *scope {
	o := &owner{scope: scope{Context: ctx}}
	o.cur = &o.own
	o.own.root.Store(root)
	return &o.scope
}

// current returns the Context that ctx carries, or nil.
func current(ctx context.Context) *Context {
	// To ask for a concrete type is a compare; the rest is a search.
	if s, ok := ctx.(*scope); ok {
		return s.cur
	}
	return search(ctx)
}

// rootOf returns the variables that are set in ctx now.
func rootOf(ctx context.Context) *node {
	s, i := holderOf(ctx)
	if i != nil {
		if c := i.own.Load(); c != nil {
			return c.root.Load()
		}
		return i.root
	}
	if s != nil {
		return s.cur.root.Load()
	}
	return nil
}

// frozen returns the variables that are set in ctx, as a map that does not
// change any more, and whether ctx carries a Context at all.
func frozen(ctx context.Context) (root *node, ok bool) {
	s, i := holderOf(ctx)
	if i != nil {
		if c := i.own.Load(); c != nil {
			return c.freeze(), true
		}
		return i.root, true
	}
	if s != nil {
		return s.cur.freeze(), true
	}
	return nil, false
}

// holderOf returns what in ctx carries a Context: one of the two or neither.
func holderOf(ctx context.Context) (*scope, *item) {
	switch h := ctx.(type) {
	case *scope:
		return h, nil
	case *item:
		return nil, h
	case nil:
		return nil, nil
	}
	switch h := ctx.Value(holderKey{}).(type) {
	case *scope:
		return h, nil
	case *item:
		return nil, h
	}
	return nil, nil
}

// search is the rest of current, apart so that current is small enough to
// become part of its callers.
//
//go:noinline
func search(ctx context.Context) *Context {
	s, i := holderOf(ctx)
	if i != nil {
		return i.context()
	}
	if s != nil {
		return s.cur
	}
	return nil
}
