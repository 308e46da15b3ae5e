package sharedctypes

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/threading"
)

// A Locker is the lock of a Value, an Array or a String: a
// *multiprocessing.Lock or a *multiprocessing.RLock.
type Locker interface {
	// Acquire takes it, and waits until ctx ends. With
	// multiprocessing.ErrOwnerDied it was taken, from a process that died.
	Acquire(ctx context.Context) error
	// With calls fn while holding it.
	With(ctx context.Context, fn func(ctx context.Context) error) error
	String() string
}

// An Option says which lock a new object gets.
type Option func(*synced) error

// WithLock gives the object that lock, which may protect other things as well.
// A nil one is [ErrNoLock].
func WithLock(l *multiprocessing.Lock) Option {
	return func(s *synced) error {
		if l == nil {
			return ErrNoLock
		}
		s.lock, s.rlock = l, nil
		return nil
	}
}

// WithRLock gives the object that lock, so that methods of the object can be
// called while it is held. It belongs to threads: all contexts must carry one, as
// those of conex.Main, of processes and of threads do. A nil one is [ErrNoLock].
func WithRLock(l *multiprocessing.RLock) Option {
	return func(s *synced) error {
		if l == nil {
			return ErrNoLock
		}
		s.lock, s.rlock = nil, l
		return nil
	}
}

// synced is the lock of an object, and its methods: Python's SynchronizedBase.
type synced struct {
	lock  *multiprocessing.Lock // one of these two
	rlock *multiprocessing.RLock

	// mark is set when a holder of the lock has died and nobody was told who
	// could be concerned; the next to take the lock for more than one word is
	// told, and takes it back. nil if the lock is not the object's own: then
	// everybody is told, since there is no knowing what else it protects.
	mark *atomic.Uint32
}

// init applies opts and sees to it that there is a lock.
func (s *synced) init(mark *atomic.Uint32, opts []Option) error {
	for _, o := range opts {
		if o == nil {
			continue
		}
		if err := o(s); err != nil {
			return err
		}
	}
	if s.lock != nil || s.rlock != nil {
		return nil
	}
	s.mark = mark
	var err error
	s.lock, err = multiprocessing.NewLock()
	return err
}

// Lock returns the lock: get_lock. It may be used without the object; but that a
// holder has died, and a Get or a Set has kept it back, only the object's own
// Acquire tells.
func (s *synced) Lock() Locker {
	if s.rlock != nil {
		return s.rlock
	}
	return s.lock
}

// Acquire takes the lock, to work with Obj, and waits until ctx ends. With
// multiprocessing.ErrOwnerDied the caller holds the lock: a process has died
// while it held it, and what the object holds may be half changed. For other
// errors, see the lock's own Acquire.
func (s *synced) Acquire(ctx context.Context) error {
	err := s.take(ctx)
	if err == nil && s.due() {
		err = multiprocessing.ErrOwnerDied
	}
	return err
}

// Release gives the lock back that Acquire took.
func (s *synced) Release(ctx context.Context) error {
	if s.rlock != nil {
		return s.rlock.Release(ctx)
	}
	return s.lock.Release()
}

// take takes the lock.
func (s *synced) take(ctx context.Context) error {
	if s.lock != nil {
		return s.lock.Acquire(ctx)
	}
	if s.rlock != nil {
		return s.rlock.Acquire(ctx)
	}
	return ErrNoObject
}

// due reports whether a death is still to be told of, and takes the mark back.
// The caller holds the lock.
func (s *synced) due() bool { return s.mark != nil && s.mark.Load() != 0 && s.mark.Swap(0) != 0 }

var errDied = fmt.Errorf("sharedctypes: nothing was done, and a second try will not be told: %w", multiprocessing.ErrOwnerDied)

// enter takes the lock for what sees or changes more than one word, or depends
// on what it has seen. If a holder has died it gives the lock back and says so.
func (s *synced) enter(ctx context.Context) error {
	err := s.take(ctx)
	if err == nil && s.due() || err != nil && errors.Is(err, multiprocessing.ErrOwnerDied) {
		if s.mark != nil {
			s.mark.Store(0)
		}
		return errors.Join(errDied, s.Release(ctx))
	}
	return err
}

// enterWord takes the lock to read or write one word, which cannot be half done.
// That a holder has died is kept for somebody whom it concerns.
func (s *synced) enterWord(ctx context.Context) error {
	err := s.take(ctx)
	if err == nil || !errors.Is(err, multiprocessing.ErrOwnerDied) {
		return err
	}
	if s.mark == nil {
		return errors.Join(errDied, s.Release(ctx))
	}
	s.mark.Store(1)
	return nil
}

// leave gives the lock back after enter; err is what was done under it.
func (s *synced) leave(ctx context.Context, err *error) {
	if e := s.Release(ctx); e != nil {
		*err = errors.Join(*err, e)
	}
}

var errNilFunc = fmt.Errorf("sharedctypes: %w", threading.ErrNilFunc)
