package contextvars

import (
	"context"
	"iter"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Context is a set of variables with their values. A context.Context carries
// one, the current Context of whoever has that ctx: [Context.Run] puts it
// there, and [Var.Get] and [Var.Set] work in it.
//
// A Copy takes constant time and shares what is not changed afterwards, and
// reading never waits.
//
// The zero Context is empty and ready to use. A Context must not be copied by
// assignment. Its methods are safe for concurrent use, also while it is
// entered, and each sees the variables of one moment. None blocks.
type Context struct {
	root atomic.Pointer[node] // written under mu
	// epoch is the time since somebody else got hold of root: leaves made in
	// it are c's alone, and Set may write to them. 0: there is none yet.
	epoch   atomic.Uint64 // written under mu
	mu      sync.Mutex
	entered atomic.Bool
}

// NewContext returns an empty Context.
func NewContext() *Context { return new(Context) }

// Copy returns a copy of the current Context, which is the one that ctx
// carries; if it carries none, an empty one. The copy is independent: neither
// sees what is set in the other from then on. It takes constant time.
func Copy(ctx context.Context) *Context {
	c := new(Context)
	root, _ := frozen(ctx)
	c.root.Store(root)
	return c
}

// Copy returns a copy of c, also while c is entered; see the function [Copy].
func (c *Context) Copy() *Context {
	d := new(Context)
	d.root.Store(c.freeze())
	return d
}

// Run enters c, calls fn, leaves c, and returns what fn returned; a panic
// passes through. The ctx that fn gets is ctx with c as its current Context:
// what fn sets there is in c afterwards, and is not seen under ctx.
//
// A Context can be entered by one at a time. It is an error matching
// [ErrEntered], and fn is not called, while another Run of c has not returned,
// on this goroutine or another. Afterwards c can be entered again, from
// anywhere. What happens in one Run synchronizes before the next.
//
// Goroutines that fn starts share c with it; [Go] gives them a copy.
func (c *Context) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	if fn == nil {
		return ErrNilFunc
	}
	if !c.entered.CompareAndSwap(false, true) {
		return ErrEntered
	}
	defer c.entered.Store(false)
	return fn(&scope{ctx, c})
}

// Len returns the number of variables that are set in c.
func (c *Context) Len() int { return c.root.Load().len() }

// Has reports whether v is set in c. Defaults do not count.
func (c *Context) Has(v AnyVar) bool { return c.root.Load().find(v.base()) != nil }

// Vars returns the variables that are set in c at the moment of the call. They
// come in the order in which they were made, those that are [Propagated] last.
func (c *Context) Vars() iter.Seq[AnyVar] {
	root := c.freeze()
	return func(yield func(AnyVar) bool) {
		root.each(func(p unsafe.Pointer) bool { return yield((*head)(p).v.any) })
	}
}

// Values returns the values of the variables that are set in c, in the order
// of [Context.Vars].
func (c *Context) Values() iter.Seq[any] {
	root := c.freeze()
	return func(yield func(any) bool) {
		root.each(func(p unsafe.Pointer) bool { return yield((*head)(p).v.any.valueOf(p)) })
	}
}

// All returns the variables that are set in c with their values, in the order
// of [Context.Vars].
func (c *Context) All() iter.Seq2[AnyVar, any] {
	root := c.freeze()
	return func(yield func(AnyVar, any) bool) {
		root.each(func(p unsafe.Pointer) bool {
			v := (*head)(p).v.any
			return yield(v, v.valueOf(p))
		})
	}
}

// Equal reports whether c and d have the same variables set to equal values:
// by ==, or where values cannot be compared so, such as slices, by
// reflect.DeepEqual.
func (c *Context) Equal(d *Context) bool {
	a, b := c.freeze(), d.freeze()
	if a == b {
		return true
	}
	return a.len() == b.len() && a.each(func(p unsafe.Pointer) bool {
		v := (*head)(p).v
		q := b.find(v)
		return q == p || q != nil && equal(v.any.valueOf(p), v.any.valueOf(q))
	})
}

func equal(a, b any) bool {
	if reflect.ValueOf(&a).Elem().Comparable() && reflect.ValueOf(&b).Elem().Comparable() {
		return a == b
	}
	return reflect.DeepEqual(a, b)
}

// freeze returns the variables of this moment, as a map that does not change
// any more: what is set from now on goes into other nodes.
func (c *Context) freeze() *node {
	// In this order: a root that was there before epoch was 0 is of an
	// epoch that is over.
	root := c.root.Load()
	if c.epoch.Load() == 0 {
		return root
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch.Store(0)
	return c.root.Load()
}

// epochs counts the epochs of all Contexts.
var epochs atomic.Uint64

// put sets the variable and returns the cell from before, or nil.
func (c *Context) put(id uint32, cell unsafe.Pointer) (old unsafe.Pointer) {
	c.mu.Lock()
	root, epoch := c.root.Load(), c.epoch.Load()
	if epoch != 0 {
		old = root.replace(id, cell, epoch)
	}
	if old == nil {
		root, old = root.with(id, cell, c.now())
		c.root.Store(root)
	}
	c.mu.Unlock()
	return old
}

// drop removes the variable.
func (c *Context) drop(id uint32) {
	c.mu.Lock()
	c.root.Store(c.root.Load().without(id, c.now()))
	c.mu.Unlock()
}

// now returns the epoch that c is in; it begins one if there is none. The
// caller holds mu.
func (c *Context) now() uint64 {
	e := c.epoch.Load()
	if e == 0 {
		e = epochs.Add(1)
		c.epoch.Store(e)
	}
	return e
}
