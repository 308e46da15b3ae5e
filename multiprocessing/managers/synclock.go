package managers

import (
	"context"

	"github.com/conexgo/conex/pickle"
	"github.com/conexgo/conex/threading"
)

// LockType is threading.Lock(). It belongs to nobody: any client may release
// it, and one that a vanished client has acquired stays locked, as in Python.
// A client that vanishes while it waits for the lock does not get it.
var LockType = newType(lockClass, func(c *call) (any, error) {
	if _, err := sigLock.bind(c); err != nil {
		return nil, err
	}
	return new(lockObject), nil
})

// A lockObject is what is behind the proxy of a Lock.
type lockObject struct{ lock threading.Lock }

// A locker is what a Condition can be made with: whatever can be acquired and
// released.
type locker interface {
	// acquire and release are the methods that clients call.
	acquire(c *call) (any, error)
	release(c *call) (any, error)

	// held reports whether c may wait for and notify the Condition. A lock that
	// belongs to nobody is held by everybody while it is held at all.
	held(c *call) bool
	// giveUp releases the lock however often it was acquired, and returns how
	// often that was. regain undoes that; it waits as long as c's context lasts.
	giveUp(c *call) (level int, err error)
	regain(c *call, level int) error

	repr() string
}

// acquireLock is acquire(blocking=True, timeout=-1).
func acquireLock(c *call, try func(*call) bool, wait func(*call, context.Context) error) (any, error) {
	once, sp, err := c.lockWait()
	if err != nil {
		return nil, err
	}
	if try(c) {
		return true, nil
	}
	if once || sp.limited && sp.d == 0 {
		return false, nil
	}
	ok, err := c.within(sp, func(ctx context.Context) error { return wait(c, ctx) })
	return ok, err
}

func (l *lockObject) acquire(c *call) (any, error) {
	return acquireLock(c, l.try, func(c *call, ctx context.Context) error {
		err := l.lock.Acquire(ctx)
		if err == nil {
			c.giver = l
		}
		return err
	})
}

func (l *lockObject) try(c *call) bool {
	if !l.lock.TryAcquire() {
		return false
	}
	c.giver = l
	return true
}

func (l *lockObject) release(c *call) (any, error) {
	if _, err := sigLockRelease.bind(c); err != nil {
		return nil, err
	}
	return nil, l.free()
}

func (l *lockObject) free() error {
	if l.lock.Release() != nil {
		return pickle.RuntimeError.New("release unlocked lock")
	}
	return nil
}

// giveBack releases the lock for one who was not told of having it.
func (l *lockObject) giveBack(v any) {
	if v == any(true) {
		l.lock.Release()
	}
}

func (l *lockObject) held(*call) bool { return l.lock.Locked() }

func (l *lockObject) giveUp(*call) (int, error) { return 1, l.free() }

func (l *lockObject) regain(c *call, _ int) error { return l.lock.Acquire(c.ctx) }

func (l *lockObject) repr() string {
	return "<" + lockedness(l.lock.Locked()) + " _thread.lock object at " + address(l) + ">"
}

func lockedness(locked bool) string {
	if locked {
		return "locked"
	}
	return "unlocked"
}

var lockClass = &class{
	name: "_thread.lock",
	methods: map[string]method{
		"acquire": func(c *call, self any) (any, error) { return self.(locker).acquire(c) },
		"release": func(c *call, self any) (any, error) { return self.(locker).release(c) },
		"locked": func(c *call, self any) (any, error) {
			if _, err := sigLocked.bind(c); err != nil {
				return nil, err
			}
			return self.(*lockObject).lock.Locked(), nil
		},
	},
	exposed: []string{"acquire", "release"},
	repr:    func(self any) string { return self.(locker).repr() },
}

var (
	sigLock        = sign("Lock")
	sigLockRelease = sign("release")
	sigLocked      = sign("locked")
)
