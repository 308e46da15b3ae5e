package managers

import (
	"context"
	"fmt"
	"sync"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// RLockType is threading.RLock(). It belongs to the session that has acquired
// it, which is one thread of one client. When that session ends the lock is
// released, however often it was acquired: nobody else could ever do it. In
// Python it stays locked for ever then.
var RLockType = newType(rlockClass, func(c *call) (any, error) {
	if _, err := sigRLock.bind(c); err != nil {
		return nil, err
	}
	return new(rlockObject), nil
})

// An rlockObject is what is behind the proxy of an RLock.
type rlockObject struct {
	lock threading.Lock // held while there is an owner

	mu    sync.Mutex // only for what follows; never held while one waits
	owner *threading.Thread
	level int
}

func (r *rlockObject) try(c *call) bool {
	t := c.thread()
	if r.again(t) {
		return true
	}
	if t == nil || !r.lock.TryAcquire() {
		return false
	}
	r.own(c, t, 1)
	return true
}

func (r *rlockObject) acquire(c *call) (any, error) {
	return acquireLock(c, r.try, func(c *call, ctx context.Context) error { return r.wait(c, ctx, 1) })
}

// again takes the lock once more for t, if t holds it.
func (r *rlockObject) again(t *threading.Thread) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t == nil || r.owner != t {
		return false
	}
	r.level++
	return true
}

// own says who has acquired the lock.
func (r *rlockObject) own(c *call, t *threading.Thread, level int) {
	r.mu.Lock()
	r.owner, r.level = t, level
	r.mu.Unlock()
	if s := c.session(); s != nil {
		s.holds(r)
	}
}

func (r *rlockObject) release(c *call) (any, error) {
	if _, err := sigLockRelease.bind(c); err != nil {
		return nil, err
	}
	r.mu.Lock()
	if t := c.thread(); t == nil || r.owner != t {
		r.mu.Unlock()
		return nil, errNotOwner()
	}
	r.level--
	free := r.level == 0
	if free {
		r.owner = nil
	}
	r.mu.Unlock()
	if free {
		r.free(c)
	}
	return nil, nil
}

func errNotOwner() error { return pickle.RuntimeError.New("cannot release un-acquired lock") }

// free lets others have the lock; the caller is owner no more.
func (r *rlockObject) free(c *call) {
	if s := c.session(); s != nil {
		s.lost(r)
	}
	r.lock.Release()
}

// abandon releases the lock of a session that has ended.
func (r *rlockObject) abandon(t *threading.Thread) {
	r.mu.Lock()
	if r.owner != t {
		r.mu.Unlock()
		return
	}
	r.owner, r.level = nil, 0
	r.mu.Unlock()
	r.lock.Release()
}

func (r *rlockObject) held(c *call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := c.thread()
	return t != nil && r.owner == t
}

func (r *rlockObject) giveUp(c *call) (level int, err error) {
	r.mu.Lock()
	if t := c.thread(); t == nil || r.owner != t {
		r.mu.Unlock()
		return 0, errNotOwner()
	}
	level = r.level
	r.owner, r.level = nil, 0
	r.mu.Unlock()
	r.free(c)
	return level, nil
}

func (r *rlockObject) regain(c *call, level int) error { return r.wait(c, c.ctx, level) }

// wait acquires the lock, level times at once.
func (r *rlockObject) wait(c *call, ctx context.Context, level int) error {
	t := c.thread()
	if t == nil {
		return threading.ErrNoThread
	}
	if err := r.lock.Acquire(ctx); err != nil {
		return err
	}
	r.own(c, t, level)
	return nil
}

func (r *rlockObject) repr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var owner threading.ID
	if r.owner != nil {
		owner, _ = r.owner.ID()
	}
	return fmt.Sprintf("<%s _thread.RLock object owner=%d count=%d at %s>", lockedness(r.owner != nil), owner, r.level, address(r))
}

var rlockClass = &class{
	name: "_thread.RLock",
	methods: map[string]method{
		"acquire": lockClass.methods["acquire"],
		"release": lockClass.methods["release"],
		"locked": func(c *call, self any) (any, error) { // new in 3.14
			if _, err := sigLocked.bind(c); err != nil {
				return nil, err
			}
			return self.(*rlockObject).lock.Locked(), nil
		},
	},
	exposed: []string{"acquire", "release"},
	repr:    func(self any) string { return self.(locker).repr() },
}

var sigRLock = sign("RLock")
