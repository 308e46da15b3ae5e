// Package inherit is how a task or a thread gets the context variables of who
// started it. Package contextvars, when a program has it, registers how that
// is done; who starts things calls this package and need not know of it.
//
// A program without contextvars pays a comparison with nil.
package inherit

import (
	"context"
	"unsafe"
)

// Values are what a context carried at one moment. They are immutable. The
// zero Values are those of a context that carries nothing.
type Values struct{ root unsafe.Pointer }

// Of is for the Source: it makes Values of a pointer, which must not be nil.
func Of(root unsafe.Pointer) Values { return Values{root} }

// Root is the pointer given to Of, or nil.
func (v Values) Root() unsafe.Pointer { return v.root }

// Any reports whether v is not zero. Values of no variables are not zero: a
// task that gets them can set variables of its own.
func (v Values) Any() bool { return v.root != nil }

// A Source is what package contextvars registers.
type Source struct {
	// Empty are the values of no variables.
	Empty Values
	// Take returns what ctx carries now: zero if nothing.
	Take func(ctx context.Context) Values
	// Give returns ctx with a copy of v of its own.
	Give func(ctx context.Context, v Values) context.Context
	// Each is Give for n tasks, one after the other.
	Each func(ctx context.Context, v Values, n int) func() context.Context
	// Reuse is Each for tasks of which each is over when the next begins.
	Reuse func(ctx context.Context, v Values) func() context.Context
	// Travelling identifies what of v can leave the process: two Values
	// with the same pointer take the same along; nil is nothing.
	Travelling func(v Values) unsafe.Pointer
}

// source is set by an init function, or never.
var source *Source

// Register makes s the source of values. Only an init function calls it.
func Register(s Source) {
	if source != nil {
		panic("inherit: registered twice")
	}
	source = &s
}

// Take returns what ctx carries now.
func Take(ctx context.Context) Values {
	if source == nil {
		return Values{}
	}
	return source.Take(ctx)
}

// TakeOrEmpty is Take where every task is to have values of its own: it gives
// a ctx that carries nothing the values of no variables.
func TakeOrEmpty(ctx context.Context) Values {
	if source == nil {
		return Values{}
	}
	if v := source.Take(ctx); v.Any() {
		return v
	}
	return source.Empty
}

// Own returns ctx with a copy of what it carries, or with the values of no
// variables, for one thread.
func Own(ctx context.Context) context.Context { return TakeOrEmpty(ctx).Give(ctx) }

// Give returns ctx with a copy of v, for one task: what that sets there, no
// other sees. Zero Values give ctx itself.
func (v Values) Give(ctx context.Context) context.Context {
	if v.root == nil {
		return ctx
	}
	return source.Give(ctx, v)
}

// Each is Give for n tasks that run one after the other: each call of the
// function returns the ctx of the next. It is nil for zero Values, when all
// can have ctx itself. The function must not be called from two goroutines at
// once; it may be called more than n times.
func (v Values) Each(ctx context.Context, n int) func() context.Context {
	if v.root == nil {
		return nil
	}
	return source.Each(ctx, v, n)
}

// Reuse is Each for items that cost next to nothing themselves: an item that
// set nothing leaves what it had to the next one. A goroutine that an item has
// left behind may so come to share a later item's copy.
func (v Values) Reuse(ctx context.Context) func() context.Context {
	if v.root == nil {
		return nil
	}
	return source.Reuse(ctx, v)
}

// Travelling identifies what of v can leave the process: two Values with the
// same pointer take the same along; nil is nothing. v keeps the pointer alive.
func (v Values) Travelling() unsafe.Pointer {
	if v.root == nil {
		return nil
	}
	return source.Travelling(v)
}
