package managers

import (
	"context"
	"math"
	"math/big"
	"time"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// What the referents for synchronisation have in common: lists of waiters, and
// Python's ways to say how long one waits.

// A waiter is a request that waits for another one. All of it but ch is
// protected by the lock of the line's owner.
type waiter struct {
	ch         chan struct{} // closed when the waiter is taken out of its line
	item       any           // what is handed over: either way
	err        error         // instead of it
	in         bool
	next, prev *waiter
}

// A line is a list of waiters, first come first served. Its owner has a lock.
type line struct {
	head, tail *waiter
	n          int
}

// join adds a waiter as the last.
func (l *line) join(w *waiter) {
	w.ch, w.in, w.prev = make(chan struct{}), true, l.tail
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	l.n++
}

// leave takes w out, who has given up. It reports whether w was still in: if
// not, w was woken, and what it waited for has happened.
func (l *line) leave(w *waiter) bool {
	if !w.in {
		return false
	}
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.next, w.prev, w.in = nil, nil, false
	l.n--
	return true
}

// wake takes the first one out and wakes it, with an item or an error for it.
// It reports whether there was one.
func (l *line) wake(item any, err error) bool {
	w := l.head
	if w == nil {
		return false
	}
	l.leave(w)
	w.item, w.err = item, err
	close(w.ch)
	return true
}

// wakeAll wakes everybody.
func (l *line) wakeAll(err error) {
	for l.wake(nil, err) {
	}
}

// A patience is how long a call may wait.
type patience struct {
	limited bool
	d       time.Duration // not negative
}

// maxSpan is Python's threading.TIMEOUT_MAX.
const maxSpan = 9223372036

// patienceOf converts a timeout as most methods take it: None is for ever, and
// what is not positive no time at all.
func patienceOf(timeout any) (patience, error) {
	if timeout == nil {
		return patience{}, nil
	}
	s, err := seconds(timeout)
	if err != nil {
		return patience{}, err
	}
	if s > maxSpan {
		return patience{}, pickle.OverflowError.New("timeout value is too large")
	}
	return patience{true, max(0, time.Duration(s*float64(time.Second)))}, nil
}

// seconds returns a number of Python's.
func seconds(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) {
			return 0, pickle.ValueError.New("Invalid value NaN (not a number)")
		}
		return v, nil
	case int64:
		return float64(v), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case *big.Int:
		return math.Inf(v.Sign()), nil
	}
	return 0, pickle.TypeError.Newf("'%s' object cannot be interpreted as an integer", pickle.TypeName(v))
}

func errTooLarge() error {
	return pickle.OverflowError.New("Python int too large to convert to C ssize_t")
}

// lockWait binds acquire(blocking=True, timeout=-1) of Lock and RLock.
func (c *call) lockWait() (try bool, sp patience, err error) {
	got, err := sigLockAcquire.bind(c)
	if err != nil {
		return false, sp, err
	}
	try = !truth(got[0])
	if got[1] == any(int64(-1)) { // the default
		return try, sp, nil
	}
	s, err := seconds(got[1])
	switch {
	case err != nil:
		return false, sp, err
	case s == -1:
		return try, sp, nil
	case try:
		return false, sp, pickle.ValueError.New("can't specify a timeout for a non-blocking call")
	case s < 0:
		return false, sp, pickle.ValueError.New("timeout value must be a non-negative number")
	}
	sp, err = patienceOf(s)
	return false, sp, err
}

var sigLockAcquire = sign("acquire", "blocking=True", "timeout=-1")

// sleep waits until w is woken, and reports whether it was. Otherwise the time
// is over or the request has ended: see gone.
func (c *call) sleep(w *waiter, sp patience) bool {
	if !sp.limited {
		select {
		case <-w.ch:
			return true
		case <-c.ctx.Done():
			return false
		}
	}
	t := time.NewTimer(sp.d)
	defer t.Stop()
	select {
	case <-w.ch:
		return true
	case <-c.ctx.Done():
		return false
	case <-t.C:
		return false
	}
}

// within calls wait with a context that ends with the request and with sp. It
// reports whether wait has succeeded. If it failed because there is nobody who
// could get an answer the error says so; a request that was only given up by
// its client is answered as if its time had been over.
func (c *call) within(sp patience, wait func(context.Context) error) (bool, error) {
	ctx := c.ctx
	if sp.limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, sp.d)
		defer cancel()
	}
	if err := wait(ctx); err != nil {
		if ctx.Err() == nil {
			return false, err // none of ctx's
		}
		return false, c.gone()
	}
	return true, nil
}

// gone returns why nobody waits for the answer any more: the client is gone, or
// the server ends. A method returns this error, and the session does too.
func (c *call) gone() error {
	if r, ok := c.ctx.(*requestCtx); ok {
		if cause := r.why(); cause != errAsked {
			return cause
		}
	}
	return nil
}

// onwards makes the request one that its client cannot give up any more, for
// what has to be done in any case. It ends when the client is gone, still.
func (c *call) onwards() {
	if r, ok := c.ctx.(*requestCtx); ok {
		c.ctx = r.s.onwards()
	}
}

// thread is who calls, for what has an owner: each session is one.
func (c *call) thread() *threading.Thread { return threading.Current(c.ctx) }

// session is that of c, or nil if c was not called by a client.
func (c *call) session() *session {
	s, _ := c.ctx.Value(sessionKey{}).(*session)
	return s
}
