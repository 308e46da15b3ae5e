package multiprocessing

import (
	"context"

	"github.com/conexgo/conex/internal/peer"
	"github.com/conexgo/conex/threading"
)

// A suspension is what a [Condition] remembers of a lock that it has given up.
type suspension struct {
	owner *threading.Thread // of an RLock
	depth int
}

func (l *Lock) ready() error {
	if l == nil || l.s == nil {
		return errZeroLock
	}
	return nil
}

func (l *RLock) ready() error {
	if l == nil || l.s == nil {
		return errZeroLock
	}
	return nil
}

func (l *Lock) tryFor(context.Context) (bool, error)      { return l.TryAcquire() }
func (l *RLock) tryFor(ctx context.Context) (bool, error) { return l.TryAcquire(ctx) }

var errNotHeld = &lockMisuse{threading.ErrNotLocked, "the lock is not held: acquire it before Wait and Notify"}

// heldBy returns nil if ctx may wait and notify under the lock.
func (l *Lock) heldBy(context.Context) error {
	switch l.owner() {
	case 0:
		return errNotHeld
	case peer.Self():
		return nil
	}
	return errNotOwnerP
}

func (l *RLock) heldBy(ctx context.Context) error {
	_, err := l.held(ctx)
	return err
}

// suspend gives the lock up, however often it is held.
func (l *Lock) suspend() suspension {
	l.Release()
	return suspension{}
}

func (l *RLock) suspend() suspension {
	s := suspension{l.s.owner.Load(), l.s.depth}
	l.s.free()
	return s
}

// resume takes it back, whether ctx has ended or not. The error is nil or
// ErrOwnerDied.
func (l *Lock) resume(ctx context.Context, _ suspension) error {
	return l.Acquire(context.WithoutCancel(ctx))
}

func (l *RLock) resume(ctx context.Context, s suspension) error {
	died, _ := l.s.m.Lock(context.WithoutCancel(ctx))
	return l.s.taken(s.owner, s.depth, died)
}
