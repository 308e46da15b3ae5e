package managers

import (
	"fmt"
	"math"
	"sync"

	"github.com/conexgo/conex/pickle"
)

// ConditionType is threading.Condition(lock=None). The lock is a proxy of a
// Lock or RLock of the same server; without one the Condition has an RLock of
// its own. With an RLock who waits and notifies must have acquired it in the
// same session; with a Lock it is enough that somebody has, as in Python.
var ConditionType = newType(conditionClass, func(c *call) (any, error) {
	got, err := sigCondition.bind(c)
	if err != nil {
		return nil, err
	}
	switch l := deref(got[0]).(type) {
	case nil:
		return &conditionObject{locker: new(rlockObject)}, nil
	case locker: // a Condition is one, too
		return &conditionObject{locker: l}, nil
	default:
		return nil, pickle.AttributeError.Newf("'%s' object has no attribute 'acquire'", pickle.TypeName(got[0]))
	}
})

// A conditionObject is what is behind the proxy of a Condition. It is none of
// package threading, which relies on the lock being held by who waits and
// notifies: here any client may claim that.
type conditionObject struct {
	locker

	mu      sync.Mutex // only for the list; never held while one waits
	waiters line
}

// wait is wait(timeout=None): it reports whether it was notified.
func (o *conditionObject) wait(c *call, timeout any) (any, error) {
	if !o.held(c) {
		return nil, pickle.RuntimeError.New("cannot wait on un-acquired lock")
	}
	sp, err := patienceOf(timeout)
	if err != nil {
		return nil, err
	}
	w := new(waiter)
	o.mu.Lock()
	o.waiters.join(w)
	o.mu.Unlock()
	level, err := o.giveUp(c)
	if err != nil {
		o.leave(w)
		return nil, err
	}
	notified := c.sleep(w, sp) || !o.leave(w)
	if err := c.gone(); err != nil {
		// Nobody is there to hold the lock, or to act on what was notified.
		if notified {
			o.wake(1)
		}
		return nil, err
	}
	// The lock comes back in any case, also to a request that was given up.
	c.onwards()
	if err := o.regain(c, level); err != nil {
		if notified {
			o.wake(1)
		}
		return nil, c.gone()
	}
	return notified, nil
}

// leave takes out a waiter that was not notified. It reports whether that is so.
func (o *conditionObject) leave(w *waiter) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waiters.leave(w)
}

// wake notifies up to n waiters, the first come first.
func (o *conditionObject) wake(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for ; n > 0 && o.waiters.wake(nil, nil); n-- {
	}
}

func (o *conditionObject) notify(c *call, n int) (any, error) {
	if !o.held(c) {
		return nil, pickle.RuntimeError.New("cannot notify on un-acquired lock")
	}
	o.wake(n)
	return nil, nil
}

func (o *conditionObject) repr() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return fmt.Sprintf("<Condition(%s, %d)>", o.locker.repr(), o.waiters.n)
}

var conditionClass = &class{
	name: "threading.Condition",
	methods: map[string]method{
		"acquire": lockClass.methods["acquire"],
		"release": lockClass.methods["release"],
		"wait": func(c *call, self any) (any, error) {
			got, err := sigWait.bind(c)
			if err != nil {
				return nil, err
			}
			return self.(*conditionObject).wait(c, got[0])
		},
		"notify": func(c *call, self any) (any, error) {
			got, err := sigNotify.bind(c)
			if err != nil {
				return nil, err
			}
			n, err := size(got[0])
			if err != nil {
				return nil, err
			}
			return self.(*conditionObject).notify(c, n)
		},
		"notify_all": func(c *call, self any) (any, error) {
			if _, err := sigNotifyAll.bind(c); err != nil {
				return nil, err
			}
			return self.(*conditionObject).notify(c, math.MaxInt)
		},
	},
	exposed: []string{"acquire", "release", "wait", "notify", "notify_all"},
	repr:    func(self any) string { return self.(locker).repr() },
}

var (
	sigCondition = sign("Condition", "lock=None")
	sigNotify    = sign("notify", "n=1")
	sigNotifyAll = sign("notify_all")
)
