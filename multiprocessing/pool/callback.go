package pool

import (
	"log/slog"
	"runtime/debug"
)

// A callback waits for the end of a call.
type callback struct {
	fn    func()
	older *callback
}

// sealed is in the place of callbacks once those that were there have run:
// whoever comes later runs its own.
var sealed = new(callback)

// OnResult has fn called with the result if the call succeeds, and returns r:
//
//	pool.ApplyAsync(ctx, p, Square, 7).OnResult(show).OnError(complain)
//
// fn runs on the goroutine that receives results, so it must be quick; and it
// has returned before a Get that begins after OnResult does. It must not wait
// for r itself. If the call is over already fn is called at once. Callbacks run
// in the order of adding. A panic in one is logged through slog's default logger
// and otherwise ignored. A nil fn is ignored.
func (r *AsyncResult[T]) OnResult(fn func(T)) *AsyncResult[T] {
	if fn != nil {
		r.add(func() {
			if r.err == nil {
				fn(r.val)
			}
		})
	}
	return r
}

// OnError has fn called with the error if the call fails. Everything else is as
// with OnResult.
func (r *AsyncResult[T]) OnError(fn func(error)) *AsyncResult[T] {
	if fn != nil {
		r.add(func() {
			if r.err != nil {
				fn(r.err)
			}
		})
	}
	return r
}

func (r *AsyncResult[T]) add(fn func()) {
	c := &callback{fn: fn}
	for {
		old := r.callbacks.Load()
		if old == sealed {
			c.older = nil // what was there has run meanwhile
			c.run()
			return
		}
		c.older = old
		if r.callbacks.CompareAndSwap(old, c) {
			return
		}
	}
}

// drain runs the callbacks, those too that are added meanwhile, until none is
// left: so they run one after the other, whoever adds them.
func (r *AsyncResult[T]) drain() {
	if r.callbacks.CompareAndSwap(nil, sealed) {
		return
	}
	defer r.drain()
	r.callbacks.Swap(nil).run()
}

// run calls the callbacks, the oldest first. One that ends its goroutine, by
// runtime.Goexit, does not keep the others from being called.
func (c *callback) run() {
	var first *callback
	for c != nil {
		c.older, c, first = first, c.older, c
	}
	first.runNext()
}

// runNext calls what is linked in the order of adding.
func (c *callback) runNext() {
	if c == nil {
		return
	}
	defer c.older.runNext()
	defer func() {
		if v := recover(); v != nil {
			slog.Error("multiprocessing/pool: panic in a callback", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	c.fn()
}
