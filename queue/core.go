package queue

import (
	"context"
	"math"
	"sync"

	"github.com/conexgo/conex/internal/park"
)

// A core is a queue, whatever the order of its items. K says which that is.
//
// One lock protects everything. Two lines of goroutines wait beside it, those
// who get and those who put, and whenever the lock is free this holds: if there
// are items and somebody waits for one, then one of those who wait has been
// woken and is on its way; likewise for free places. settle sees to it at the
// end of every change. It wakes one at a time, who wakes the next when it has
// run: where many items come in a row, the first that runs takes many of them,
// and most of the wake-ups are saved.
//
// Nothing is handed over to a sleeper. Who is awake may take what is there
// before one that was woken for it gets the processor: that is where the speed
// comes from. line says where it ends.
type core[T any, K kind[T]] struct {
	mu sync.Mutex

	// Put and Get take a short way while n < room and n > keep, and nobody
	// is to be woken. Both say no where there is more to look at; see tune.
	n, room, keep int

	limit      int // math.MaxInt: none
	unfinished int // items put, and not done
	ready      bool
	closed     bool
	fifo       fifo[T]  // the items, without a store
	store      Store[T] // the items, of all but first in, first out
	foreign    bool     // the store is the user's
	refuses    error    // why nothing can be put or got: a zero value that cannot be used

	getters, putters line
	joiners          park.Queue // who waits until nothing is unfinished
	joining          int        // how many of them
}

// Put adds v, waiting for a free place. It counts one unfinished task.
//
// If ctx ends first the error matches [ErrFull] and what ctx ended with; a free
// place is used even if ctx has ended. On a queue that is shut down, before or
// while Put waits, the error is [ErrShutDown]. What else can be wrong is said
// with the type of the queue. With an error, v was not added.
//
// Putting an item synchronizes before getting it.
func (q *core[T, K]) Put(ctx context.Context, v T) error {
	q.mu.Lock()
	if q.n >= q.room || q.getters.waits() {
		return q.put(ctx, v)
	}
	if q.store != nil {
		return q.push(v)
	}
	q.fifo.push(v)
	q.n++
	q.unfinished++
	q.mu.Unlock()
	return nil
}

// TryPut is Put without waiting: if there is no free place the error is
// [ErrFull].
func (q *core[T, K]) TryPut(v T) error { return q.Put(atOnce, v) }

// Get removes the item that is next and returns it, waiting for one. When it
// has been dealt with, call TaskDone if somebody is to Join.
//
// If ctx ends first the error matches [ErrEmpty] and what ctx ended with; an
// item that is there is returned even if ctx has ended. When the queue is shut
// down and has no items left, the error is [ErrShutDown]. What else can be
// wrong is said with the type of the queue. With an error, no item was removed.
func (q *core[T, K]) Get(ctx context.Context) (T, error) {
	q.mu.Lock()
	if q.n <= q.keep || q.putters.waits() {
		return q.get(ctx)
	}
	if q.store != nil {
		return q.pop()
	}
	v := q.fifo.pop()
	q.n--
	q.mu.Unlock()
	return v, nil
}

// TryGet is Get without waiting: if there is no item the error is [ErrEmpty].
func (q *core[T, K]) TryGet() (T, error) { return q.Get(atOnce) }

// push puts v into the store and unlocks, whatever the store does.
func (q *core[T, K]) push(v T) (err error) {
	defer q.release(&err)
	return q.addStored(v)
}

// pop gets an item from the store and unlocks, whatever the store does.
func (q *core[T, K]) pop() (v T, err error) {
	defer q.release(&err)
	return q.takeStored()
}

// release unlocks, and makes an error of a panic. It is to be deferred.
func (q *core[T, K]) release(err *error) {
	if r := recover(); r != nil {
		*err = panicked(r)
	}
	q.mu.Unlock()
}

// put is the long way of Put. It is called with the lock held.
func (q *core[T, K]) put(ctx context.Context, v T) (err error) {
	if !q.do(ctx, &q.putters, func() bool {
		err = q.add(v)
		return err != ErrFull || q.n < q.limit // a Store may say so, too
	}) {
		return gaveUp(ErrFull, ctx)
	}
	return err
}

// get is the long way of Get. It is called with the lock held.
func (q *core[T, K]) get(ctx context.Context) (v T, err error) {
	if !q.do(ctx, &q.getters, func() bool {
		v, err = q.take()
		return err != ErrEmpty || q.n > 0 // a Store may say so, too
	}) {
		return v, gaveUp(ErrEmpty, ctx)
	}
	return v, err
}

// add puts v in if it can be done now.
func (q *core[T, K]) add(v T) (err error) {
	q.prepare()
	switch {
	case q.closed:
		return ErrShutDown
	case q.refuses != nil:
		return q.refuses
	case q.n >= q.limit:
		return ErrFull
	case q.store != nil:
		defer catch(&err)
		return q.addStored(v)
	}
	q.fifo.push(v)
	q.n++
	q.unfinished++
	return nil
}

// take gets an item if there is one now.
func (q *core[T, K]) take() (v T, err error) {
	q.prepare()
	switch {
	case q.n > 0:
	case q.closed:
		return v, ErrShutDown
	case q.refuses != nil:
		return v, q.refuses
	default:
		return v, ErrEmpty
	}
	if q.store != nil {
		defer catch(&err)
		return q.takeStored()
	}
	q.n--
	return q.fifo.pop(), nil
}

// addStored puts v into the store, which may panic.
func (q *core[T, K]) addStored(v T) error {
	if err := q.store.Push(v); err != nil {
		return err
	}
	q.n++
	q.unfinished++
	q.count()
	return nil
}

// takeStored gets an item from the store, which may panic.
func (q *core[T, K]) takeStored() (T, error) {
	v, err := q.store.Pop()
	if err == nil {
		q.n--
		q.count()
	}
	return v, err
}

// count asks a Store that is not ours how many items it has.
func (q *core[T, K]) count() {
	if q.foreign {
		q.n = q.store.Len()
	}
}

// setUp makes q a queue of at most maxsize items, if that is positive, in
// store, or first in, first out if that is nil.
func (q *core[T, K]) setUp(maxsize int, store Store[T]) {
	q.limit, q.store, q.ready = maxsize, store, true
	if maxsize <= 0 {
		q.limit = math.MaxInt
	}
	q.tune()
}

// prepare makes a queue of a zero value.
func (q *core[T, K]) prepare() {
	if !q.ready {
		var k K
		var store Store[T]
		store, q.refuses = k.zero()
		q.setUp(0, store)
	}
}

// tune says where the short ways of Put and Get may be taken. It is to be
// called when anything changes that it looks at.
func (q *core[T, K]) tune() {
	q.room, q.keep = q.limit, 0
	if q.closed || q.refuses != nil || q.putters.hungry != nil {
		q.room = 0
	}
	if q.getters.hungry != nil {
		q.keep = math.MaxInt
	}
}
