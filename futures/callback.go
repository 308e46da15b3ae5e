package futures

import (
	"log/slog"
	"runtime/debug"
)

// AddDoneCallback makes the future call fn with itself once it is finished or
// cancelled: on the goroutine that ends it, after those who wait have been
// woken, in the order of adding. If it is done already, fn is called at once,
// on the caller's goroutine.
//
// A callback should be short, since the worker waits for it. A panic in it is
// logged through slog's default logger and otherwise ignored.
func (f *Future[T]) AddDoneCallback(fn func(*Future[T])) {
	if fn == nil {
		return
	}
	cb := callback(func() { f.callBack(fn) })
	if !f.listen(&node{who: cb}) {
		cb()
	}
}

// callBack shields the goroutine that finishes the future from fn.
func (f *Future[T]) callBack(fn func(*Future[T])) {
	defer func() {
		if r := recover(); r != nil {
			slog.Error("futures: panic in a done callback", "future", f.String(), "panic", r, "stack", string(debug.Stack()))
		}
	}()
	fn(f)
}

// A callback is the listener of AddDoneCallback.
type callback func()

func (c callback) wake(int32) { c() }

// runCallbacks calls the callbacks of a list that is linked by next, in its
// order. One that ends its goroutine, by runtime.Goexit, does not keep the
// others from being called.
func runCallbacks(n *node) {
	if n == nil {
		return
	}
	next := n.next
	n.next = nil
	defer runCallbacks(next)
	n.who.wake(n.index)
}
