// Package park puts goroutines to sleep in lists, first come, first served,
// until another goroutine wakes them or their context ends. The locks and
// queues of a process are built on it.
//
// A waker takes a waiter out of the list and wakes it; a context that ends
// takes it out as well. Whoever comes first has it: a waiter that was taken out
// by a waker is woken, whatever becomes of its context, so no wake-up is lost
// on somebody who has given up.
//
// Nothing here may outlive a bubble of package testing/synctest in a cache: a
// channel belongs to the bubble it was made in. So who may be interrupted
// sleeps on a channel of its own, made for that one sleep, and only who cannot
// be sleeps on something that is used again, a sync.Cond, which belongs to
// nobody. Both are durably blocked in a bubble.
package park

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conexgo/conex/internal/track"
)

// A Queue is a list of sleeping goroutines with the lock that protects it, and
// with it whatever its owner wants. The zero value is empty and ready.
type Queue struct {
	mu         sync.Mutex
	head, tail *Waiter
	len, mark  int // how many are in it, and how many of them were when it was marked
}

// A Waiter is a place in a Queue. Get one with [New], give it back with Free.
type Waiter struct {
	next, prev *Waiter
	in         bool          // protected by the queue's lock: nobody has taken it out
	woken      atomic.Uint32 // tells the race detector who comes first
	ch         chan struct{} // nil: it sleeps in bed
	bed        sync.Cond
	home       *Queue // which bed unlocks

	Since time.Time // for the owner
	Val   uint32    // from the waker: set it before Wake
}

// bedLocker lets sync.Cond unlock the queue when it has noted the sleeper, and
// not lock it again: the woken one has nothing to do there.
type bedLocker Waiter

func (b *bedLocker) Lock()   {}
func (b *bedLocker) Unlock() { b.home.mu.Unlock() }

var waiters = sync.Pool{New: func() any {
	w := new(Waiter)
	w.bed.L = (*bedLocker)(w)
	return w
}}

// New returns a waiter that sleeps until it is woken or ctx ends. It allocates
// only if ctx can end: a channel.
func New(ctx context.Context) *Waiter {
	w := waiters.Get().(*Waiter)
	if ctx.Done() != nil {
		w.ch = make(chan struct{}, 1)
	}
	return w
}

// Free gives w back, which is in no queue and is going to be woken by nobody.
func (w *Waiter) Free() {
	w.ch, w.home, w.Since, w.Val = nil, nil, time.Time{}, 0
	waiters.Put(w)
}

// Lock locks q.
func (q *Queue) Lock() { q.mu.Lock() }

// Unlock unlocks q.
func (q *Queue) Unlock() { q.mu.Unlock() }

// Empty reports whether nobody waits. The caller holds the lock.
func (q *Queue) Empty() bool { return q.head == nil }

// Front returns who has waited longest, or nil. The caller holds the lock.
func (q *Queue) Front() *Waiter { return q.head }

// PushBack adds w as the last. The caller holds the lock.
func (q *Queue) PushBack(w *Waiter) {
	q.len++
	w.in, w.prev = true, q.tail
	if q.tail == nil {
		q.head = w
	} else {
		q.tail.next = w
	}
	q.tail = w
}

// PushFront adds w as the first, where it was before. The caller holds the
// lock.
func (q *Queue) PushFront(w *Waiter) {
	q.len++
	w.in, w.next = true, q.head
	if q.head == nil {
		q.tail = w
	} else {
		q.head.prev = w
	}
	q.head = w
}

// Pop takes out who has waited longest, or returns nil. The caller holds the
// lock and must Wake what it gets, before or after unlocking.
func (q *Queue) Pop() *Waiter {
	w := q.head
	if w != nil {
		q.remove(w)
	}
	return w
}

func (q *Queue) remove(w *Waiter) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.in = nil, nil, false
	q.len--
	q.mark--
}

// Len returns how many wait. The caller holds the lock.
func (q *Queue) Len() int { return q.len }

// Mark marks those who wait now. The caller holds the lock.
func (q *Queue) Mark() { q.mark = q.len }

// Marked reports whether fewer have left since Mark than waited then. The
// caller holds the lock.
func (q *Queue) Marked() bool { return q.mark > 0 }

// Wake wakes w, which was taken out by Pop.
func (w *Waiter) Wake() {
	if w.ch == nil {
		if raceEnabled {
			w.woken.Store(1)
		}
		w.bed.Signal() // it was noted before q was unlocked, so it hears this
	} else {
		w.ch <- struct{}{}
	}
}

// WakeAll takes out and wakes everybody, the first come first. It is called
// with the lock held and unlocks q.
func (q *Queue) WakeAll() {
	w := q.head
	q.head, q.tail, q.len, q.mark = nil, nil, 0, 0
	for x := w; x != nil; x = x.next {
		x.in = false
	}
	q.mu.Unlock()
	for w != nil {
		next := w.next // w may be used for something else once it is awake
		w.next, w.prev = nil, nil
		w.Wake()
		w = next
	}
}

// Sleep waits, on behalf of obj, until w is woken: then it returns true, and q
// is unlocked. If ctx, the one w was made with, ends first, it takes w out and
// returns false: then q is locked again, for the caller to settle what is to be
// settled. It is called with the lock held and w in q.
func (q *Queue) Sleep(ctx context.Context, w *Waiter, obj any) bool {
	if track.Watched() {
		end := track.Begin(ctx, obj, 2)
		ok := q.sleep(ctx, w)
		if !ok {
			q.mu.Unlock() // what end calls may use the object
		}
		end()
		if !ok {
			q.mu.Lock()
		}
		return ok
	}
	return q.sleep(ctx, w)
}

func (q *Queue) sleep(ctx context.Context, w *Waiter) bool {
	if w.ch == nil {
		w.home = q
		w.bed.Wait() // unlocks q
		if raceEnabled {
			w.woken.Load()
		}
		return true
	}
	q.mu.Unlock()
	select {
	case <-w.ch:
		return true
	case <-ctx.Done():
	}
	q.mu.Lock()
	if w.in {
		q.remove(w)
		return false
	}
	q.mu.Unlock()
	<-w.ch // on its way
	return true
}
