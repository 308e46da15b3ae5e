package queue

import (
	"context"
	"runtime"
	"time"

	"github.com/conexgo/conex/internal/park"
)

// patience is how long one that was woken may be overtaken.
const patience = time.Millisecond

// A line is the goroutines that wait for an item, or for a free place, in the
// order in which they came. One that was woken in vain goes back to its place.
//
// One that was woken in vain for longer than patience is hungry: from then on
// calls that may wait do not overtake it, but wait behind it.
type line struct {
	list   park.Queue
	n      int          // how many wait; one whose context has just ended still counts
	coming bool         // one of them was woken and has not run yet
	hungry *park.Waiter // or nil
}

// waits reports whether there is somebody to be woken when there is something
// to be had.
func (l *line) waits() bool { return l.n > 0 && !l.coming }

// pop takes out who is to be woken, or returns nil.
func (l *line) pop() *park.Waiter {
	l.list.Lock()
	w := l.list.Pop()
	l.list.Unlock()
	if w != nil {
		l.n--
		l.coming = true
	}
	return w
}

// atOnce stands for the context of calls that do not wait.
var atOnce context.Context

// ended reports whether a call may wait no longer.
func ended(ctx context.Context) bool { return ctx == atOnce || ctx.Err() != nil }

// do runs op, with the lock held, until it returns true, and sleeps in l each
// time it returned false, because there is nothing to be had. It returns false
// if ctx ends first. It is called with the lock held and returns without it.
func (q *core[T, K]) do(ctx context.Context, l *line, op func() bool) bool {
	if q.attempt(ctx, l, nil, false, op) {
		return true
	}
	if ended(ctx) {
		return false
	}
	// Let those run who are ready to, once: often one of them is whom this
	// call waits for, and then neither need sleep and be woken.
	runtime.Gosched()
	q.mu.Lock()
	if q.attempt(ctx, l, nil, false, op) {
		return true
	}
	w := park.New(ctx)
	defer w.Free()
	for woken := false; ; woken = true {
		q.mu.Lock()
		if q.attempt(ctx, l, w, woken, op) {
			return true
		}
		if !l.list.Sleep(ctx, w, q.outer()) {
			l.list.Unlock()
			q.leave(l, w)
			return false
		}
	}
}

// attempt runs op, if the caller is not to wait behind others, and unlocks. If
// op returns false and w is not nil, then w is in the line afterwards, and the
// line is locked. woken says that w was just taken out of it.
func (q *core[T, K]) attempt(ctx context.Context, l *line, w *park.Waiter, woken bool, op func() bool) (ok bool) {
	lined := false
	defer func() { // also when op panics
		if lined {
			q.mu.Unlock()
			return
		}
		q.fed(l, w)
		g, p := q.settle()
		q.mu.Unlock()
		wake(g)
		wake(p)
	}()
	if woken {
		l.coming = false
	}
	if woken || l.hungry == nil || ended(ctx) {
		ok = op()
	}
	if !ok && w != nil {
		q.enter(l, w, woken)
		lined = true
	}
	return ok
}

// enter puts w into the line, to its place if it was there before, and leaves
// the line locked.
func (q *core[T, K]) enter(l *line, w *park.Waiter, again bool) {
	l.list.Lock()
	l.n++
	if !again {
		l.list.PushBack(w)
		return
	}
	l.list.PushFront(w)
	switch {
	case w.Since.IsZero():
		w.Since = time.Now()
	case l.hungry == nil && time.Since(w.Since) > patience:
		l.hungry = w
		q.tune()
	}
}

// leave notes that w, whose context has ended, is not in the line any more. If
// it was hungry, others may have lined up behind it although there was something
// to be had.
func (q *core[T, K]) leave(l *line, w *park.Waiter) {
	q.mu.Lock()
	l.n--
	q.fed(l, w)
	g, p := q.settle()
	q.mu.Unlock()
	wake(g)
	wake(p)
}

// fed notes that w does not wait any more.
func (q *core[T, K]) fed(l *line, w *park.Waiter) {
	if w != nil && l.hungry == w {
		l.hungry = nil
		q.tune()
	}
}

// settle returns who is to be woken, once the lock is free: one of those who
// get if there is an item and none is on its way already, and one of those who
// put if there is a free place.
func (q *core[T, K]) settle() (g, p *park.Waiter) {
	if q.n > 0 && q.getters.waits() {
		g = q.getters.pop()
	}
	if q.n < q.limit && q.putters.waits() {
		p = q.putters.pop()
	}
	return g, p
}

func wake(w *park.Waiter) {
	if w != nil {
		w.Wake()
	}
}
