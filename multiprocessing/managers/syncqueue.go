package managers

import (
	"math/big"
	"sync"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/queue"
)

// A queueObject is what is behind the proxies of all queues but SimpleQueue's:
// queue.Queue of Python, with one store or another.
//
// It is written here, and is none of package queue, because Python's can do
// what those there need not: its maxsize may be changed while others wait, and
// an item whose taker has vanished goes back to where it was.
//
// Whoever waits is in a line, and is served in its turn: an item that is put
// goes to the first one who waits to get, and a place that becomes free to the
// first one who waits to put. So a request that ends while it waits has taken
// nothing, and one that was served while it ended has got it.
type queueObject struct {
	mu         sync.Mutex
	store      store
	maxsize    any // as Python sees it
	limit      int // what it means; 0: none
	unfinished int
	shut, now  bool // shut down; and at once

	getters, putters, joiners line
}

// A store says which item is next. It is called with the queue's lock held.
type store interface {
	len() int
	push(v any) error // an error leaves it as it was
	pop() any
	unpop(v any) // puts back what was popped last
}

// newQueue makes a queue with the arguments of Python's constructors.
func newQueue(c *call, sig *signature, st store) (any, error) {
	got, err := sig.bind(c)
	if err != nil {
		return nil, err
	}
	q := &queueObject{store: st}
	if err := q.resize(got[0]); err != nil {
		return nil, err
	}
	return q, nil
}

// resize sets maxsize. Those who wait to put may go on then.
func (q *queueObject) resize(maxsize any) error {
	limit := 0
	switch m := maxsize.(type) {
	case *big.Int:
		// As good as no limit, if it is positive; none if it is negative.
	case float64:
		if m > 0 && m < 1<<31 {
			limit = int(m)
			if float64(limit) < m {
				limit++ // a number of items is at least m
			}
		}
	default:
		n, err := size(maxsize)
		if err != nil {
			return pickle.TypeError.Newf("'>' not supported between instances of '%s' and 'int'", pickle.TypeName(maxsize))
		}
		limit = max(n, 0)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.maxsize, q.limit = maxsize, limit
	q.admit()
	return nil
}

func (q *queueObject) full() bool { return q.limit > 0 && q.store.len() >= q.limit }

// put is Python's put.
func (q *queueObject) put(c *call, item, block, timeout any) error {
	q.mu.Lock()
	if q.shut {
		q.mu.Unlock()
		return queue.ErrShutDown
	}
	if q.limit > 0 {
		sp, err := q.patience(block, timeout)
		switch {
		case err != nil:
			q.mu.Unlock()
			return err
		case !q.full():
		case sp.limited && sp.d == 0:
			q.mu.Unlock()
			return queue.ErrFull
		default:
			return q.waitPut(c, item, sp)
		}
	}
	err := q.add(item)
	q.mu.Unlock()
	return err
}

// patience is how long block and timeout allow to wait.
func (q *queueObject) patience(block, timeout any) (patience, error) {
	switch {
	case !truth(block):
		return patience{limited: true}, nil
	case timeout == nil:
		return patience{}, nil
	}
	s, err := seconds(timeout)
	if err != nil {
		return patience{}, err
	}
	if s < 0 {
		return patience{}, pickle.ValueError.New("'timeout' must be a non-negative number")
	}
	return patienceOf(s)
}

// add adds an item, or gives it to who waits for one.
func (q *queueObject) add(item any) error {
	if !q.getters.wake(item, nil) {
		if err := q.store.push(item); err != nil {
			return err
		}
	}
	q.unfinished++
	return nil
}

// admit lets those who wait to put do so, as long as there is room.
func (q *queueObject) admit() {
	for q.putters.head != nil && !q.full() {
		q.putters.wake(nil, q.add(q.putters.head.item))
	}
}

// waitPut waits for a free place. It is called with the lock held, and unlocks.
func (q *queueObject) waitPut(c *call, item any, sp patience) error {
	w := &waiter{item: item}
	q.putters.join(w)
	q.mu.Unlock()
	if c.sleep(w, sp) {
		return w.err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.putters.leave(w) {
		return w.err // it was put while the time ran out
	}
	if err := c.gone(); err != nil {
		return err
	}
	return queue.ErrFull
}

// get is Python's get.
func (q *queueObject) get(c *call, block, timeout any) (any, error) {
	q.mu.Lock()
	n := q.store.len()
	if q.shut && n == 0 {
		q.mu.Unlock()
		return nil, queue.ErrShutDown
	}
	var sp patience
	if n == 0 || timeout != nil {
		var err error
		sp, err = q.patience(block, timeout)
		if err == nil && n == 0 && sp.limited && sp.d == 0 {
			err = queue.ErrEmpty
		}
		if err != nil {
			q.mu.Unlock()
			return nil, err
		}
	}
	if n == 0 {
		return q.waitGet(c, sp)
	}
	v := q.store.pop()
	q.admit()
	q.mu.Unlock()
	c.giver = q
	return v, nil
}

// waitGet waits for an item. It is called with the lock held, and unlocks.
func (q *queueObject) waitGet(c *call, sp patience) (any, error) {
	w := new(waiter)
	q.getters.join(w)
	q.mu.Unlock()
	if !c.sleep(w, sp) {
		q.mu.Lock()
		left := q.getters.leave(w)
		q.mu.Unlock()
		if left {
			if err := c.gone(); err != nil {
				return nil, err
			}
			return nil, queue.ErrEmpty
		}
	}
	if w.err != nil {
		return nil, w.err
	}
	if err := c.gone(); err == errHungUp {
		q.giveBack(w.item)
		return nil, err
	}
	c.giver = q
	return w.item, nil
}

// giveBack puts an item back to where it was: in front of the others, or into
// the hands of who waits first.
func (q *queueObject) giveBack(v any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.now: // as if it had not been taken before
		q.done(1)
	case !q.getters.wake(v, nil):
		q.store.unpop(v)
	}
}

// taskDone is Python's task_done.
func (q *queueObject) taskDone() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.unfinished == 0 {
		return pickle.ValueError.New("task_done() called too many times")
	}
	q.done(1)
	return nil
}

// done notes that n tasks are finished.
func (q *queueObject) done(n int) {
	q.unfinished = max(0, q.unfinished-n)
	if q.unfinished == 0 {
		q.joiners.wakeAll(nil)
	}
}

// join is Python's join.
func (q *queueObject) join(c *call) error {
	q.mu.Lock()
	if q.unfinished == 0 {
		q.mu.Unlock()
		return nil
	}
	w := new(waiter)
	q.joiners.join(w)
	q.mu.Unlock()
	if c.sleep(w, patience{}) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.joiners.leave(w) {
		return nil
	}
	if err := c.gone(); err != nil {
		return err
	}
	return errGivenUp() // there is no answer for that in Python, nor a timeout
}

// errGivenUp is the answer to a request that was given up by its client and
// has no other answer for it. The client does not look at it.
func errGivenUp() error { return pickle.TimeoutError.New("the client gave up") }

// shutdown is Python's shutdown.
func (q *queueObject) shutdown(immediate bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shut = true
	if immediate {
		q.now = true
		n := q.store.len()
		for q.store.len() > 0 {
			q.store.pop()
		}
		q.done(n)
	}
	if q.store.len() == 0 {
		q.getters.wakeAll(queue.ErrShutDown)
	}
	q.putters.wakeAll(queue.ErrShutDown)
}
