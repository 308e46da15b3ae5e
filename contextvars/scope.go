package contextvars

import "context"

// A scope is a context.Context that carries a Context.
type scope struct {
	context.Context
	cur *Context
}

// scopeKey asks a context.Context for the Context that it carries.
type scopeKey struct{}

// Value answers for the Context; everything else is the parent's.
func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s.cur
	}
	return s.Context.Value(key)
}

// An owner is a scope with the Context in it, for tasks that get a copy: one
// allocation for both.
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

// search is the rest of current, apart so that current is small enough to
// become part of its callers.
//
//go:noinline
func search(ctx context.Context) *Context {
	if ctx == nil {
		return nil
	}
	c, _ := ctx.Value(scopeKey{}).(*Context)
	return c
}

// frozen returns the variables that are set in ctx, as a map that does not
// change any more.
func frozen(ctx context.Context) *node {
	if c := current(ctx); c != nil {
		return c.freeze()
	}
	return nil
}
